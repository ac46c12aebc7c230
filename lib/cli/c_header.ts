/**
 * The words that name a command, for the launcher: all other words are tools.
 *
 * @module
 */
import { commands } from "./commands.ts";

/** Text of lib/native/commands.h. Options are left out: the launcher takes every word with a dash to the engine. */
export function commandsHeader(): string {
  const words = commands.flatMap(({ name, aliases }) => [name, ...aliases ?? []])
    .filter((word) => !word.startsWith("-") && word !== "wrap");
  return `/*
 * Words that name a command of the engine. Made from lib/cli/commands.ts by scripts/generate.ts; do not edit.
 */
#ifndef ZCCACHE_COMMANDS_H
#define ZCCACHE_COMMANDS_H

static const char *const zc_commands[] = {${words.map((word) => `"${word}"`).join(", ")}};

#endif
`;
}
