import { assertEquals, assertThrows } from "@std/assert";
import { Rows, RowsBuilder } from "./rows.ts";
import { runThrough } from "./slice.ts";

const width = 8;
const bytes = (n: number) => new Uint8Array(width).fill(n);
/** Rows as values: kind, path, number that fills the data. */
type Value = [kind: number, path: string, fill: number];
const values: Value[] = [[1, "/a", 1], [1, "/a", 2], [2, "/a", 1], [1, "/a\xff", 1], [1, "", 0]];

function tableOf(rows: readonly Value[]): Rows {
  const builder = new RowsBuilder(width);
  for (const [kind, path, fill] of rows) {
    builder.add(kind, path, bytes(fill).subarray(0, 3), bytes(fill).subarray(3));
  }
  return new Rows(builder.columns(), width);
}
function valuesOf(table: Rows): Value[] {
  return Array.from(
    { length: table.count },
    (_, i) => [table.kind(i), table.path(i), table.data(i, 0, width)[0]],
  );
}
const many = Array.from({ length: 500 }, (_, i): Value => [i % 3, `/folder/${i >> 1}`, i % 2]);

Deno.test("a table gives back rows that differ in one field, each once, by number", () => {
  assertEquals(valuesOf(tableOf([...values, ...values.toReversed()])), values);
  assertEquals(valuesOf(tableOf([...many, ...many])), many);
});

Deno.test("rows are copied from table to table, also onto one that was taken over whole", () => {
  const from = tableOf([...values, ...many]);
  for (const adopted of [false, true]) {
    const builder = new RowsBuilder(width);
    if (adopted) runThrough(builder.adopt(tableOf(many)));
    const numbers = Array.from({ length: from.count }, (_, row) => builder.copy(from, row));
    const made = new Rows(builder.columns(), width), all = valuesOf(made);
    assertEquals(numbers.map((number) => all[number]), [...values, ...many]);
    assertEquals(made.count, from.count);
  }
});

Deno.test("a table is filled with rows that nobody shares, one after the other", () => {
  const rows = [...values, ...many].map(([kind, path, fill]) => ({
    kind,
    path,
    value: bytes(fill).subarray(0, 3),
    signature: bytes(fill).subarray(3),
  }));
  const builder = new RowsBuilder(width);
  for (const wanted of [rows, rows.slice(0, 3), []]) {
    builder.clear();
    runThrough(builder.fill(wanted));
    assertEquals(valuesOf(new Rows(builder.columns(), width)), [...values, ...many].slice(0, wanted.length));
  }
  const short = { ...rows[0], value: new Uint8Array(2) };
  assertThrows(() => runThrough(new RowsBuilder(width).fill([short])), Error, "7 bytes");
});

Deno.test("a row's parts must be as long as the width", () => {
  assertThrows(() => new RowsBuilder(width).add(1, "/a", bytes(1).subarray(1)), Error, "7 bytes");
});

Deno.test("columns that are none of one table are refused", () => {
  const { columns } = tableOf(values);
  for (const name of ["kinds", "data", "pathEnds", "paths"] as const) {
    const cut = { ...columns, [name]: columns[name].subarray(1) };
    assertThrows(() => new Rows(cut, width), Error, "differ in length");
  }
});
