/**
 * What a command is, as data: parser, help and dispatch all read the same rows.
 *
 * @module
 */
import type { Log } from "../base/log.ts";

/** A flag of a command. */
export interface Flag {
  /** Without dashes, as in `--idle-timeout`. */
  name: string;
  /** A switch is there or not; text and seconds take a value; a choice one behind `=`, or none. */
  kind: "switch" | "text" | "seconds" | "choice";
  /** Of a choice: what may stand behind `=`, and what is meant where nothing does. */
  choice?: { allowed: readonly string[]; bare: string };
  /** One letter, as in `-z`. */
  short?: string;
  /** How the value is called in help; for everything but switches. */
  arg?: string;
  /** One short line for help; a flag without one is for our own processes and is not shown. */
  help?: string;
}

/** What was read from the command line, by name of the flag: true, text, or whole seconds as a number. */
export type FlagValues = Readonly<Record<string, boolean | string | number | undefined>>;

/** A command line after parsing. */
export interface Parsed {
  command: Command;
  flags: FlagValues;
  /** Everything that is not ours: the tool with its arguments, or the words of `help`. As given. */
  rest: readonly string[];
}

/** What a command may touch of the world. */
export interface CommandIo {
  /** Writes text to stdout. */
  out(text: string): void;
  /** Writes text to stderr. */
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  /** The command line as given, without the program. */
  args: readonly string[];
  log: Log;
}

/** A command of the table. */
export interface Command {
  name: string;
  /** Other words that mean it, dashes included: `--serve`, `kill`. */
  aliases?: readonly string[];
  /** Flags of it that name it when they come first: `zccache -z` is `zccache stats -z`. */
  namedBy?: readonly string[];
  /** Words beside flags: a tool with its arguments, at most one word, or none. */
  words: "tool" | "topic" | "none";
  /** One line for the list of commands, below 60 characters. */
  summary: string;
  /** Lines for `help <command>`, if there is more to say. */
  more?: readonly string[];
  flags: readonly Flag[];
  /** Does it; the exit status. Bodies are loaded here, when asked for, so that a wrapped compile loads only its own. */
  run(parsed: Parsed, io: CommandIo): Promise<number>;
}
