import { assert, assertEquals } from "@std/assert";
import { type Input, inputKinds, noSignature, type Unit } from "../store/unit.ts";
import { madeAnywhere, type Slot } from "./anywhere.ts";

const input = (path: string, kind: Input["kind"] = inputKinds.content): Input => ({
  kind,
  path,
  value: new Uint8Array(32).fill(1),
  signature: noSignature,
});

function unitOf(inputs: Input[]): Unit {
  return {
    key: new Uint8Array(32),
    environment: [],
    terminal: "",
    inputs,
    absences: { folders: [], lists: [], names: [] },
    result: { status: 0, out: new Uint8Array(0), err: new Uint8Array(0), oneOutput: false, outputs: [] },
    workKind: "compile",
    wallUs: 0,
    storedAt: 0,
  };
}

const moved = (inputs: Input[], slot: Slot) => madeAnywhere(unitOf(inputs), new Uint8Array(32), slot).inputs;

Deno.test("madeAnywhere() gives the same statement for the same statement, in one folder after another", () => {
  const statements = [
    input("/w/a.h"),
    input("/w2/b.h"),
    input("/usr/c.h"),
    input("/w", inputKinds.real_path),
  ];
  const slots: [Slot, string[]][] = [
    [{ name: "$cwd", folder: "/w" }, ["$cwd/a.h", "/w2/b.h", "/usr/c.h", "$cwd"]],
    [{ name: "$cwd", folder: "/w2" }, ["/w/a.h", "$cwd/b.h", "/usr/c.h", "/w"]],
    [{ name: "$root", folder: "/w" }, ["$root/a.h", "/w2/b.h", "/usr/c.h", "$root"]],
  ];
  for (const [slot, paths] of [...slots, ...slots]) {
    const once = moved(statements, slot), again = moved([...statements], { ...slot });
    assertEquals(once.map(({ path }) => path), paths);
    assert(once.every((statement, i) => statement === again[i]), "others are made each time");
  }
  const [, , , place] = moved(statements, { name: "$cwd", folder: "/w" });
  assertEquals([place.kind, place.value], [inputKinds.physical, new Uint8Array(32)]);
  assertEquals(statements[3], input("/w", inputKinds.real_path));
});
