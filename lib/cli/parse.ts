/**
 * The command line -> a command with its values. A first word that is no command is a tool, to be wrapped.
 *
 * What belongs to the tool is passed on untouched, so flags of ours end at the first word that is none, or at `--`.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { CacheError, quote } from "../base/errors.ts";
import type { Command, Flag, FlagValues, Parsed } from "./command.ts";
import { commands, findCommand } from "./commands.ts";

/** Reads the command line. @throws {CacheError} `usage`, saying which word and what would do. */
export function parseCommandLine(args: readonly string[]): Parsed {
  if (args.length === 0) throw wrong("no command and no tool is named", "Run `zccache help`");
  const [first, ...rest] = args;
  if (first === "--") return parseFor(commands[0], args);
  const command = findCommand(first);
  if (command !== undefined) return parseFor(command, rest);
  const named = commands.find((row) => row.namedBy?.includes(first));
  if (named !== undefined) return parseFor(named, args);
  if (isFlagOf(commands[0], first)) return parseFor(commands[0], args);
  if (first.startsWith("-")) throw wrong(`there is no flag ${quote(first)}`, "Run `zccache help`");
  return { command: commands[0], flags: {}, rest: args };
}

/** Whether people may write the word without the command before it. */
function isFlagOf(command: Command, word: string): boolean {
  return flagNamed(command, word)?.help !== undefined;
}

function parseFor(command: Command, args: readonly string[]): Parsed {
  const { ours, rest } = split(command, args);
  const flags = flagsOf(command, ours);
  // A tool named "--help" is reached by `wrap -- --help`.
  if (flags.help === true) return { command: findCommand("help")!, flags: {}, rest: [command.name] };
  if (command.words === "tool" && rest.length === 0) throw wrong("no tool is named", usageOf(command));
  const most = command.words === "topic" ? 1 : command.words === "none" ? 0 : Infinity;
  if (rest.length > most) throw wrong(`${quote(rest[most])} is one word too many`, usageOf(command));
  return { command, flags, rest };
}

/** Our words and the others. Where a tool follows, ours end with the first word that is no flag. */
function split(command: Command, args: readonly string[]): { ours: string[]; rest: string[] } {
  const ours: string[] = [];
  let at = 0;
  for (; at < args.length && args[at].startsWith("-") && args[at] !== "--"; at++) {
    ours.push(args[at]);
    const kind = flagNamed(command, args[at])?.kind;
    const takesValue = (kind === "text" || kind === "seconds") && !args[at].includes("=");
    if (takesValue && at + 1 < args.length) {
      ours.push(args[++at]);
    }
  }
  const rest = args.slice(args[at] === "--" ? at + 1 : at);
  return { ours, rest };
}

function flagNamed(command: Command, word: string): Flag | undefined {
  const name = word.replace(/=.*/s, "");
  return command.flags.find((flag) => name === `--${flag.name}` || name === `-${flag.short}`);
}

function flagsOf(command: Command, words: readonly string[]): FlagValues {
  const switches = command.flags.filter((flag) => flag.kind === "switch");
  const valued = command.flags.filter((flag) => flag.kind !== "switch");
  const alias = Object.fromEntries(command.flags.flatMap(({ name, short }) => short ? [[name, short]] : []));
  const unknown = (word: string) => {
    throw wrong(`\`zccache ${command.name}\` has no flag ${quote(word)}`, usageOf(command));
  };
  const read = parseArgs(words, {
    boolean: ["help", ...switches.map((flag) => flag.name)],
    string: valued.map((flag) => flag.name),
    alias: { help: "h", ...alias },
    unknown,
  });
  const values: Record<string, boolean | string | number> = {};
  if (read.help === true) values.help = true;
  for (const flag of switches) if (read[flag.name] === true) values[flag.name] = true;
  for (const flag of valued) {
    const text = read[flag.name];
    if (text !== undefined) values[flag.name] = valueOf(flag, String(text), command);
  }
  return values;
}

function valueOf(flag: Flag, text: string, command: Command): string | number {
  const { choice } = flag;
  if (choice !== undefined) {
    if (text === "" || choice.allowed.includes(text)) return text || choice.bare;
    throw wrong(
      `--${flag.name} is ${quote(text)}, it must be ${choice.allowed.join(" or ")}`,
      usageOf(command),
    );
  }
  if (text === "") throw wrong(`--${flag.name} needs a value`, usageOf(command));
  if (flag.kind !== "seconds") return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw wrong(`--${flag.name} is ${quote(text)}, it must be a whole number of seconds`, usageOf(command));
}

function usageOf({ name }: Command): string {
  return `Run \`zccache help ${name}\``;
}

function wrong(found: string, help: string): CacheError {
  return new CacheError("usage", { cannot: "read the command line", found, help });
}
