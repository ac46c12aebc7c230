/**
 * Units as compiles leave them, for measuring the store: each with headers of one project, a source and an output of
 * its own, and absences in 4 folders.
 *
 *     deno run -A scripts/bench_units.ts shards <cache>/v1 <count>     writes so many into the shards
 *     deno run -A scripts/bench_units.ts journal <cache>/v1 <count>    appends so many others to the journal
 *
 * Keeps true: what was stored before stays.
 *
 * @module
 */
import { sha256 } from "../lib/base/digest.ts";
import { names } from "../lib/store/layout.ts";
import { Store } from "../lib/store/mod.ts";
import { encodeShard, type Row, Units, unsealed } from "../lib/store/shard.ts";
import { type Absences, type Input, inputKinds, type Unit } from "../lib/store/unit.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** How many headers a project has, and how many of them one compile reads. */
export interface Shape {
  headers: number;
  each: number;
}
/** As the issue asks for: 50,000 units of 300 headers, of a project with a few thousand. */
export const largeShape: Shape = { headers: 4_000, each: 300 };

const absences: Absences = {
  folders: [0, 1, 2, 3].map((i) => ({
    path: `/usr/include/${i}`,
    gone: false,
    signature: new Uint8Array(48).fill(i),
  })),
  lists: [[0, 1], [0, 1, 2, 3]],
  names: Array.from({ length: 40 }, (_, i) => ({ list: i % 2, name: `header${i}.h` })),
};

/** Makes units by number. */
export function unitsOf({ headers: count, each }: Shape): (i: number) => Unit {
  const headers: Input[] = Array.from({ length: count }, (_, i) => ({
    kind: inputKinds.content,
    path: `/home/user/project/include/module${i % 40}/header${i}.h`,
    value: sha256(text(`header ${i}`)),
    signature: new Uint8Array(new BigUint64Array([1n, BigInt(i), 900n, 17n, 17n, 33188n]).buffer),
  }));
  return (i) => {
    const source = {
      ...headers[0],
      path: `/home/user/project/src/file${i}.c`,
      value: sha256(text(`source ${i}`)),
    };
    return {
      key: sha256(text(`action ${i}`)),
      environment: [["LANG", "C"], ["CPATH", null], ["SOURCE_DATE_EPOCH", null]],
      terminal: "",
      inputs: [source, ...Array.from({ length: each - 1 }, (_, n) => headers[(i * 31 + n * 7) % count])],
      absences,
      result: {
        status: 0,
        out: new Uint8Array(0),
        err: new Uint8Array(0),
        oneOutput: false,
        outputs: [{
          path: `$cwd/file${i}.o`,
          blob: sha256(text(`object ${i}`)),
          text: "",
          style: 3,
          mode: 0o666,
          size: 9_000,
        }],
      },
      workKind: "compile",
      wallUs: 300_000,
      storedAt: 1_700_000_000_000 + i,
    };
  };
}

function writeShards(folder: string, count: number): void {
  const make = unitsOf(largeShape), byShard = Map.groupBy(Array(count).keys(), (i) => make(i).key[0]);
  for (const [shard, numbers] of byShard) {
    const path = `${folder}/${names.shard(shard)}`;
    const rows: Row[] = numbers.map((i) => ({ unit: make(i), used: Date.now() }));
    Deno.writeFileSync(path, encodeShard([...rowsAt(path), ...rows]), { mode: 0o600 });
  }
}

function rowsAt(path: string): Row[] {
  try {
    const units = new Units(unsealed(Deno.readFileSync(path))!);
    return Array.from({ length: units.count }, (_, i) => ({ unit: units.unit(i), used: units.used(i) }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** As if a process had put them and was killed: they wait in the journal for the next flush. */
function appendJournal(folder: string, count: number): void {
  const make = unitsOf(largeShape), log = { info: () => {}, warn: (line: string) => console.error(line) };
  const store = Store.open({
    folder,
    mode: "one-shot",
    flushMs: 3_600_000,
    maxPending: 1 << 30,
    budgetBytes: 2 ** 40,
    signal: new AbortController().signal,
    log,
    now: () => Date.now(),
  });
  for (let i = 0; i < count; i++) store.put(make(1_000_000 + i));
  Deno.exit(0);
}

if (import.meta.main) {
  const [how, folder, count] = Deno.args;
  (how === "shards" ? writeShards : appendJournal)(folder, Number(count));
}
