import { assert, assertEquals } from "@std/assert";
import { codeRows } from "./codes.ts";
import { Index, maxCandidates } from "./index.ts";
import { type JournalRecord, recordKinds } from "./journal.ts";
import { Encoder } from "./encoder.ts";
import { filesShard } from "./layout.ts";
import { encodeShard, encodeUnits, sealed } from "./shard.ts";
import { runThrough } from "./slice.ts";
import { keyOf, text, unitOf } from "./testing.ts";

/** An index over snapshots by shard. */
function setup(snapshots: Record<number, Uint8Array> = {}) {
  const warnings: string[] = [], read: number[] = [];
  const index = new Index(
    (shard) => (read.push(shard), snapshots[shard]),
    (text) => void warnings.push(text),
  );
  const stored = (name: string) => index.candidates(keyOf(name)).map(({ unit }) => unit);
  return { index, warnings, read, stored };
}
const recordOf = (name: string, value?: string): JournalRecord => {
  const unit = unitOf(name, value);
  return { shard: unit.key[0], kind: recordKinds.unit, body: encodeUnits([{ unit, used: 7 }]) };
};
/** What is written of a shard now. */
const valueOf = (index: Index, shard: number) =>
  runThrough(index.snapshot(shard, new Encoder(), undefined)).value.slice();
const shardOf = (name: string) => keyOf(name)[0];

Deno.test("Index reads a shard at the first question about it, once", () => {
  const { index, read, stored } = setup({ [shardOf("a")]: encodeShard([{ unit: unitOf("a"), used: 5 }]) });
  assertEquals(read, []);
  for (let i = 0; i < 2; i++) assertEquals(stored("a"), [unitOf("a")]);
  assertEquals([read, index.candidates(keyOf("a"))[0].used], [[shardOf("a")], 5]);
});

Deno.test("Index applies journal records on top of a shard, whether it was read before or not", () => {
  for (const before of [false, true]) {
    const { index, stored } = setup({ [shardOf("a")]: encodeShard([{ unit: unitOf("a", "old"), used: 5 }]) });
    if (before) stored("a");
    index.take(recordOf("a", "new"));
    assertEquals(stored("a"), [unitOf("a", "new"), unitOf("a", "old")]);
    assertEquals([...index.dirty], [shardOf("a")]);
  }
});

Deno.test("Index keeps records of use and of drops, by action and moment", () => {
  const source = setup();
  const first = source.index.put({ ...unitOf("a", "1"), storedAt: 1 }, 10);
  source.index.put({ ...unitOf("a", "2"), storedAt: 2 }, 10);
  const used = source.index.about(first.id, 99)!, dropped = source.index.about(first.id, 0)!;
  const { index } = setup({ [shardOf("a")]: sealed(valueOf(source.index, shardOf("a"))) });
  index.take({ ...used, kind: recordKinds.use });
  const usedOf = () => index.candidates(keyOf("a")).map(({ unit, used }) => [unit.storedAt, used]);
  assertEquals(usedOf(), [[2, 10], [1, 99]]);
  index.take({ ...dropped, kind: recordKinds.drop });
  assertEquals(usedOf(), [[2, 10]]);
  index.take({ ...dropped, kind: recordKinds.drop });
  assertEquals(usedOf(), [[2, 10]], "a second drop of the same finds nothing");
});

Deno.test("Index replaces a unit only by one of equal statements and circumstances", () => {
  const { index, stored } = setup();
  index.put(unitOf("a"), 0);
  index.put({ ...unitOf("a"), wallUs: 1 }, 0);
  assertEquals(stored("a").map(({ wallUs }) => wallUs), [1]);
  const others = [
    { ...unitOf("a"), terminal: "80x24" },
    { ...unitOf("a"), environment: [["LANG", "de"]] as [string, string][] },
    unitOf("a", "other content"),
    { ...unitOf("a"), inputs: unitOf("a").inputs.slice(1) },
    { ...unitOf("a"), absences: { ...unitOf("a").absences, names: [] } },
  ];
  for (const unit of others) index.put(unit, 0);
  assertEquals(stored("a").length, 1 + others.length);
});

Deno.test("Index drops the oldest candidates of an action beyond the limit", () => {
  const { index, stored } = setup();
  for (let i = 0; i < maxCandidates + 3; i++) index.put({ ...unitOf("a", `${i}`), storedAt: i }, 0);
  assertEquals(
    stored("a").map(({ storedAt }) => storedAt),
    Array.from({ length: maxCandidates }, (_, i) => maxCandidates + 2 - i),
  );
});

Deno.test("Index gives ids that find their unit until it is dropped", () => {
  const { index } = setup();
  const { id } = index.put(unitOf("a"), 0), other = index.put(unitOf("b"), 0);
  assert(index.get(id)?.unit.key === index.candidates(keyOf("a"))[0].unit.key && other.id !== id);
  index.drop(id);
  assertEquals([index.get(id), index.about(id, 0), index.candidates(keyOf("a"))], [undefined, undefined, []]);
  index.drop(id); // a second time is no error
});

