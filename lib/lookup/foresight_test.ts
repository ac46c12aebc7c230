import { assertEquals } from "@std/assert";
import { namesOf } from "../compilers/mod.ts";
import { styles } from "../protocol/mod.ts";
import { Foresight } from "./foresight.ts";
import { newJob } from "./job.ts";

function job(line: string, realTool = "/usr/bin/gcc-12") {
  const argv = line.split(" "), more = { pid: 1, flags: 0, umask: 0o22, window: 0, namespace: 0n, root: 0n };
  const made = newJob(1, { name: "ask", ...more, cwd: "/w", tool: "/usr/bin/gcc", argv, env: "" });
  return Object.assign(made, { kind: "compile", realTool, names: namesOf(argv.slice(1)) });
}

function products(...paths: string[]) {
  return paths.map((path) => ({ path, style: styles.unknown, text: "", staged: true }));
}

const line = "gcc -O2 -MD -Iinc -DA=1 -c a.c -o a.o";
const cases: { name: string; then: string; tool?: string; env?: Record<string, string>; want?: string[] }[] =
  [
    { name: "other names", then: "gcc -O2 -MD -c b.c -o b.o", want: ["/w/b.o", "/w/b.d"] },
    {
      name: "other names in full",
      then: "gcc -O2 -MD -MF /x/b.dep -c b.c -o /x/b.o",
      want: ["/x/b.o", "/x/b.dep"],
    },
    {
      name: "other macros and folders",
      then: "gcc -O2 -MD -D B -UA -I x -c b.c -o b.o",
      want: ["/w/b.o", "/w/b.d"],
    },
    { name: "another option", then: "gcc -O3 -MD -c b.c -o b.o" },
    { name: "no list", then: "gcc -O2 -c b.c -o b.o" },
    { name: "another list", then: "gcc -O2 -MMD -c b.c -o b.o" },
    { name: "another tool", then: "gcc -O2 -MD -c b.c -o b.o", tool: "/usr/bin/gcc-13" },
    { name: "an option that may leave anything", then: "gcc -O2 -MD -save-temps -c b.c -o b.o" },
  ];

for (const { name, then, tool, want } of cases) {
  Deno.test(`outputs() of ${name}`, () => {
    const foresight = new Foresight();
    assertEquals(foresight.outputs(job(line)), undefined);
    foresight.learn(job(line), products("/w/a.d", "/w/a.o"));
    assertEquals(foresight.outputs(job(then, tool)), want);
  });
}

const others = {
  "more than it names": products("/w/a.o", "/w/a.d", "/w/a.su"),
  "less": products("/w/a.o"),
  "another": products("/w/a.o", "/w/x.d"),
  "a link": [...products("/w/a.o"), { ...products("/w/a.d")[0], staged: false }],
};
for (const [name, left] of Object.entries(others)) {
  Deno.test(`outputs() of a kind of line that left ${name}`, () => {
    const foresight = new Foresight();
    foresight.learn(job(line), left);
    assertEquals(foresight.outputs(job(line)), undefined);
    foresight.learn(job(line), products("/w/a.d", "/w/a.o"));
    foresight.learn(job(line), left);
    assertEquals(foresight.outputs(job(line)), undefined);
  });
}

Deno.test("outputs() is not for ever: forget(), and too many kinds", () => {
  const foresight = new Foresight(), learn = (text: string) => foresight.learn(job(text), products("/w/a.o"));
  learn("gcc -O1 -c a.c -o a.o");
  foresight.forget(job("gcc -O1 -c b.c"));
  assertEquals(foresight.outputs(job("gcc -O1 -c a.c -o a.o")), undefined);
  learn("gcc -O1 -c a.c -o a.o");
  for (let i = 0; i < 1_000; i++) learn(`gcc -falign-functions=${i} -c a.c -o a.o`);
  assertEquals(foresight.outputs(job("gcc -O1 -c a.c -o a.o")), undefined);
  assertEquals(foresight.outputs(job("gcc -falign-functions=999 -c a.c -o a.o")), ["/w/a.o"]);
});
