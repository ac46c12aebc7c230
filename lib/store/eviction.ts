/**
 * What to drop when the cache is over its budget: the units that were not used for longest, then every blob that no unit
 * names any more. A blob younger than an hour stays, because a run may just have put it before its unit.
 *
 * @module
 */
import { cString, fromText } from "../base/bytes.ts";
import { libc } from "../os/mod.ts";
import type { Slice } from "./slice.ts";

const GiB = 2 ** 30;
/** As the reference has it (zccache.md 4.7): 5 % of the volume within these bounds. */
const share = 0.05, least = 40 * GiB, most = 200 * GiB;
/** Room that is always left free: the larger of 5 % and 20 GiB, but never more than half of the volume. */
const freeShare = 0.05, freeLeast = 20 * GiB;
/** After an eviction the cache is this part of its budget, so that evictions are rare. */
const evictTo = 0.8;
/** A blob may be named by a record that is being written. */
const youngMs = 3_600_000;

const buffer = new Uint8Array(256), view = new DataView(buffer.buffer);

/** Bytes that the cache may take on the volume of `folder`, of which it takes `used` now. */
export function budgetOf(folder: string, used: number, wanted: number | undefined): number {
  if (libc().statfs(cString(fromText(folder)), buffer) !== 0) return wanted ?? least;
  const block = Number(view.getBigInt64(8, true));
  const total = Number(view.getBigUint64(16, true)) * block,
    free = Number(view.getBigUint64(32, true)) * block;
  const budget = wanted ?? Math.min(Math.max(total * share, least), most);
  const floor = Math.min(Math.max(total * freeShare, freeLeast), total / 2);
  // A budget that the user chose is obeyed as far as there is room at all.
  return wanted === undefined ? Math.min(budget, Math.max(used + free - floor, 0)) : budget;
}

export interface Blob {
  digits: string;
  bytes: number;
  madeMs: number;
}

/** A unit as far as it matters here. */
export interface Candidate {
  id: number;
  /** ms since 1970. */
  used: number;
  /** Each blob of its outputs once, in hex. */
  blobs: readonly string[];
}

/** A unit whose blobs are known once somebody asks. */
interface Listed {
  readonly id: number;
  readonly used: number;
  blobs(): readonly string[];
}

/** What there is, and how it goes. */
export interface Evictable {
  folder: string;
  budgetBytes: number | undefined;
  blobs(): Iterable<Blob>;
  units(): Iterable<Listed>;
  dropUnit(id: number): void;
  dropBlob(digits: string): void;
  /** ms since 1970. */
  now: number;
}

/** Drops what was not used for longest; resolves to how much went, or undefined where there is room for all. */
export async function evict(
  { folder, budgetBytes, now, ...all }: Evictable,
  slice: Slice,
): Promise<{ units: number; blobs: number } | undefined> {
  const blobs: Blob[] = [];
  let used = 0;
  for (const blob of all.blobs()) {
    blobs.push(blob), used += blob.bytes;
    await slice.pause();
  }
  const budget = budgetOf(folder, used, budgetBytes);
  if (used <= budget) return undefined;
  const named = new Map<number, readonly string[]>();
  for (const unit of all.units()) named.set(unit.id, unit.blobs()), await slice.pause();
  // What came meanwhile counts too; from here on nothing changes.
  const units = Array.from(
    all.units(),
    (one) => ({ id: one.id, used: one.used, blobs: named.get(one.id) ?? one.blobs() }),
  );
  const gone = victims(units, blobs, budget, now);
  for (const id of gone.units) all.dropUnit(id);
  for (const digits of gone.blobs) all.dropBlob(digits);
  return { units: gone.units.length, blobs: gone.blobs.length };
}

/** Which units and blobs go so that the blobs left take at most the budget. */
export function victims(
  units: readonly Candidate[],
  blobs: readonly Blob[],
  budget: number,
  now: number,
): { units: number[]; blobs: string[] } {
  const sizes = new Map(blobs.map(({ digits, bytes }) => [digits, bytes]));
  const users = new Map<string, number>();
  for (const unit of units) {
    for (const digits of unit.blobs) users.set(digits, (users.get(digits) ?? 0) + 1);
  }
  const gone: string[] = [], dropped: number[] = [];
  let total = 0;
  for (const { digits, bytes, madeMs } of blobs) {
    if (!users.has(digits) && now - madeMs > youngMs) gone.push(digits);
    else total += bytes;
  }
  if (total <= budget) return { units: [], blobs: gone };
  for (const unit of units.toSorted((a, b) => a.used - b.used)) {
    if (total <= budget * evictTo) break;
    dropped.push(unit.id);
    for (const digits of unit.blobs) {
      const left = users.get(digits)! - 1;
      users.set(digits, left);
      if (left > 0 || !sizes.has(digits)) continue;
      total -= sizes.get(digits)!;
      gone.push(digits);
    }
  }
  return { units: dropped, blobs: gone };
}
