import { assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { libc } from "../os/mod.ts";
import type { Message } from "../protocol/mod.ts";
import { environmentOf } from "./circumstances.ts";
import { newJob } from "./job.ts";
import { isStatic, type PrepareOptions, prepareRun } from "./prepare.ts";

libc(); // opened once for all tests

Deno.test("isStatic() tells programs without a loader from others", () => {
  const folder = Deno.makeTempDirSync({ prefix: "zc-prepare-" });
  try {
    Deno.writeTextFileSync(`${folder}/a.c`, "int main(void) { return 0; }\n");
    Deno.writeTextFileSync(`${folder}/script`, "#!/bin/sh\n", { mode: 0o755 });
    for (
      const [name, ...words] of [["static", "-static"], ["static-pie", "-static-pie"], ["dynamic", "-O1"]]
    ) {
      const args = [...words, "a.c", "-o", name];
      assertEquals(new Deno.Command("gcc", { args, cwd: folder }).outputSync().success, true);
    }
    const told = ["static", "static-pie", "dynamic", "script", "missing"].map((name) =>
      isStatic(fromText(`${folder}/${name}`))
    );
    assertEquals(told, [true, true, false, false, false]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

const searches: [variable: string, lists: boolean][] = [
  ["", true],
  ["ZCCACHE_SEARCH=list\0", true],
  ["ZCCACHE_SEARCH=ask\0", false],
  ["ZCCACHE_SEARCH=Ask\0", false],
];
for (const [env, lists] of searches) {
  Deno.test(`prepareRun() lets a compiler ${lists ? "list folders" : "ask"} with "${env.slice(0, -1)}"`, () => {
    const ask = { argv: ["gcc"], cwd: "/", tool: "/usr/bin/gcc", flags: 0, window: 0 } as unknown as Message<
      "ask"
    >;
    const job = Object.assign(newJob(1, ask), { kind: "link", environment: environmentOf(env) });
    const told: boolean[] = [];
    const records = { take: (facts: { lists: boolean }) => (told.push(facts.lists), { path: "/record" }) };
    const options = { records, tracer: "/trace.so", trace: "auto", interpreters: [], inputs: {} };
    prepareRun(job, options as unknown as PrepareOptions);
    assertEquals(told, [lists]);
  });
}
