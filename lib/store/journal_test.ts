import { assert, assertEquals } from "@std/assert";
import {
  encodeRecord,
  journalHead,
  journalHeadBytes,
  type JournalRecord,
  recordKinds,
  replay,
} from "./journal.ts";

const records: JournalRecord[] = [
  { shard: 3, kind: recordKinds.unit, body: new Uint8Array([1, 2, 3]) },
  { shard: 256, kind: recordKinds.file, body: new Uint8Array(0) },
  { shard: 255, kind: recordKinds.drop, body: new Uint8Array(40).fill(7) },
];
function journal(): Uint8Array {
  const parts = [journalHead(), ...records.map(encodeRecord)];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) whole.set(part, at), at += part.length;
  return whole;
}
function applied(bytes: Uint8Array): JournalRecord[] {
  const all: JournalRecord[] = [];
  const { end } = replay(bytes, 0, (record) => all.push({ ...record, body: record.body.slice() }));
  assert(end <= bytes.length);
  return all;
}

Deno.test("replay() gives back what was encoded", () => assertEquals(applied(journal()), records));

Deno.test("replay() keeps a prefix, wherever the journal is cut", () => {
  const whole = journal();
  for (let length = whole.length; length >= 0; length--) {
    const got = applied(whole.subarray(0, length));
    assertEquals(got, records.slice(0, got.length), `cut at ${length}`);
    if (length < whole.length) assert(got.length < records.length);
  }
});

Deno.test("replay() never applies a record of which a bit was flipped", () => {
  const whole = journal();
  for (let at = 0; at < whole.length; at++) {
    for (const bit of [1, 0x80]) {
      const damaged = whole.slice();
      damaged[at] ^= bit;
      const got = applied(damaged);
      assertEquals(got, records.slice(0, got.length), `byte ${at}`);
      if (at >= 8 && at < journalHeadBytes) continue; // the generation, which is any number
      assert(got.length < records.length, `byte ${at} was not missed`);
    }
  }
});

Deno.test("replay() goes on from where an earlier one ended", () => {
  const whole = journal(), first = journalHeadBytes + encodeRecord(records[0]).length;
  const seen: number[] = [];
  assertEquals(replay(whole, first, ({ shard }) => seen.push(shard)), { end: whole.length });
  assertEquals(seen, [256, 255]);
});
