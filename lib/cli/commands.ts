/**
 * The table of commands. Parser, help and dispatch read it, and a test looks at its rows.
 *
 * @module
 */
import { settingRows } from "../config/mod.ts";
import type { Command, Flag } from "./command.ts";

const json: Flag = { name: "json", kind: "switch", help: "Print one JSON object" };
const noDaemon: Flag = {
  name: "no-daemon",
  kind: "switch",
  help: "Decide in this process, start no daemon",
};

const strictPaths: Flag = {
  name: "strict-paths",
  kind: "choice",
  choice: { allowed: settingRows.strictPaths.allowed, bare: "absolute" },
  arg: "[=MODE]",
  help: "Refuse other -I paths: consistent, absolute, off",
};

/** Flags of another time: what they turn on or off costs nothing here. */
const freeFlags: Flag[] = [
  { name: "fast", kind: "switch", help: "No effect, as checking headers is free" },
  { name: "skip-system-headers", kind: "switch", help: "The same" },
  { name: "scan-system-headers", kind: "switch", help: "The same" },
];

/** What the launcher says of a run that it hands over: a daemon sent it away, or none came while it waited. */
const handedOver: Flag[] = [{ name: "elsewhere", kind: "switch" }, { name: "waited", kind: "switch" }];

export const commands: readonly Command[] = [
  {
    name: "wrap",
    words: "tool",
    summary: "Run a tool through the cache",
    more: [
      "The tool's output, exit status and signals are its own. `zccache <tool>` means",
      "the same for every tool whose name is no command; after `--` everything is",
      "the tool's. Flags of ours may also come first: `zccache --fast cc -c a.c`.",
    ],
    flags: [noDaemon, strictPaths, ...freeFlags, ...handedOver],
    run: async (parsed, io) => (await import("./wrap.ts")).run(parsed, io),
  },
  {
    name: "run",
    words: "tool",
    summary: "Run a whole build through the cache",
    more: [
      "The launcher stands before every compiler that is on PATH now; a compiler",
      "that is named by a path is not wrapped. A summary follows on stderr.",
    ],
    flags: [],
    run: async (parsed, io) => (await import("./run.ts")).run(parsed, io),
  },
  {
    name: "serve",
    aliases: ["--serve"],
    words: "none",
    summary: "Be the daemon, in the foreground",
    more: ["Ends in order at SIGINT, SIGTERM or `zccache stop`."],
    flags: [
      { name: "idle-timeout", kind: "seconds", arg: "S", help: "End after S idle seconds, 0 = never" },
      { name: "spawned", kind: "switch" },
    ],
    run: async (parsed, io) => (await import("./serve.ts")).run(parsed, io),
  },
  {
    name: "start",
    words: "none",
    summary: "Start a daemon if none runs",
    flags: [],
    run: async (parsed, io) => (await import("./start.ts")).run(parsed, io),
  },
  {
    name: "stop",
    aliases: ["kill"],
    words: "none",
    summary: "Stop the daemon after its last flush",
    flags: [],
    run: async (parsed, io) => (await import("./stop.ts")).run(parsed, io),
  },
  {
    name: "status",
    words: "none",
    summary: "Show the daemon; status 1 if none runs",
    flags: [json],
    run: async (parsed, io) => (await import("./status.ts")).run(parsed, io),
  },
  {
    name: "stats",
    aliases: ["--show-stats"],
    namedBy: ["--zero-stats", "-z"],
    words: "none",
    summary: "Show hits, misses, what passed and why",
    flags: [json, { name: "zero-stats", short: "z", kind: "switch", help: "Start counting anew" }],
    run: async (parsed, io) => (await import("./stats.ts")).run(parsed, io),
  },
  {
    name: "clear",
    aliases: ["--clear"],
    words: "none",
    summary: "Remove every stored result",
    flags: [],
    run: async (parsed, io) => (await import("./clear.ts")).run(parsed, io),
  },
  {
    name: "install",
    words: "none",
    summary: "Put executable and links in place",
    more: ["Into DIR/bin and DIR/lib/zccache; what to add to PATH is printed."],
    flags: [
      { name: "prefix", kind: "text", arg: "DIR", help: "Folder to install to (~/.local)" },
      { name: "links", kind: "text", arg: "NAMES", help: "Tools to stand for, as in cc,c++ (all on PATH)" },
    ],
    run: async (parsed, io) => (await import("./install.ts")).install(parsed, io),
  },
  {
    name: "uninstall",
    words: "none",
    summary: "Take away what install put in place",
    flags: [{ name: "prefix", kind: "text", arg: "DIR", help: "Folder that was installed to (~/.local)" }],
    run: async (parsed, io) => (await import("./install.ts")).uninstall(parsed, io),
  },
  {
    name: "version",
    aliases: ["--version", "-V"],
    words: "none",
    summary: "Show version, protocol and build",
    flags: [],
    run: async (parsed, io) => (await import("./version.ts")).run(parsed, io),
  },
  {
    name: "help",
    aliases: ["--help", "-h"],
    words: "topic",
    summary: "Show this, or help with a word",
    flags: [],
    run: async (parsed, io) => (await import("./help.ts")).run(parsed, io),
  },
];

/** Words before a tool that mean nothing: the launcher passes over them. */
export const idleWords: readonly string[] = freeFlags.map(({ name }) => `--${name}`);

/** The command that `word` names, by name or alias. */
export function findCommand(word: string): Command | undefined {
  return commands.find(({ name, aliases }) => name === word || aliases?.includes(word));
}
