/**
 * Who we are, and paths as the kernel sees them.
 *
 * @module
 */
import { bytesOf, byteString, cString, fromText } from "../base/bytes.ts";
import { errno, libc } from "./libc.ts";

/** Offset of pw_dir in struct passwd on 64-bit glibc. */
const homeOffset = 32;
const pathMax = 4096;

/** Our user id (the effective one: it owns what we make). */
export function userId(): number {
  return libc().geteuid();
}

/** The home folder that the user database names for `uid` (byte string), or undefined. */
export function homeOf(uid: number): string | undefined {
  const entry = libc().getpwuid(uid);
  if (entry === null) return undefined;
  const home = new Deno.UnsafePointerView(entry).getPointer(homeOffset);
  return home === null ? undefined : stringAt(home);
}

/** The byte string of a C string. */
function stringAt(pointer: NonNullable<Deno.PointerValue>): string {
  const view = new Deno.UnsafePointerView(pointer);
  let length = 0;
  while (view.getUint8(length) !== 0) length++;
  return byteString(new Uint8Array(view.getArrayBuffer(length)));
}

/** The physical path of `path` (byte strings), or the errno. */
export function realPath(path: string): string | number {
  const into = new Uint8Array(pathMax);
  if (libc().realpath(cString(path), into) === null) return errno();
  return byteString(into.subarray(0, into.indexOf(0)));
}

/** The value of environment variable `name` as the byte string that we were given, or undefined. */
export function variable(name: string): string | undefined {
  const value = libc().getenv(cString(fromText(name)));
  return value === null ? undefined : stringAt(value);
}

/** Our environment as byte strings "NAME=value", in order, duplicates and oddities included. */
export function environment(): string[] {
  const texts: string[] = [];
  const list = new Deno.UnsafePointerView(libc().environ!).getPointer(0);
  if (list === null) return texts;
  const view = new Deno.UnsafePointerView(list);
  for (let at = 0;; at += 8) {
    const text = view.getPointer(at);
    if (text === null) return texts;
    texts.push(stringAt(text));
  }
}

/** Writes a byte string and "\n" to a descriptor, as far as it goes. Used where Deno's own streams are not up. */
export function writeLine(descriptor: number, text: string): void {
  const bytes = bytesOf(text + "\n");
  libc().write(descriptor, bytes, BigInt(bytes.length));
}
