/**
 * `zccache stats [--json] [-z]`: what the cache did, over all modes and restarts. Needs no daemon; one that runs is
 * asked to write down its own counts first.
 *
 * @module
 */
import { askAdmin } from "../daemon/mod.ts";
import { ensureNative } from "../native/mod.ts";
import { renderStats, statsOf } from "../report/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession, openStore } from "./session.ts";

/** A daemon that does not answer in this time has counts that we cannot know. */
const deadlineMs = 3_000;

/** Prints statistics, or resets them; the exit status. */
export async function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const session = openSession(parsed, io), { places, build } = session;
  const answer = askAdmin(places.socket, { verb: "flush", build, deadlineMs });
  if (answer === "silent") io.log.warn("The daemon does not answer: its latest runs are not counted here");
  const { store, close } = openStore(session);
  try {
    if (parsed.flags["zero-stats"] === true) {
      await store.resetCounters();
      io.out("statistics reset\n");
      return 0;
    }
    const counted = store.counters(), { units, bytes } = store.sizes();
    const stats = statsOf(counted, { results: units, bytes });
    const { problem } = ensureNative();
    const uncached = session.settings.disable ? "ZCCACHE_DISABLE is set" : problem;
    if (parsed.flags.json === true) io.out(JSON.stringify({ ...stats, ...uncached && { uncached } }) + "\n");
    else io.out(renderStats(stats, counted.recent) + (uncached ? `\nTools run uncached: ${uncached}\n` : ""));
    return 0;
  } finally {
    await close();
  }
}
