/**
 * Help, written from the tables of commands and settings. `tests/recorded/help.txt` shows it, so that a change of
 * what people see is seen in review.
 *
 * @module
 */
import { CacheError, quote } from "../base/errors.ts";
import { type SettingRow, settingRows } from "../config/mod.ts";
import type { Command, CommandIo, Flag, Parsed } from "./command.ts";
import { commands, findCommand } from "./commands.ts";
import { folded } from "./folded.ts";
import { topics } from "./topics/mod.ts";

/** Prints the help asked for; the exit status. @throws {CacheError} `usage` for what there is not. */
export async function run({ rest }: Parsed, io: CommandIo): Promise<number> {
  if (rest.length === 0) {
    io.out(generalHelp());
    return 0;
  }
  const command = findCommand(rest[0]), topic = topics.find(({ name }) => name === rest[0]);
  if (command === undefined && topic !== undefined) {
    io.out(await topic.text());
    return 0;
  }
  if (command === undefined) {
    const parts = {
      cannot: `help with ${quote(rest[0])}`,
      found: "there is no such command or topic",
      help: "Run `zccache help`",
    };
    throw new CacheError("usage", parts);
  }
  io.out(commandHelp(command));
  return 0;
}

/** What `zccache help` prints. */
export function generalHelp(): string {
  const settings: SettingRow[] = Object.values(settingRows);
  return [
    "zccache: a compiler cache that watches what compilers read instead of guessing",
    "",
    "  zccache wrap cc -c hello.c -o hello.o    one run of a tool through the cache",
    "  zccache cc -c hello.c -o hello.o         the same",
    "",
    "Commands:",
    ...columns(commands.map((command): [string, string] => [names(command).join(", "), command.summary])),
    "",
    "Settings:",
    ...columns(settings.map(({ variable, help }): [string, string] => [variable, help])),
    "",
    "More, by `zccache help TOPIC`:",
    ...columns(topics.map(({ name, summary }): [string, string] => [name, summary])),
    "",
    "Exit status: the tool's own; 0 done; 1 failed; 2 wrong usage or setting; 126",
    "the tool cannot be executed; 127 it is not found.",
    "",
  ].join("\n");
}

/** What `zccache help <command>` prints. */
export function commandHelp(command: Command): string {
  const flags = command.flags.filter((flag) => flag.help !== undefined);
  const words = { tool: " [--] TOOL [ARGS...]", topic: " [COMMAND|TOPIC]", none: "" }[command.words];
  const others = names(command).slice(1);
  return [
    `zccache ${command.name}${flags.length > 0 ? " [FLAGS]" : ""}${words}`,
    "",
    `${command.summary}.`,
    ...command.more ?? [],
    ...others.length > 0 ? ["", `Also: ${others.map((name) => `zccache ${name}`).join(", ")}`] : [],
    ...flags.length > 0 ? ["", ...columns(flags.map(flagRow))] : [],
    "",
  ].join("\n");
}

function names({ name, aliases = [], namedBy = [] }: Command): string[] {
  return [name, ...aliases, ...namedBy];
}

function flagRow({ name, short, arg, help }: Flag): [string, string] {
  return [
    `--${name}${arg === undefined || arg[0] === "[" ? arg ?? "" : ` ${arg}`}${
      short === undefined ? "" : `, -${short}`
    }`,
    help!,
  ];
}

function columns(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) => {
    const [first, ...more] = folded(right, " ".repeat(width + 4));
    return [`  ${left.padEnd(width)}  ${first.trimStart()}`, ...more];
  });
}
