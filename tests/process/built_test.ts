/** What scripts/build leaves in dist/. */
import { Buffer } from "node:buffer";
import { assert } from "@std/assert";
import { engine } from "./engine.ts";

const dist = new URL("../../dist/", import.meta.url).pathname;

Deno.test({
  name: "the executable carries the program and V8's code of it",
  ignore: engine.length > 1,
  fn: () => {
    const executable = Buffer.from(Deno.readFileSync(engine[0]));
    for (const [name, least] of [["main.js", 500_000], ["code", 300_000]] as const) {
      const bytes = Deno.readFileSync(`${dist}program/${name}`);
      assert(bytes.length > least, `${name} has ${bytes.length} bytes`);
      assert(executable.indexOf(bytes) > 0, `dist/zccache does not hold dist/program/${name}`);
    }
  },
});
