/**
 * Bytes that are no text: paths, arguments, environment strings may hold anything but NUL.
 *
 * Inside they are *byte strings*: JavaScript strings with one character (0 to 255) for a byte. They compare,
 * concatenate, split and serve as map keys like any string, and nothing is lost on the way back. Only what is
 * printed for people is decoded as UTF-8 (`shown`).
 *
 * Measured on Deno 2.6: TextDecoder 1 to 3 ns a byte, String.fromCharCode by pieces 4, Buffer's latin1 60 to 75. Objects of
 * a link are millions of bytes.
 *
 * @module
 */
// WHATWG "latin1" is windows-1252, which differs from bytes only in 0x80 to 0x9f; those are never ASCII.
const decoder = new TextDecoder("latin1");
// deno-lint-ignore no-control-regex -- "not ASCII" is what is asked
const notAscii = /[^\x00-\x7f]/;

/** So many arguments fit the stack of any thread. */
const pieceLength = 8192;

/** The byte string of `bytes`. */
export function byteString(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return notAscii.test(text) ? fromCodes(bytes) : text;
}

function fromCodes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += pieceLength) {
    // `apply` takes any list of numbers; a spread would go through an iterator, five times as slowly.
    const piece: ArrayLike<number> = bytes.subarray(at, at + pieceLength);
    text += Reflect.apply(String.fromCharCode, undefined, piece);
  }
  return text;
}

/**
 * `bytes` as text in which ASCII stands where it stood, for searching: quicker than {@linkcode byteString}, but
 * characters above 0x7f are not those of the bytes.
 */
export function asciiIn(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The bytes of a byte string. A character above 255 is a programming error and keeps its low byte only. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The bytes of a byte string with a terminating NUL, for libc. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length + 1);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Longer paths are refused by every system call. */
const longestPath = 4096;
const pathBytes = new Uint8Array(longestPath + 1);

/** The same for a path that a call reads before it returns: valid until the next use. Each look at a file needs one. */
export function cPath(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  if (length > longestPath) return cString(text);
  for (let i = 0; i < length; i++) pathBytes[i] = text.charCodeAt(i);
  pathBytes[length] = 0;
  return pathBytes;
}

/** The byte string of ordinary text (UTF-8). */
export function fromText(text: string): string {
  return notAscii.test(text) ? byteString(new TextEncoder().encode(text)) : text;
}

/** Ordinary text of a byte string, for people and for Deno's own file calls; undecodable bytes become U+FFFD. */
export function shown(text: string): string {
  return notAscii.test(text) ? new TextDecoder().decode(bytesOf(text)) : text;
}

/** Whether `bytes` hold those of `start` from that place on. */
export function beginsWith(bytes: Uint8Array, start: Uint8Array, from = 0): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[from + i] !== start[i]) return false;
  return true;
}

/** Whether two byte arrays hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
