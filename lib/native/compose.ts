/**
 * One executable of two: the launcher, the engine from the next page on, and the trailer that lib/native/engine.h reads.
 *
 * @module
 */

const page = 4096, trailerBytes = 64;
const mark = "zccache engine";

/**
 * Writes `to` (0755) whole or not at all. All paths are ordinary text.
 *
 * @param id Build id, 16 hexadecimal digits.
 * @throws {Error} What the system says.
 */
export function compose(parts: { launcher: string; engine: string; id: string; to: string }): void {
  const made = `${parts.to}.${Deno.pid}`;
  try {
    write(parts, made);
    Deno.chmodSync(made, 0o755);
    Deno.renameSync(made, parts.to);
  } catch (error) {
    try {
      Deno.removeSync(made);
    } catch (left) {
      if (!(left instanceof Deno.errors.NotFound)) throw left;
    }
    throw error;
  }
}

function write({ launcher, engine, id }: { launcher: string; engine: string; id: string }, to: string): void {
  using whole = Deno.openSync(to, { write: true, create: true, truncate: true, mode: 0o600 });
  using source = Deno.openSync(engine);
  const head = Deno.readFileSync(launcher);
  writeAll(whole, head);
  const offset = Math.ceil(head.length / page) * page, size = source.statSync().size;
  whole.seekSync(offset, Deno.SeekMode.Start);
  const piece = new Uint8Array(1 << 20);
  for (let got = source.readSync(piece); got !== null; got = source.readSync(piece)) {
    writeAll(whole, piece.subarray(0, got));
  }
  const trailer = new Uint8Array(trailerBytes), view = new DataView(trailer.buffer);
  trailer.set(new TextEncoder().encode(mark));
  view.setBigUint64(16, BigInt(offset), true);
  view.setBigUint64(24, BigInt(size), true);
  trailer.set(new TextEncoder().encode(id), 32);
  writeAll(whole, trailer);
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
