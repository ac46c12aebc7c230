/** How a tool is run beside others, and what follows it: priorities, a limit of runs, a program after a link. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { engine, lives, until, World } from "./engine.ts";

/** A compiler by its words: says how it runs, then waits for a file, if it is told which. */
const compiler = `#!/bin/sh
echo "$(nice) $(ionice -p $$ 2>/dev/null)" > "$3.nice"
echo $$ > "$3.running"
while [ -n "$WAIT_FOR" ] && [ ! -e "$WAIT_FOR" ]; do sleep 0.02; done
rm "$3.running"
: > "\${3%.c}.o"
`;

async function prepared(): Promise<World> {
  const world = new World();
  Deno.writeTextFileSync(`${world.work}/mycc`, compiler, { mode: 0o755 });
  for (const name of ["a", "b", "c", "d"]) {
    Deno.writeTextFileSync(`${world.work}/${name}.c`, `int ${name};\n`);
  }
  await world.run(["start"]);
  return world;
}

const compile = (name: string) => ["wrap", "./mycc", "-c", "-x", `${name}.c`];
const running = (world: World) =>
  [...Deno.readDirSync(world.work)].filter(({ name }) => name.endsWith(".running"));

const priorities: [environment: Record<string, string>, want: RegExp][] = [
  [{}, /^0 /],
  [{ ZCCACHE_COMPILE_PRIORITY: "normal" }, /^0 /],
  [{ ZCCACHE_COMPILE_PRIORITY: "low" }, /^10 (?:best-effort: prio 7)?/],
  [{ ZCCACHE_COMPILE_PRIORITY: "idle" }, /^19 (?:idle)?/],
  [{ ZCCACHE_COMPILE_PRIORITY_LINK: "idle" }, /^0 /],
];
for (const [environment, want] of priorities) {
  Deno.test(`a compile with ${JSON.stringify(environment)} runs as asked`, async () => {
    await using world = await prepared();
    for (const daemon of ["auto", "off"]) {
      const script = compiler.replaceAll("$3", daemon); // a name of its own, so that neither hits
      Deno.writeTextFileSync(`${world.work}/mycc`, script, { mode: 0o755 });
      const { code, err } = await world.run(compile("a"), { ...environment, ZCCACHE_DAEMON: daemon });
      assertEquals([code, err], [0, ""]);
      assertMatch(Deno.readTextFileSync(`${world.work}/${daemon}.nice`), want);
    }
  });
}

Deno.test("flags and variables that mean nothing change nothing", async () => {
  await using world = await prepared();
  const before = [[], ["wrap"], ["--fast"], ["wrap", "--skip-system-headers"], [
    "--scan-system-headers",
    "--fast",
    "--",
  ]];
  for (const words of before) {
    const environment = { ZCCACHE_FAST: "1", ZCCACHE_SCAN_SYSTEM_HEADERS: "0" };
    const { code, out, err } = await world.run([...words, "cc", "-c", "a.c"], environment);
    assertEquals([code, out, err], [0, "", ""]);
  }
  const { by_outcome } = JSON.parse((await world.run(["stats", "--json"])).out);
  assertEquals(by_outcome, { miss_new: 1, hit: before.length - 1 });
});

Deno.test("no more tools run than ZCCACHE_MAX_PARALLEL_COMPILES says, and all do in the end", async () => {
  await using world = await prepared();
  const limited = { ZCCACHE_MAX_PARALLEL_COMPILES: "2", WAIT_FOR: `${world.work}/go` };
  const runs = ["a", "b", "c", "d"].map((name) => world.spawn(compile(name), limited));
  await until("two run", () => running(world).length === 2);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(running(world).length, 2);
  Deno.writeTextFileSync(`${world.work}/go`, "");
  for (const run of runs) assertEquals((await run.output()).code, 0);
});

Deno.test("a hit does not wait where there is no place to run in, and who has no limit runs", async () => {
  await using world = await prepared();
  Deno.writeTextFileSync(`${world.work}/real.c`, "int real;\n");
  const hit = ["wrap", "cc", "-c", "real.c", "-o", "real.o"],
    limited = { ZCCACHE_MAX_PARALLEL_COMPILES: "1" };
  await world.run(hit, limited);
  Deno.removeSync(`${world.work}/real.o`);
  const first = world.spawn(compile("a"), { ...limited, WAIT_FOR: `${world.work}/go` });
  await until("it runs", () => running(world).length === 1);
  assertEquals((await world.run(hit, limited)).code, 0);
  assertEquals(Deno.statSync(`${world.work}/real.o`).isFile, true);
  assertEquals((await world.run(compile("b"))).code, 0);
  Deno.writeTextFileSync(`${world.work}/go`, "");
  await first.output();
  assertEquals(JSON.parse((await world.run(["stats", "--json"])).out).hits, 1);
});

