import { assertEquals } from "@std/assert";
import { importsOf, mayImport, openFiles, problemOf } from "./layers.ts";
import { exists, projectFolder } from "./steps.ts";

Deno.test("importsOf() finds imports of every form with their lines, and none in comments", () => {
  const text = `/** import { no } from "../no/mod.ts" */
import { a } from "../os/mod.ts";
import type {
  B,
} from "./b.ts";
export * from "../../lib/base/c.ts"; // from "../no/mod.ts"
import "./d.ts";
const e = await import("./e.ts");
import { f } from "@std/assert";
`;
  assertEquals(importsOf("lib/store/x.ts", text).map(({ to, line }) => `${line} ${to}`), [
    "2 lib/os/mod.ts",
    "5 lib/store/b.ts",
    "6 lib/base/c.ts",
    "7 lib/store/d.ts",
    "8 lib/store/e.ts",
  ]);
});

// deno-fmt-ignore: a table
const cases: [from: string, to: string, problem: string | undefined][] = [
  ["lib/store/a.ts", "lib/store/b.ts", undefined],
  ["lib/store/a.ts", "lib/base/digest.ts", undefined],
  ["lib/store/a.ts", "lib/os/mod.ts", undefined],
  ["lib/lookup/a.ts", "lib/trace/format.ts", undefined],
  ["main.ts", "lib/cli/main.ts", undefined],
  ["lib/store/a.ts", "lib/os/statx.ts", "lib/os/statx.ts is not the door of its folder: import lib/os/mod.ts"],
  ["lib/store/a.ts", "lib/daemon/mod.ts", "lib/store may not import lib/daemon"],
  ["lib/base/a.ts", "lib/os/mod.ts", "lib/base may not import lib/os"],
  ["lib/store/a.ts", "tests/x.ts", "lib/ may not import tests/x.ts"],
  ["lib/util/a.ts", "lib/base/digest.ts", "scripts/layers.ts has no row for lib/util"],
];
for (const [from, to, problem] of cases) {
  Deno.test(`problemOf() ${problem === undefined ? "accepts" : "refuses"} ${to} in ${from}`, () => {
    assertEquals(problemOf({ from, to, line: 1 }), problem);
  });
}

Deno.test("mayImport goes one way: a folder imports only those above it in the table", () => {
  const order = Object.keys(mayImport);
  const wrong = order.flatMap((folder, i) => mayImport[folder].filter((other) => order.indexOf(other) >= i));
  assertEquals(wrong, []);
  assertEquals(Object.values(mayImport).flat().filter((other) => !order.includes(other)), []);
});

Deno.test("openFiles are all there", () => {
  assertEquals(openFiles.filter((path) => !exists(`${projectFolder}/${path}`)), []);
});
