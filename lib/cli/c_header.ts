/**
 * What the launcher knows of commands: the words that name one, since all others are tools, and how a daemon is
 * started.
 *
 * @module
 */
import { daemonWords, keptVariables, startNoteMs, startWaitMs } from "../daemon/mod.ts";
import { commands, idleWords } from "./commands.ts";

/** Text of lib/native/commands.h. Of options only those that mean nothing: the launcher takes others to the engine. */
export function commandsHeader(): string {
  const words = commands.flatMap(({ name, aliases }) => [name, ...aliases ?? []])
    .filter((word) => !word.startsWith("-") && word !== "wrap");
  const array = (words: readonly string[]) => words.map((word) => `"${word}"`).join(", ");
  return `/*
 * Words that name a command of the engine, and words before a tool that mean nothing; how a daemon is started. Made
 * from lib/cli/commands.ts and lib/daemon/start.ts by scripts/generate.ts; do not edit.
 */
#ifndef ZCCACHE_COMMANDS_H
#define ZCCACHE_COMMANDS_H

static const char *const zc_commands[] = {${array(words)}};
static const char *const zc_idle_words[] = {${array(idleWords)}};

/* What makes the engine a daemon, and the beginnings of the variables that it may know. */
static const char *const zc_daemon_words[] = {${array(daemonWords)}};
static const char *const zc_kept_variables[] = {${array(keptVariables)}};

enum { ZC_START_WAIT_MS = ${startWaitMs}, ZC_START_NOTE_MS = ${startNoteMs} };

#endif
`;
}