Deno.test("Index warns of a shard that is damaged or not understood, and goes on without it", () => {
  const damaged = encodeShard([{ unit: unitOf("a"), used: 5 }]);
  damaged[damaged.length - 1] ^= 1;
  const noise = [
    damaged,
    new Uint8Array(0),
    sealed(new Uint8Array(0)),
    sealed(text("noise")),
    sealed(new Uint8Array([0x80])),
  ];
  for (const file of noise) {
    const { index, warnings, stored } = setup({ [shardOf("a")]: file });
    assertEquals([stored("a"), warnings.length], [[], 1]);
    index.put(unitOf("a"), 0);
    assertEquals(stored("a"), [unitOf("a")]);
  }
});

Deno.test("Index warns of records that are not understood, and goes on", () => {
  const { index, warnings, stored } = setup();
  stored("a");
  for (const kind of [recordKinds.unit, recordKinds.file, recordKinds.drop]) {
    index.take({ shard: shardOf("a"), kind, body: new Uint8Array([0xc1]) });
  }
  index.take(recordOf("a"));
  assertEquals([warnings.length, stored("a").length], [3, 1]);
});

Deno.test("Index keeps digests of files, from the snapshot and from records; the newer counts", () => {
  const source = setup(), signature = new Uint8Array(48).fill(1), digest = keyOf("x");
  source.index.putFile("/usr/bin/cc", { signature, digest });
  source.index.putFile("/usr/bin/ld", { signature, digest });
  const { index } = setup({ [filesShard]: sealed(source.index.filesValue()) });
  index.take(source.index.putFile("/usr/bin/cc", { signature, digest: keyOf("y") }));
  assertEquals(index.file("/usr/bin/cc")?.digest, keyOf("y"));
  assertEquals(index.file("/usr/bin/ld"), { signature, digest });
  assertEquals(index.file("/usr/bin/as"), undefined);
});

Deno.test("Index keeps codes beside digests of files, from the snapshot and from records", () => {
  const source = setup(),
    code = { digest: keyOf("code"), mark: 2 },
    none = { digest: undefined, mark: 3 };
  source.index.putFile("/usr/bin/cc", { signature: new Uint8Array(48), digest: keyOf("x") });
  source.index.putCodes(codeRows([[keyOf("a"), code], [keyOf("b"), none]]));
  const { index, warnings } = setup({ [filesShard]: sealed(source.index.filesValue()) });
  index.take(source.index.putCodes(codeRows([[keyOf("c"), code]])));
  assertEquals(["a", "b", "c", "d"].map((name) => index.code(keyOf(name))), [code, none, code, undefined]);
  assertEquals(index.file("/usr/bin/cc")?.digest, keyOf("x"));
  index.take({ ...source.index.putCodes(codeRows([[keyOf("e"), code]])), body: new Uint8Array(7) });
  assertEquals([index.code(keyOf("e")), warnings.length], [undefined, 1]);
});

Deno.test("Index lets go of records that a snapshot holds, and of no later one", () => {
  const { index, stored } = setup(), shard = shardOf("a");
  index.take(recordOf("a", "in the snapshot"));
  const steps = index.snapshot(shard, new Encoder(), undefined);
  steps.next();
  index.take(recordOf("a", "later"));
  runThrough(steps).written();
  assertEquals([[...index.dirty], index.holds(shard)], [[shard], false]);
  assertEquals(stored("a"), [unitOf("a", "later")], "there is no file, so that is all");
  assertEquals(index.holds(shard), true);
});

Deno.test("Index holds what a walk alone needed until it is over, and what the walk changed until it is written", () => {
  const [a, b, c] = ["a", "b", "c"].map(shardOf);
  const { index, stored } = setup({
    [a]: encodeShard([{ unit: unitOf("a"), used: 5 }]),
    [b]: encodeShard([{ unit: unitOf("b"), used: 5 }]),
    [c]: encodeShard([{ unit: unitOf("c"), used: 5 }]),
  });
  const held = () => [a, b, c].map((shard) => index.holds(shard));
  assertEquals([[...index.counts()].reduce((sum, count) => sum + count), held()], [3, [false, false, false]]);
  stored("c");
  for (const { id, key } of [...index.all()]) if (key[0] === b) index.drop(id);
  assertEquals(held(), [true, true, true]);
  index.letGo();
  assertEquals([held(), [...index.counts()].reduce((sum, count) => sum + count)], [[false, true, true], 2]);
  runThrough(index.snapshot(b, new Encoder(), undefined)).written();
  assertEquals([held(), [...index.dirty]], [[false, false, true], []]);
});

Deno.test("Index.forget() reads everything anew", () => {
  const { index, read, stored } = setup({ [shardOf("a")]: encodeShard([{ unit: unitOf("a"), used: 5 }]) });
  index.put(unitOf("a", "in memory alone"), 0);
  index.forget();
  assertEquals([index.dirty.size, stored("a"), read.length], [0, [unitOf("a")], 2]);
});