Deno.test("a launcher that is killed gives its place back", async () => {
  await using world = await prepared();
  const limited = { ZCCACHE_MAX_PARALLEL_COMPILES: "1" };
  const first = world.spawn(compile("a"), { ...limited, WAIT_FOR: `${world.work}/never` });
  await until("it runs", () => running(world).length === 1);
  const second = world.spawn(compile("b"), limited);
  const tool = Number(Deno.readTextFileSync(`${world.work}/a.c.running`));
  first.kill("SIGKILL");
  assertEquals((await second.output()).code, 0);
  await first.output();
  await until("its tool has ended", () => !lives(tool));
});

Deno.test("a compiler that calls a wrapped compiler does not wait for itself", async () => {
  await using world = await prepared();
  const limited = { ZCCACHE_MAX_PARALLEL_COMPILES: "1" };
  // Without a tracer nothing tells the inner call that it is one.
  for (const [i, trace] of ["auto", "off"].entries()) {
    const inner = `#!/bin/sh\nexec ${engine.join(" ")} wrap cc -MD -c b.c -o inner${i}.o\n`;
    Deno.writeTextFileSync(`${world.work}/outer${i}`, inner, { mode: 0o755 });
    const outer = ["wrap", `./outer${i}`, "-MD", "-c", "a.c"];
    const { code, err } = await world.run(outer, { ...limited, ZCCACHE_TRACE: trace });
    assertEquals([code, err], [0, ""]);
    assert(Deno.statSync(`${world.work}/inner${i}.o`).isFile);
  }
});

/** Links, and what was counted. */
async function link(world: World, deploy: string): Promise<string> {
  const before = await counts(world);
  const { code, out, err } = await world.run(["wrap", "cc", "main.c", "-o", "prog"], {
    ZCCACHE_LINK_DEPLOY_CMD: deploy,
  });
  assertEquals([code, out, err], [0, "", ""]);
  const now = await counts(world);
  return Object.keys(now).filter((name) => now[name] !== before[name]).join(" ");
}

async function counts(world: World): Promise<Record<string, number>> {
  return JSON.parse((await world.run(["stats", "--json"])).out).by_outcome;
}

Deno.test("what follows a link belongs to its result", async () => {
  await using world = await prepared();
  const at = (name: string) => `${world.work}/${name}`;
  const put = (name: string, text: string) => Deno.writeTextFileSync(at(name), text, { mode: 0o755 });
  put("main.c", "int main(void) { return 0; }\n");
  put("beside.txt", "one\n");
  put("ship", '#!/bin/sh\necho noise; echo noise >&2\ncp beside.txt "$1.beside"\necho "$1" > shipped\n');
  const clean = () => ["prog", "prog.beside", "shipped"].forEach((name) => Deno.removeSync(at(name)));

  assertEquals(await link(world, "./ship"), "miss_new");
  assertEquals(Deno.readTextFileSync(at("shipped")), `${at("prog")}\n`);
  clean();
  assertEquals(await link(world, "./ship"), "hit");
  assertEquals(Deno.readTextFileSync(at("prog.beside")), "one\n");
  clean();
  put("beside.txt", "two\n");
  assertMatch(await link(world, "./ship"), /^miss/);
  assertEquals(Deno.readTextFileSync(at("prog.beside")), "two\n");
  clean();
  put("ship", '#!/bin/sh\ncp beside.txt "$1.beside"; echo new > shipped\n');
  assertMatch(await link(world, "./ship"), /^miss/);
  assertEquals(Deno.readTextFileSync(at("shipped")), "new\n");
  clean();
  // Another program, or none: another result.
  assertEquals(await link(world, ""), "miss_new");
  assertEquals(existing(world), ["prog"]);
});

Deno.test("where what follows a link fails, the link is as it is and nothing is kept", async () => {
  await using world = await prepared();
  Deno.writeTextFileSync(`${world.work}/main.c`, "int main(void) { return 0; }\n");
  for (const deploy of ["false", "no-such-program", "./mycc-that-is-not-there"]) {
    for (let i = 0; i < 2; i++) assertEquals(await link(world, deploy), "pass_deploy");
  }
  const log = Deno.readTextFileSync(
    [...Deno.readDirSync(world.runtime)]
      .map(({ name }) => `${world.runtime}/${name}`).find((path) => path.endsWith(".log"))!,
  );
  assertMatch(log, /pass_deploy/);
});

function existing(world: World): string[] {
  return [...Deno.readDirSync(world.work)].map(({ name }) => name).filter((name) =>
    /^(?:prog|shipped)/.test(name)
  ).sort();
}
