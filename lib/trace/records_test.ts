/**
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { header, headerWords, traceMagic, traceVersion } from "./format.ts";
import { readRecord } from "./read.ts";
import { recordBytes, RecordPool } from "./records.ts";

libc(); // opened here, so that no test seems to leak it
const facts = {
  lists: true,
  ttys: 5,
  window: 24 | 80 << 16,
  interpreters: [{ dev: 0x1_0000_0002n, ino: 3n }],
};

function withPool(body: (pool: RecordPool, folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "zc-records-" });
  const pool = new RecordPool(folder);
  try {
    body(pool, folder);
  } finally {
    pool.close();
    assertEquals([...Deno.readDirSync(folder)], [], "close() leaves nothing");
    Deno.removeSync(folder);
  }
}

/** What a traced process does: raises the cursor and writes there. */
function write(path: string, event: readonly number[]): void {
  using file = Deno.openSync(path, { write: true });
  const put = (at: number, words: readonly number[]) => {
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(new Uint32Array(words).buffer));
  };
  put(headerWords * 4, event);
  put(header.cursor * 4, [(headerWords + event.length) * 4]);
}

Deno.test("take() gives a file whose every page is on the disk, with the facts in its header", () => {
  withPool((pool) => {
    const record = pool.take(facts);
    const { size, blocks, mode } = Deno.statSync(record.path);
    assertEquals([size, mode! & 0o777], [recordBytes, 0o600]);
    assert(blocks! * 512 >= recordBytes, `${blocks} blocks`);
    const words = new Uint32Array(record.read().buffer);
    assertEquals(words.length, headerWords);
    assertEquals([...words.subarray(0, 11)], [
      ...[traceMagic, traceVersion, recordBytes, headerWords * 4, 0, 0, 0, 0],
      ...[5, 24 | 80 << 16, 1],
    ]);
    assertEquals([...words.subarray(header.interpreters, header.interpreters + 5)], [2, 1, 3, 0, 0]);
    record.release();
  });
});

Deno.test("a released record is taken again without a trace of the run before", () => {
  withPool((pool) => {
    const first = pool.take(facts);
    write(first.path, [51 | 2 << 16, 1]);
    const read = readRecord(first.read(), "/w");
    assertEquals("events" in read && read.events, [{ kind: "random", image: 1, answer: 0 }]);
    first.release();
    const second = pool.take({ ...facts, ttys: 0 });
    assertEquals(second.path, first.path);
    const again = Deno.readFileSync(second.path);
    assert(again.subarray(headerWords * 4).every((byte) => byte === 0));
    assertEquals(readRecord(second.read(), "/w"), { events: [], doubts: 0, full: new Set<string>() });
    second.release();
  });
});

Deno.test("two runs have two records; a forgotten one is gone at once", () => {
  withPool((pool, folder) => {
    const one = pool.take(facts), two = pool.take(facts);
    assert(one.path !== two.path);
    one.forget();
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`), [two.path]);
    assert(pool.take(facts).path !== one.path);
  });
});

Deno.test("take() leaves alone what has a name of ours already", () => {
  withPool((pool, folder) => {
    const other = `${folder}/record-${Deno.pid}-1`;
    Deno.writeTextFileSync(other, "another's");
    const record = pool.take(facts);
    assert(record.path !== other);
    assertEquals(Deno.readTextFileSync(other), "another's");
    Deno.removeSync(other);
  });
});

Deno.test("take() throws where no record can be made, and leaves none", () => {
  const pool = new RecordPool("/proc");
  let thrown: unknown;
  try {
    pool.take(facts);
  } catch (cause) {
    thrown = cause;
  }
  assert(thrown instanceof Error);
});
