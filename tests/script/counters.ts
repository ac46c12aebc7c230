/**
 * How the runs of a scenario were counted, as `zccache stats --json` tells it, without a process for each question: that
 * would be every other process of a test run. `tests/process` tries the command itself.
 *
 * @module
 */
import { shown } from "../../lib/base/bytes.ts";
import { askAdmin, ownerOf } from "../../lib/daemon/mod.ts";
import { statsOf } from "../../lib/report/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { oldBuild, placesOf } from "./daemons.ts";

/** As long as the command waits for a daemon. */
const deadlineMs = 3_000;

/** Outcomes with their numbers, of the cache that these variables name. @throws {Error} where it cannot be read. */
export function outcomesCounted(env: ReadonlyMap<string, string>, cwd: string): Record<string, number> {
  const places = placesOf(env, cwd);
  const answer = askAdmin(ownerOf(places) ?? places.socket, { verb: "flush", build: oldBuild, deadlineMs });
  if (answer === "silent") throw new Error("The daemon does not answer");
  const ending = new AbortController();
  const store = Store.open({
    folder: `${shown(places.cache)}/v1`,
    mode: "one-shot",
    flushMs: 5000,
    maxPending: 2048,
    budgetBytes: Number.MAX_SAFE_INTEGER,
    signal: ending.signal,
    log: { warn() {}, info() {} },
    now: () => Date.now(),
  });
  try {
    const { units, bytes } = store.sizes();
    return statsOf(store.counters(), { results: units, bytes }).by_outcome;
  } finally {
    ending.abort();
  }
}
