import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { asScript, programModules } from "./script.ts";

Deno.test("asScript() takes imports and import.meta from what it is given, and says nothing else anew", () => {
  const bundle = [
    "// lib/a.ts",
    'import { createHash } from "node:crypto";',
    'import { Buffer as Buffer2, kMaxLength } from "node:buffer";',
    "var here = import.meta.dirname;",
    'var text = "import of nothing";',
    "",
  ].join("\n");
  const lines = asScript(bundle).split("\n");
  assertEquals(lines.slice(1, -1), [
    "// lib/a.ts",
    'const { createHash } = modules["node:crypto"];',
    'const { Buffer: Buffer2, kMaxLength } = modules["node:buffer"];',
    "var here = meta.dirname;",
    'var text = "import of nothing";',
    "",
  ]);
  assertStringIncludes(lines[0], "async function (modules, meta, ");
});

for (
  const line of [
    'import { readFile } from "node:fs";',
    'import * as all from "node:crypto";',
    'import "node:crypto";',
    "export { main };",
    "var all = import.meta;",
  ]
) {
  Deno.test(`asScript() refuses what a script cannot have: ${line}`, () => {
    assertThrows(() => asScript(`var a = 1;\n${line}\n`), Error);
  });
}

Deno.test("the modules that a program may import are those of Node that it is given", async () => {
  for (const name of programModules) assertEquals(typeof await import(name), "object", name);
});
