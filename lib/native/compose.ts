/**
 * One executable of two: the launcher, and the engine from the next page on. The launcher's stamp (lib/native/engine.h)
 * says where that is and which build: 0 mark, 16 build id, 32 offset, 40 size (u64, little endian).
 *
 * @module
 */

const page = 4096;
const mark = new TextEncoder().encode("zccache engine\0\0");

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
  const offset = Math.ceil(head.length / page) * page, size = source.statSync().size;
  const at = stampIn(head), view = new DataView(head.buffer, head.byteOffset);
  head.set(new TextEncoder().encode(id), at + 16);
  view.setBigUint64(at + 32, BigInt(offset), true);
  view.setBigUint64(at + 40, BigInt(size), true);
  writeAll(whole, head);
  whole.seekSync(offset, Deno.SeekMode.Start);
  const piece = new Uint8Array(1 << 20);
  for (let got = source.readSync(piece); got !== null; got = source.readSync(piece)) {
    writeAll(whole, piece.subarray(0, got));
  }
}

/** Where the stamp is. @throws {Error} where there is none, or more than one. */
export function stampIn(launcher: Uint8Array): number {
  const found: number[] = [];
  for (let at = launcher.indexOf(mark[0]); at >= 0; at = launcher.indexOf(mark[0], at + 1)) {
    if (mark.every((byte, i) => launcher[at + i] === byte)) found.push(at);
  }
  if (found.length !== 1) throw new Error(`the launcher holds ${found.length} stamps`);
  return found[0];
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
