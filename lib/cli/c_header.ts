/**
 * The words that name a command, for the launcher: all other words are tools.
 *
 * @module
 */
import { commands, idleWords } from "./commands.ts";

/** Text of lib/native/commands.h. Of options only those that mean nothing: the launcher takes others to the engine. */
export function commandsHeader(): string {
  const words = commands.flatMap(({ name, aliases }) => [name, ...aliases ?? []])
    .filter((word) => !word.startsWith("-") && word !== "wrap");
  const array = (words: readonly string[]) => words.map((word) => `"${word}"`).join(", ");
  return `/*
 * Words that name a command of the engine, and words before a tool that mean nothing. Made from lib/cli/commands.ts by scripts/generate.ts; do not edit.
 */
#ifndef ZCCACHE_COMMANDS_H
#define ZCCACHE_COMMANDS_H

static const char *const zc_commands[] = {${array(words)}};
static const char *const zc_idle_words[] = {${array(idleWords)}};

#endif
`;
}
