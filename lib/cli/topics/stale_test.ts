import { assert, assertEquals } from "@std/assert";
import { staleRows } from "./stale.ts";

Deno.test("what other caches get wrong is a scenario of ours, each once", () => {
  const names = staleRows.map(({ scenario }) => scenario);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) {
    assert(Deno.statSync(new URL(`../../../tests/scripts/${name}.txtar`, import.meta.url)).isFile);
  }
  for (const { scenario, on } of staleRows) assert(on.length > 0, scenario);
});
