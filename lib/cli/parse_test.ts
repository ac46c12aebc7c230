import { assert, assertEquals, assertThrows } from "@std/assert";
import { CacheError } from "../base/errors.ts";
import { commands } from "./commands.ts";
import { parseCommandLine } from "./parse.ts";
import { version } from "./version.ts";

const cases: { args: string; command: string; flags?: Record<string, unknown>; rest?: string[] }[] = [
  { args: "wrap cc -c a.c", command: "wrap", rest: ["cc", "-c", "a.c"] },
  { args: "cc -c a.c", command: "wrap", rest: ["cc", "-c", "a.c"] },
  { args: "-- stop -x", command: "wrap", rest: ["stop", "-x"] },
  { args: "wrap -- --help", command: "wrap", rest: ["--help"] },
  {
    args: "wrap --no-daemon cc --json",
    command: "wrap",
    flags: { "no-daemon": true },
    rest: ["cc", "--json"],
  },
  {
    args: "wrap --no-daemon -- cc -- 007",
    command: "wrap",
    flags: { "no-daemon": true },
    rest: ["cc", "--", "007"],
  },
  { args: "--fast cc -c a.c", command: "wrap", flags: { fast: true }, rest: ["cc", "-c", "a.c"] },
  {
    args: "wrap --skip-system-headers --scan-system-headers cc --fast",
    command: "wrap",
    flags: { "skip-system-headers": true, "scan-system-headers": true },
    rest: ["cc", "--fast"],
  },
  { args: "./start", command: "wrap", rest: ["./start"] },
  { args: "--serve", command: "serve" },
  { args: "serve --idle-timeout 5", command: "serve", flags: { "idle-timeout": 5 } },
  {
    args: "--serve --idle-timeout=0 --spawned",
    command: "serve",
    flags: { "idle-timeout": 0, spawned: true },
  },
  { args: "kill", command: "stop" },
  { args: "status --json", command: "status", flags: { json: true } },
  { args: "--show-stats", command: "stats" },
  { args: "-z", command: "stats", flags: { "zero-stats": true } },
  { args: "--zero-stats --json", command: "stats", flags: { "zero-stats": true, json: true } },
  { args: "stats -z", command: "stats", flags: { "zero-stats": true } },
  { args: "--clear", command: "clear" },
  { args: "-V", command: "version" },
  { args: "help stats", command: "help", rest: ["stats"] },
  { args: "stats --help", command: "help", rest: ["stats"] },
  { args: "wrap -h", command: "help", rest: ["wrap"] },
];
for (const { args, command, flags = {}, rest = [] } of cases) {
  Deno.test(`parseCommandLine() reads ${args}`, () => {
    const parsed = parseCommandLine(args.split(" "));
    assertEquals({ command: parsed.command.name, flags: parsed.flags, rest: [...parsed.rest] }, {
      command,
      flags,
      rest,
    });
  });
}

const wrong: [args: string[], line: string][] = [
  [[], "Cannot read the command line: no command and no tool is named"],
  [["--nonsense"], 'Cannot read the command line: there is no flag "--nonsense"'],
  [["wrap"], "Cannot read the command line: no tool is named"],
  [["wrap", "--no-daemon", "--"], "Cannot read the command line: no tool is named"],
  [["wrap", "--nodaemon", "cc"], 'Cannot read the command line: `zccache wrap` has no flag "--nodaemon"'],
  [["stats", "-x"], 'Cannot read the command line: `zccache stats` has no flag "-x"'],
  [["start", "now"], 'Cannot read the command line: "now" is one word too many'],
  [["help", "stats", "wrap"], 'Cannot read the command line: "wrap" is one word too many'],
  [["serve", "--idle-timeout"], "Cannot read the command line: --idle-timeout needs a value"],
  [
    ["serve", "--idle-timeout", "soon"],
    'Cannot read the command line: --idle-timeout is "soon", it must be a whole number of seconds',
  ],
];
for (const [args, line] of wrong) {
  Deno.test(`parseCommandLine() refuses ${JSON.stringify(args.join(" "))}`, () => {
    const error = assertThrows(() => parseCommandLine(args), CacheError);
    assertEquals([error.message, error.status], [line, 2]);
  });
}

Deno.test("commands: words are unique, summaries are short, values have names", () => {
  const words = commands.flatMap(({ name, aliases = [], namedBy = [] }) => [name, ...aliases, ...namedBy]);
  assertEquals(new Set(words).size, words.length);
  for (const { name, summary, flags } of commands) {
    assert(summary.length < 60 && !summary.endsWith("."), name);
    for (const flag of flags) {
      assertEquals(flag.arg !== undefined, flag.kind !== "switch", `${name} ${flag.name}`);
    }
  }
});

Deno.test("version is that of deno.json", () => {
  const text = Deno.readTextFileSync(new URL("../../deno.json", import.meta.url));
  assertEquals(/"version": "(.*)"/.exec(text)?.[1], version);
});
