import { assert, assertEquals } from "@std/assert";
import { Encoder } from "./encoder.ts";
import { Index } from "./index.ts";
import { recordKinds } from "./journal.ts";
import { encodeShard, encodeUnits, type Row, type UnitRow, Units } from "./shard.ts";
import { runThrough, type Steps } from "./slice.ts";
import { unitOf } from "./testing.ts";

const rows: UnitRow[] = ["a", "b", "c"].map((name, i) => ({
  unit: unitOf(name, `${i % 2}`),
  used: 1_000 + i,
}));
const none = new Set<number>();
const d: UnitRow = { unit: unitOf("d", "other"), used: 4 };

function decoded(value: Uint8Array): UnitRow[] {
  const units = new Units(value);
  return Array.from({ length: units.count }, (_, i) => ({ unit: units.unit(i), used: units.used(i) }));
}
/** A unit of so many inputs that no other has. */
function long(name: string, count: number): UnitRow {
  const unit = unitOf(name);
  unit.inputs = Array.from({ length: count }, (_, i) => ({
    ...unit.inputs[0],
    path: `/usr/include/${name}/${i}.h`,
  }));
  return { unit, used: 0 };
}
function countSteps(steps: Steps<unknown>): number {
  let count = 0;
  while (!steps.next().done) count++;
  return count;
}

Deno.test("units of a whole shard are as if each had been copied, with newer uses", () => {
  const whole = new Units(encodeUnits(rows)), record = new Units(encodeUnits([d]));
  const more: Row[] = [{ packed: record, at: 0, used: 4 }, { unit: unitOf("e"), used: 5 }];
  const got = encodeUnits([{ whole, without: none, used: new Map([[1, 77]]) }, ...more]);
  const copied = rows.map((_, at): Row => ({ packed: whole, at, used: at === 1 ? 77 : whole.used(at) }));
  assertEquals(got, encodeUnits([...copied, ...more]));
  assertEquals(decoded(got).map(({ used }) => used), [1_000, 77, 1_002, 4, 5]);
  assertEquals(decoded(encodeUnits([{ whole, without: none, used: new Map() }])), rows);
  assertEquals(
    decoded(encodeUnits([{ whole: new Units(encodeUnits([])), without: none, used: new Map() }, d])),
    [d],
  );
});

Deno.test("an encoder that pauses is not disturbed by another, and may be used again", () => {
  const encoder = new Encoder(), whole = new Units(encodeUnits(rows));
  const list: Row[] = [{ whole, without: none, used: new Map() }, d];
  for (let round = 0; round < 2; round++) {
    const steps = encoder.encode(list);
    let step = steps.next();
    for (; !step.done; step = steps.next()) encodeUnits([long("z", 40), ...rows]);
    assertEquals(decoded(step.value), [...rows, d]);
    assertEquals(decoded(runThrough(encoder.encode([d]))), [d], "nothing of before is left");
  }
});

Deno.test("an encoder may pause between units and within long ones and long tables", () => {
  const few = countSteps(new Encoder().encode([d]));
  assert(countSteps(new Encoder().encode(Array(100).fill(d))) >= few + 99, "between units");
  assert(countSteps(new Encoder().encode([long("x", 5_000)])) >= few + 4, "within a unit");
  const whole = new Units(encodeUnits([long("x", 5_000), d])), used = new Map<number, number>();
  assert(countSteps(new Encoder().encode([{ whole, without: none, used }])) >= few + 4, "within a table");
  assert(countSteps(new Encoder().encode([{ whole, without: new Set([1]), used }])) >= few + 8, "and a copy");
});

Deno.test("units that went leave nothing behind, wherever they stood", () => {
  const all = [...rows, d, long("x", 1_100), { unit: unitOf("last"), used: 9 }];
  const whole = new Units(encodeUnits(all));
  for (let at = 0; at < all.length; at++) {
    for (
      const without of [
        new Set([at]),
        new Set([at, 4]),
        new Set([...all.keys()].filter((i) => i !== at)),
      ]
    ) {
      const wanted = [...all.filter((_, i) => !without.has(i)), { unit: unitOf("new"), used: 1 }];
      const got = encodeUnits([{ whole, without, used: new Map([[3, 4]]) }, wanted.at(-1)!]);
      assertEquals(decoded(got), wanted, `without ${[...without]}`);
      assertEquals(got.length, encodeUnits(wanted).length);
    }
  }
});

Deno.test("a shard's snapshot may pause between the records that it takes in", () => {
  const shard = d.unit.key[0], file = encodeShard([d]), index = new Index(() => file, () => {});
  const few = countSteps(index.snapshot(shard, new Encoder(), file));
  for (let i = 0; i < 100; i++) {
    const body = encodeUnits([{ unit: { ...d.unit, storedAt: i }, used: 0 }]); // each replaces the one before
    index.take({ shard, kind: recordKinds.unit, body });
  }
  assert(countSteps(index.snapshot(shard, new Encoder(), file)) >= few + 100);
});
