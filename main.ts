/**
 * zccache: command line in, exit status out. The only file that calls Deno.exit.
 *
 * @module
 */
import { fromText } from "./lib/base/bytes.ts";
import { CacheError } from "./lib/base/errors.ts";
import { type Log, noLog, openLog } from "./lib/base/log.ts";
import type { Command, CommandIo, Parsed } from "./lib/cli/command.ts";
import { parseCommandLine } from "./lib/cli/parse.ts";
import { moveVariable, openCallsOneByOne } from "./lib/os/mod.ts";

/** Writes a whole text. A reader that went away has seen enough; a full disk is an error. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function say(text: string): void {
  try {
    write(Deno.stderr, text);
  } catch {
    // There is nowhere left to say it; the exit status tells.
  }
}

/** The daemon logs everything, commands say what is wrong, and what wraps a tool is silent (decisions.md 1). */
function logFor({ name, words }: Command): Log {
  if (name === "serve") return openLog();
  return words === "tool" ? noLog : { info() {}, warn: (text) => say(`zccache: ${text}\n`) };
}

function ioFor(command: Command): CommandIo {
  return {
    out: (text) => write(Deno.stdout, text),
    err: say,
    env: Deno.env.toObject(),
    args: Deno.args,
    log: logFor(command),
  };
}

/** Says what went wrong; the exit status. */
function failed(error: unknown): number {
  if (error instanceof CacheError) {
    say(error.lines.join("\n") + "\n");
    return error.status;
  }
  // What the system refuses is told in its words; anything else is a fault of ours, whose place is wanted.
  const refused = error instanceof Error && "code" in error;
  say(`zccache: ${error instanceof Error ? (refused ? error.message : error.stack) : error}\n`);
  return 1;
}

async function runToolAlone({ rest }: Parsed): Promise<number> {
  const { becomeTool } = await import("./lib/cli/tool.ts");
  const { status, line } = becomeTool(rest.map(fromText));
  say(line + "\n");
  return status;
}

async function main(): Promise<number> {
  let parsed: Parsed | undefined;
  try {
    parsed = parseCommandLine(Deno.args);
    if (parsed.command.name !== "serve") openCallsOneByOne(); // a daemon needs most of them
    return await parsed.command.run(parsed, ioFor(parsed.command));
  } catch (error) {
    // Whatever is wrong with us, a compile must not fail of it.
    return parsed?.command.words === "tool" ? await runToolAlone(parsed) : failed(error);
  }
}

/** A TMPDIR with which Deno cannot start: the launcher sets another (lib/native/engine.h). */
const givenTemporary = "ZCCACHE_ENGINE_TMPDIR";
if (Deno.env.has(givenTemporary)) moveVariable(givenTemporary, "TMPDIR");
Deno.exit(await main());
