/**
 * `zccache --serve`: the daemon in the foreground, or detached when a client started it (`--spawned`).
 *
 * SIGINT and SIGTERM end it in order. A daemon that somebody else beat to the cache ends 0 when it was spawned
 * (that is what a race looks like) and 1 when a person asked for it.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { defaultIdleMs } from "../config/mod.ts";
import { serve } from "../daemon/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession } from "./session.ts";

/** When nobody says otherwise: a daemon that a client started should not outlive the day's build for long. */
const spawnedIdleMs = 600_000;

/** How long a daemon that a client started waits for one of an older build to end (decisions.md 10). */
const handoverMs = 2_000;

/** Serves until it is told to end; the exit status. */
export async function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const session = openSession(parsed, io);
  const { places, settings, log, version, buildId, build } = session;
  const spawned = parsed.flags.spawned === true;
  const stop = new AbortController(), end = () => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, end);
  const ending = await serve({
    places,
    version,
    buildId,
    build,
    log,
    handoverMs: spawned ? handoverMs : 0,
    idleMs: settings.idleMs ?? (spawned ? spawnedIdleMs : defaultIdleMs),
    stop: stop.signal,
    now: () => performance.now(),
    open: () => session.openCache("daemon"),
  });
  if (ending === "ended" || spawned) return 0;
  io.err(
    typeof ending === "object"
      ? `zccache: ${ending.problem}\n`
      : ending === "owned"
      ? `zccache: Cannot serve: another daemon owns the cache ${JSON.stringify(shown(places.cache))}\n`
      : `zccache: Cannot serve: the socket ${JSON.stringify(shown(places.socket))} is in use\n`,
  );
  return 1;
}
