/**
 * `zccache wrap [--] TOOL ARGS...`: one run of one tool through the cache.
 *
 * This process is in the way of every compile, so it does as little as it can: it finds a daemon, or starts one,
 * and becomes the launcher. Without a daemon it decides itself for a launcher that is its child.
 *
 * Always true: whatever is wrong with us, the tool runs; and nothing of ours is printed (decisions.md 1) except
 * that a tool cannot be found.
 *
 * @module
 */
import { fromText, shown } from "../base/bytes.ts";
import { messageOf, quote } from "../base/errors.ts";
import { strictRules, strictViolation } from "../compilers/mod.ts";
import { readSettings } from "../config/mod.ts";
import {
  answers,
  type ChildEnd,
  isOwnedElsewhere,
  oneShotSocketName,
  ownerOf,
  runOneShot,
  startDaemon,
  startWaitMs,
} from "../daemon/mod.ts";
import type { Places } from "../daemon/mod.ts";
import { ensureNative } from "../native/mod.ts";
import { become, dieBy } from "../os/mod.ts";
import { countersOf, elsewhereCounter } from "../report/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { countRun, openForWrap, type Session } from "./session.ts";
import { becomeTool } from "./tool.ts";

/** Runs the tool that the command line names; its exit status, or death by its signal. */
export async function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const tool = parsed.rest.map(fromText), refused = brokenRule(parsed, io);
  if (refused !== undefined) {
    io.err(refused);
    return 1;
  }
  let launcher = "";
  try {
    const native = ensureNative();
    launcher = fromText(native.launcher);
    const session = openForWrap(parsed, io);
    if (session !== undefined && launcher === "") session.log.warn(native.problem ?? "there is no launcher");
    const status = session === undefined || launcher === ""
      ? undefined
      : await wrap(tool, launcher, session, parsed.flags);
    return status ?? plain(tool, launcher, io);
  } catch (error) {
    // Nothing has run yet: what can throw comes before the launcher starts.
    io.log.warn(`wrap: ${messageOf(error)}`);
    return plain(tool, launcher, io);
  }
}

/** Two lines for people where `--strict-paths` forbids the line. */
function brokenRule({ rest, flags }: Parsed, io: CommandIo): string | undefined {
  const { disable, strictPaths } = readSettings(io.env, flags).settings;
  const word = disable ? undefined : strictViolation(rest.slice(1), strictPaths);
  if (word === undefined) return undefined;
  const { rule } = strictRules[strictPaths];
  return `zccache: Cannot run ${
    quote(rest[0])
  }: ${word} is not allowed by --strict-paths=${strictPaths}: ${rule}\n` +
    `Caller: ${callerOf() || "unknown"}\n`;
}

/** The command line of the process that started us, where the system tells. */
function callerOf(): string {
  try {
    return Deno.readTextFileSync(`/proc/${Deno.ppid}/cmdline`).replaceAll("\0", " ").trim();
  } catch {
    return ""; // it has ended, or there is no /proc
  }
}

/** The exit status, or undefined where the tool is to be run without us. Becomes the launcher if all is well. */
async function wrap(
  tool: string[],
  launcher: string,
  session: Session,
  flags: Parsed["flags"],
): Promise<number | undefined> {
  const { settings, places, log } = session, apart = isOwnedElsewhere(places);
  const sentAway = flags.elsewhere === true;
  if (sentAway || apart) return await alone(tool, launcher, session, countersElsewhere(sentAway && apart));
  const decided = settings.daemon === "off" ? ownedOrAlone(places) : daemonOrAlone(session, flags);
  if (decided === "uncached") return undefined;
  if (decided === "alone") return await alone(tool, launcher, session);
  const options = ["--socket", places.socket, "--build", session.buildId, "--"];
  log.warn(`cannot start the launcher: errno ${become(launcher, [launcher, ...options, ...tool])}`);
  return undefined;
}

type Decided = "daemon" | "alone" | "uncached";

/** No daemon is to be started; but one that owns the cache must be asked. */
function ownedOrAlone(places: Places): Decided {
  return ownerOf(places) !== undefined || answers(places.socket) ? "daemon" : "alone";
}

function daemonOrAlone(session: Session, { waited }: Parsed["flags"]): Decided {
  const { settings, places, log, daemonCommand } = session;
  if (answers(places.socket)) return "daemon";
  if (settings.noSpawn) return ownedOrAlone(places);
  // A launcher that has waited itself says so: no compile waits twice.
  const waitMs = waited === true ? 0 : startWaitMs;
  const started = startDaemon({ places, command: daemonCommand, waitMs });
  if (started === "running" || started === "started") return "daemon";
  if (started === "starting") {
    log.warn(`pass_daemon_starting: no daemon answers (waited ${startWaitMs} ms at most)`);
    countRun(session, "pass_daemon_starting");
    return "uncached";
  }
  log.warn(started.problem);
  return "alone";
}

/** Decides for a launcher of our own, then ends as it did. */
async function alone(
  tool: string[],
  launcher: string,
  session: Session,
  also: [string, number][] = [],
): Promise<number | undefined> {
  const { places, log, build, buildId } = session;
  const socket = `${places.runtime}/${oneShotSocketName(Deno.pid)}`;
  const options = ["--socket", socket, "--build", buildId, "--one-shot", String(Deno.pid), "--"];
  const ending = await runOneShot({
    socket,
    command: [launcher, ...options, ...tool],
    build,
    log,
    now: () => performance.now(),
    open: () => session.openCache("one-shot", { also }),
  });
  if (typeof ending !== "number") return endAs(ending);
  log.warn(`cannot start the launcher ${shown(launcher)}: errno ${ending}`);
  return undefined;
}

/** `counted`: the daemon that sent the client away has this cache, and counted a run that passed. It did not. */
function countersElsewhere(counted: boolean): [string, number][] {
  const taken = countersOf("pass_other_file_tree", "other", 0).map((
    [name, n],
  ): [string, number] => [name, -n]);
  return [[elsewhereCounter, 1], ...counted ? taken : []];
}

function endAs({ code, signal }: ChildEnd): number {
  if (signal === 0) return code;
  dieBy(signal);
  return 128 + signal; // a signal that does not end a process cannot have ended the child either
}

/** Runs the tool without us. By the launcher where it is there: it knows how to leave PATH and signals clean. */
function plain(tool: string[], launcher: string, io: CommandIo): number {
  if (launcher !== "") become(launcher, [launcher, "--socket", "", "--", ...tool]);
  const { status, line } = becomeTool(tool);
  io.err(line + "\n");
  return status;
}
