/**
 * What a store is made of, the same for a daemon and for an engine that runs once.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { SliceOptions } from "./slice.ts";

export interface StoreOptions {
  /** `<cache>/v1` as ordinary text. */
  folder: string;
  mode: "daemon" | "one-shot";
  flushMs: number;
  maxPending: number;
  /** What the user allows; by default a share of the volume. */
  budgetBytes?: number;
  /** Drain, flush and end. */
  signal: AbortSignal;
  log: { info(text: string): void; warn(text: string): void };
  /** ms since 1970. */
  now(): number;
  clock?: Pick<Clock, "every">;
  /** How long work is cut. */
  slices?: SliceOptions;
}
