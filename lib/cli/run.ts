/**
 * `zccache run -- CMD...`: a whole build with the launcher before every compiler on PATH, and a summary at its end.
 *
 * Always true: the build runs, whatever is wrong with us, and we end as it ended.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { fromText, shown } from "../base/bytes.ts";
import { formatDuration } from "../base/units.ts";
import { askAdmin, runChild } from "../daemon/mod.ts";
import { ensureNative } from "../native/mod.ts";
import { dieBy, environment } from "../os/mod.ts";
import { plural, type Stats, statsOf } from "../report/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession, openStore, type Session } from "./session.ts";
import { compilersOn, linkAll, linkLasting } from "./shims.ts";
import { becomeTool, findTool } from "./tool.ts";

/** A daemon that does not answer in this time is left out of the summary. */
const deadlineMs = 3_000;

/** Runs the command; its exit status, or death by its signal. */
export async function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const argv = parsed.rest.map(fromText);
  const prepared = prepare(parsed, io);
  if (typeof prepared === "string") {
    io.err(`zccache: the command runs without the cache: ${prepared}\n`);
    const { status, line } = becomeTool(argv);
    io.err(line + "\n");
    return status;
  }
  const { session, environ } = prepared, program = findTool(argv[0], prepared.path);
  if (typeof program === "object") {
    io.err(program.line + "\n");
    return program.status;
  }
  const before = await counted(session);
  const ending = await runChild(program, argv, environ);
  if (typeof ending === "number") {
    io.err(`zccache: Cannot run ${JSON.stringify(parsed.rest[0])}: errno ${ending}\n`);
    return 126;
  }
  io.err(summary(before, await counted(session)));
  if (ending.signal === 0) return ending.code;
  dieBy(ending.signal);
  return 128 + ending.signal;
}

interface Prepared {
  session: Session;
  environ: string[];
  /** PATH of the command. */
  path: string;
}

/** Links and environment for the command, or why there are none. */
function prepare(parsed: Parsed, io: CommandIo): Prepared | string {
  try {
    const session = openSession(parsed, io), native = ensureNative();
    if (session.settings.disable) return "ZCCACHE_DISABLE is set";
    if (native.launcher === "") return native.problem ?? "there is no launcher";
    const path = io.env.PATH ?? "/usr/bin:/bin",
      folder = linkTools(session, compilersOn(path), native.launcher);
    const ours = new Map([
      ["PATH", `${folder}:${path}`],
      ...(io.env.RUSTC_WRAPPER ? [] : [["RUSTC_WRAPPER", `${folder}/wrapper/zccache`] as const]),
    ]);
    const others = environment().filter((text) => !ours.has(text.slice(0, text.indexOf("="))));
    return {
      session,
      environ: [...others, ...[...ours].map(([name, value]) => fromText(`${name}=${value}`))],
      path: fromText(path),
    };
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Links in the cache's folder, because build systems write down where they found a compiler; where that cannot be,
 * in the runtime folder. @returns the folder, for PATH
 */
function linkTools(session: Session, names: readonly string[], launcher: string): string {
  const lasting = `${shown(session.places.cache)}/tools`;
  try {
    if (lasting.includes(":")) throw new Error("PATH cannot name a folder with a colon");
    return linkLasting(lasting, names, launcher);
  } catch (error) {
    session.log.info(`links for this run alone: ${messageOf(error)}`);
  }
  const folder = `${shown(session.places.runtime)}/tools`;
  linkAll(folder, names, launcher);
  linkAll(`${folder}/wrapper`, ["zccache"], launcher);
  return folder;
}

async function counted(session: Session): Promise<Stats> {
  askAdmin(session.places.socket, { verb: "flush", build: session.build, deadlineMs });
  const { store, close } = openStore(session);
  try {
    return statsOf(store.counters(), { results: 0, bytes: 0 });
  } finally {
    await close();
  }
}

function summary(before: Stats, after: Stats): string {
  const hits = after.hits - before.hits, misses = after.misses - before.misses;
  const passed = after.passed - before.passed, saved = after.time_saved_ms - before.time_saved_ms;
  const parts = [plural(hits, "hit"), plural(misses, "miss", "misses"), `${passed} passed`];
  const time = saved > 0 ? `; saved ~${formatDuration(saved)} of compiling` : "";
  return `zccache: ${plural(hits + misses + passed, "run")}: ${parts.join(", ")}${time}\n`;
}
