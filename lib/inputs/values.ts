/**
 * What statements about a file's state hold, as 32 bytes.
 *
 * @module
 */
import { c, type FileState } from "../os/mod.ts";

/** Numbers behind each other, little-endian; the rest is zero. */
export function numbers(...values: (number | bigint)[]): Uint8Array {
  const bytes = new Uint8Array(32), view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setBigUint64(i * 8, BigInt.asUintN(64, BigInt(value)), true));
  return bytes;
}

/** Type of what is there (a folder, a regular file ...), and whether a file may be run: who looks for a program steps over others. */
export function existsValue(state: FileState | number): Uint8Array | undefined {
  if (typeof state === "number") return undefined;
  const type = state.mode & c.S_IFMT;
  return numbers(type === c.S_IFREG ? state.mode & (c.S_IFMT | executable) : type);
}

/** Somebody may run it. */
export const executable = 0o111;

/**
 * Type, size and mtime, for files that were looked at and never opened. Of a folder only that it is one: its
 * size and times change with every object written into it, and no tool's output depends on them.
 */
export function statValue(state: FileState | number): Uint8Array | undefined {
  if (typeof state === "number") return undefined;
  const type = state.mode & c.S_IFMT;
  return type === c.S_IFREG ? numbers(type, state.size, state.mtime) : numbers(type);
}
