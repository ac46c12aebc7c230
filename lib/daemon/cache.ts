/**
 * A cache that is open for deciding: store, tracer, records and decider put together, for the daemon and for a
 * one-shot engine alike.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { setImmediate } from "node:timers";
import type { Log } from "../base/log.ts";
import { shown } from "../base/bytes.ts";
import { Decider, type Fallback } from "../lookup/mod.ts";
import { countersOf, statsOf } from "../report/mod.ts";
import { Store } from "../store/mod.ts";
import { recordBytes, RecordPool } from "../trace/mod.ts";
import type { Deciding } from "./conversation.ts";
import type { Cache } from "./lifecycle.ts";
import { recordLabel, sweepRuntime } from "./leftovers.ts";
import type { Places } from "./places.ts";
import { recordFolder } from "./record_folder.ts";
import { openWatch, type Watch } from "./watch.ts";
import { type Interpreter, rememberedTest, selfTest } from "./self_test.ts";

export interface CacheOptions {
  places: Places;
  mode: "daemon" | "one-shot";
  flushMs: number;
  maxPending: number;
  budgetBytes?: number;
  /** Paths of launcher and tracer (byte strings), "" where there is none; `problem` says why. */
  launcher: string;
  tracer: string;
  problem?: string;
  trace: "auto" | "off";
  /** A daemon watches inputs; what runs once has nothing to wait for. */
  watch: "auto" | "off";
  comments: "auto" | "off";
  log: Log;
  /** Counters that every run adds to beside its own. */
  also?: readonly (readonly [string, number])[];
  /** Milliseconds since 1970. */
  now(): number;
}

/** Opens the cache. @throws Where its folder cannot be used; then nothing stays open. */
export function openCache(options: CacheOptions): Cache {
  const { places, log, now, trace } = options;
  const recordsIn = recordFolder(places.runtime);
  const ending = new AbortController();
  const store = Store.open({
    folder: `${shown(places.cache)}/v1`,
    mode: options.mode,
    flushMs: options.flushMs,
    maxPending: options.maxPending,
    budgetBytes: options.budgetBytes,
    signal: ending.signal,
    log,
    now,
  });
  const records = new RecordPool(shown(recordsIn), recordBytes, recordLabel(places.cache));
  const tracer = tryTracer(options, records);
  const watch = tryWatch(options);
  const since = now(), own = new Map<string, number>();
  const count = (outcome: string, kind: string, savedUs: number, unshared?: Fallback) => {
    const counters = [...countersOf(outcome, kind, savedUs, unshared), ...options.also ?? []];
    for (const [name, n] of counters) own.set(name, (own.get(name) ?? 0) + n);
    store.count(counters, outcome);
  };
  const decider = new Decider({
    store,
    records,
    tracer: tracer.path,
    interpreters: tracer.interpreters,
    log,
    trace,
    comments: options.comments,
    later: options.mode === "daemon" ? (work) => void setImmediate(work) : undefined,
    watch: "tree" in watch ? watch : undefined,
    now,
    divides: options.mode === "daemon",
    count,
  });
  decider.payDebts();
  // What processes that died owe is in their records.
  for (const folder of new Set([places.runtime, recordsIn])) sweepRuntime(folder, places.cache);
  return {
    decider: decider as Deciding<unknown>,
    count: (outcome) => count(outcome, "other", 0),
    facts: async () => {
      const { units, bytes } = await store.measure();
      return {
        stored_results: units,
        size_bytes: bytes,
        runs: statsOf({ since, counters: own, recent: [] }, { results: units, bytes }),
        read_only: store.readOnly,
        launcher: options.launcher === "" ? options.problem : "works",
        tracer: tracer.state,
        watch: watch.state(),
      };
    },
    flush: () => store.flush(),
    clear: () => store.clear(),
    busy: () => store.busy,
    close: async () => {
      settle(decider, log);
      ending.abort();
      await store.closed;
      records.close();
      watch.close();
    },
  };
}

function settle(decider: Decider, log: Log): void {
  try {
    decider.settle();
  } catch (error) {
    log.warn(`what was left for the end failed: ${messageOf(error)}`);
  }
}

/** The tracer as it may be used: its path is "" where runs cannot be watched, and `state` says why. */
function tryTracer(
  { tracer, problem, trace, log, mode, places }: CacheOptions,
  records: RecordPool,
): { path: string; interpreters: Interpreter[]; state: string } {
  if (trace === "off") return { path: "", interpreters: [], state: "switched off" };
  const remembered = mode === "one-shot" ? rememberedTest(tracer, places.runtime) : undefined;
  const tested = remembered ??
    (tracer === ""
      ? { problem: problem ?? "there is no tracer" }
      : selfTest(tracer, records, places.runtime));
  if (Array.isArray(tested)) return { path: tracer, interpreters: tested, state: "works" };
  log.warn(`runs cannot be watched: ${tested.problem}`);
  return { path: "", interpreters: [], state: tested.problem };
}

/** The watch; or, where every statement is looked at each time, why. */
function tryWatch({ watch, mode, log }: CacheOptions): Watch | { state(): string; close(): void } {
  const without = (why: string) => ({ state: () => why, close: () => {} });
  if (watch === "off" || mode === "one-shot") return without("switched off");
  const opened = openWatch(log, () => performance.now());
  if (!("problem" in opened)) return opened;
  log.warn(`inputs cannot be watched: ${opened.problem}`);
  return without(opened.problem);
}
