/**
 * Sizes and durations as people write and read them: "5GiB", "30s".
 *
 * @module
 */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;

// deno-fmt-ignore: a table
const sizes: Readonly<Record<string, number>> = {
  "": 1, b: 1, k: KIB, kib: KIB, kb: 1e3, m: MIB, mib: MIB, mb: 1e6, g: GIB, gib: GIB, gb: 1e9,
  t: 1024 * GIB, tib: 1024 * GIB, tb: 1e12,
};

/** Bytes of "5GiB", "5G" (1024), "5GB" (1000) or "5"; undefined where it is no size. */
export function parseSize(text: string): number | undefined {
  const found = /^(\d{1,15}(?:\.\d{1,3})?) ?([a-z]{0,3})$/i.exec(text);
  const factor = found === null ? undefined : sizes[found[2].toLowerCase()];
  if (found === null || factor === undefined) return undefined;
  const bytes = Math.round(Number(found[1]) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size for people: "812 B", "1.5 KiB", "12 GiB"; three digits at most unless in bytes. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes, unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  const text = unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
  return `${text} ${units[unit]}`;
}

/** A duration for people: "812 ms", "1.5 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / SECOND_MS).toFixed(1).replace(/\.0$/, "")} s`;
  if (ms < HOUR_MS - 500) return pair(Math.round(ms / SECOND_MS), 60, "min", "s");
  return pair(Math.round(ms / MINUTE_MS), 60, "h", "min");
}

function pair(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  return `${Math.floor(count / size)} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}
