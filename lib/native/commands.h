/*
 * Words that name a command of the engine, and words before a tool that mean nothing. Made from lib/cli/commands.ts by scripts/generate.ts; do not edit.
 */
#ifndef ZCCACHE_COMMANDS_H
#define ZCCACHE_COMMANDS_H

static const char *const zc_commands[] = {"run", "serve", "start", "stop", "kill", "status", "stats", "clear", "install", "uninstall", "version", "help"};
static const char *const zc_idle_words[] = {"--fast", "--skip-system-headers", "--scan-system-headers"};

#endif
