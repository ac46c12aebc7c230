import { assertEquals } from "@std/assert";
import { samePlaces, sameQuestion } from "./same_question.ts";
import { encodeUnits, Units } from "./shard.ts";
import { unitOf } from "./testing.ts";
import type { Unit } from "./unit.ts";

const unit = unitOf("a"), [first, second] = unit.inputs, { absences } = unit;
const cases: { name: string; other: Unit; same: boolean; closer?: true }[] = [
  { name: "itself", other: unitOf("a"), same: true },
  {
    name: "another result",
    other: { ...unit, wallUs: 1, storedAt: 2, result: { ...unit.result, err: first.value } },
    same: true,
  },
  {
    name: "another signature",
    other: { ...unit, inputs: [{ ...first, signature: first.signature.slice().fill(9) }, second] },
    same: true,
  },
  { name: "another order", other: { ...unit, inputs: [second, first] }, same: true, closer: true },
  { name: "another terminal", other: { ...unit, terminal: "80x24" }, same: false },
  { name: "another environment", other: { ...unit, environment: [["LANG", "de"]] }, same: false },
  { name: "another content", other: unitOf("a", "other"), same: false },
  { name: "one input less", other: { ...unit, inputs: [first] }, same: false },
  {
    name: "another kind",
    other: { ...unit, inputs: [{ ...first, kind: 2 }, second] },
    same: false,
    closer: true,
  },
  {
    name: "another path",
    other: { ...unit, inputs: [first, { ...second, path: "/x" }] },
    same: false,
    closer: true,
  },
  {
    name: "a longer path",
    other: { ...unit, inputs: [first, { ...second, path: second.path + "/" }] },
    same: false,
    closer: true,
  },
  { name: "no absences", other: { ...unit, absences: { ...absences, names: [] } }, same: false },
  {
    name: "another absent name",
    other: { ...unit, absences: { ...absences, names: [absences.names[0], { list: 1, name: "x.h" }] } },
    same: false,
  },
  {
    name: "a name absent elsewhere",
    other: { ...unit, absences: { ...absences, names: [absences.names[0], { list: 0, name: "w.h" }] } },
    same: false,
  },
];

for (const { name, other, same, closer } of cases) {
  Deno.test(`sameQuestion() and samePlaces() with ${name}`, () => {
    assertEquals([sameQuestion(unit, other), sameQuestion(other, unit)], [same, same]);
    const more = unitOf("more", "of other rows");
    const a = new Units(encodeUnits([{ unit: more, used: 0 }, { unit, used: 0 }]));
    const b = new Units(encodeUnits([{ unit: other, used: 0 }]));
    const wanted = closer ? undefined : same;
    assertEquals(samePlaces({ units: a, at: 1 }, { units: b, at: 0 }), wanted);
    assertEquals(samePlaces({ units: b, at: 0 }, { units: a, at: 1 }), wanted);
  });
}
