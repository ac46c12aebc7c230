import { assert, assertEquals } from "@std/assert";
import { sha256 } from "../base/digest.ts";
import { encodeShard, encodeUnits, sealed, type UnitRow, Units, unsealed } from "./shard.ts";
import { text, unitOf } from "./testing.ts";

const rows: UnitRow[] = ["a", "b", "c"].map((name, i) => ({
  unit: unitOf(name, `value ${i % 2}`),
  used: 1_000 + i,
}));

function decoded(value: Uint8Array): UnitRow[] {
  const units = new Units(value);
  return Array.from({ length: units.count }, (_, i) => ({ unit: units.unit(i), used: units.used(i) }));
}

Deno.test("a shard gives back its units whole, with their keys and uses", () => {
  const value = unsealed(encodeShard(rows))!;
  assertEquals(decoded(value), rows);
  assertEquals(rows.map((_, i) => new Units(value).key(i)), rows.map(({ unit }) => unit.key));
});

Deno.test("a shard gives back units without inputs, absences, outputs or text", () => {
  const unit = unitOf("bare");
  unit.inputs = [], unit.environment = [];
  unit.absences = { folders: [], lists: [], names: [] };
  unit.result = { status: 0, out: new Uint8Array(0), err: new Uint8Array(0), oneOutput: true, outputs: [] };
  assertEquals(decoded(encodeUnits([{ unit, used: 0 }])), [{ unit, used: 0 }]);
  assertEquals(decoded(encodeUnits([])), []);
});

Deno.test("a shard is read at any offset within its bytes", () => {
  const file = encodeShard(rows), shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  assertEquals(decoded(unsealed(shifted.subarray(3))!), rows);
});

Deno.test("a shard holds what its units share once", () => {
  const unit = unitOf("a");
  unit.inputs = Array.from({ length: 300 }, (_, i) => ({
    ...unit.inputs[0],
    path: `/usr/include/header${i}.h`,
    value: sha256(text(`${i}`)),
  }));
  const one = encodeUnits([{ unit, used: 0 }]).length;
  const ten = encodeUnits(
    Array.from({ length: 10 }, (_, i) => ({ unit: { ...unit, key: sha256(text(`${i}`)) }, used: 0 })),
  );
  assert(ten.length < one * 1.6, `${ten.length} of ${one}`);
});

Deno.test("statements that differ in one field are kept apart", () => {
  const unit = unitOf("a"), [input] = unit.inputs;
  unit.inputs = [
    input,
    { ...input, kind: 2 },
    { ...input, path: "/other" },
    { ...input, value: sha256(text("other")) },
    { ...input, signature: new Uint8Array(48).fill(9) },
  ];
  assertEquals(decoded(encodeUnits([{ unit, used: 0 }]))[0].unit.inputs, unit.inputs);
});

Deno.test("unsealed() gives nothing where a bit is flipped, bytes are cut or the version is another", () => {
  const file = encodeShard(rows.slice(0, 1));
  for (let at = 0; at < file.length; at++) {
    const damaged = file.slice();
    damaged[at] ^= 1 << at % 8;
    assertEquals(unsealed(damaged), undefined, `byte ${at}`);
    assertEquals(unsealed(file.subarray(0, at)), undefined, `cut at ${at}`);
  }
  const other = sealed(text("value"));
  assertEquals(unsealed(other), text("value"));
  other.set(text("zcshard1"));
  assertEquals(unsealed(other), undefined);
});

Deno.test("units are merged from shards, records and memory as bytes, whichever are left", () => {
  const first = new Units(encodeUnits(rows)),
    record = new Units(encodeUnits([{ unit: unitOf("d"), used: 4 }]));
  const fresh = { unit: unitOf("e", "other"), used: 5 };
  const from = (packed: Units, at: number) => ({ packed, at, used: packed.used(at) });
  for (const kept of [[0, 1, 2], [1], [2, 0], []]) {
    const merged = encodeUnits([...kept.map((at) => from(first, at)), from(record, 0), fresh]);
    assertEquals(decoded(merged), [...kept.map((at) => rows[at]), { unit: unitOf("d"), used: 4 }, fresh]);
    const alone = encodeUnits([...kept.map((at) => rows[at]), { unit: unitOf("d"), used: 4 }, fresh]);
    assertEquals(merged.length, alone.length, "nothing is left of what went");
  }
});

Deno.test("a unit that is given holds no byte of its shard", () => {
  const value = encodeUnits(rows), [{ unit }] = decoded(value);
  value.fill(0);
  assertEquals(unit, rows[0].unit);
});
