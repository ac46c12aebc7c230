/*
 * Words that name a command of the engine, and words before a tool that mean nothing; how a daemon is started. Made
 * from lib/cli/commands.ts and lib/daemon/start.ts by scripts/generate.ts; do not edit.
 */
#ifndef ZCCACHE_COMMANDS_H
#define ZCCACHE_COMMANDS_H

static const char *const zc_commands[] = {"run", "serve", "start", "stop", "kill", "status", "stats", "clear", "install", "uninstall", "version", "help"};
static const char *const zc_idle_words[] = {"--fast", "--skip-system-headers", "--scan-system-headers"};

/* What makes the engine a daemon, and the beginnings of the variables that it may know. */
static const char *const zc_daemon_words[] = {"--serve", "--spawned"};
static const char *const zc_kept_variables[] = {"ZCCACHE_", "HOME=", "XDG_", "PATH=", "LANG="};

enum { ZC_START_WAIT_MS = 500, ZC_START_NOTE_MS = 10000 };

#endif
