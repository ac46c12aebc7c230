/** Equal compiles at the same moment: the compiler runs once, and nobody is held up by one that died or is stopped. */
import { assert, assertEquals } from "@std/assert";
import { lives, until, World } from "./engine.ts";

/** Two seconds of compiling or more: the others ask within a tenth of that. */
const slow = Array.from(
  { length: 500 },
  (_, i) =>
    `int f${i}(int *a, int n) { int s = ${i}; for (int i = 0; i < n; i++) s += a[i] * (s ^ i); return s; }\n`,
).join("");
const compile = ["cc", "-O3", "-c", "slow.c", "-o", "slow.o"];

async function prepared(): Promise<{ world: World; plain: Uint8Array }> {
  const world = new World();
  Deno.writeTextFileSync(`${world.work}/slow.c`, slow);
  const { success } = await new Deno.Command("cc", { args: compile.slice(1), cwd: world.work }).output();
  assert(success);
  const plain = Deno.readFileSync(`${world.work}/slow.o`);
  Deno.removeSync(`${world.work}/slow.o`);
  await world.run(["start"]);
  return { world, plain };
}

async function counts(world: World): Promise<{ hits: number; misses: number }> {
  const { hits, misses } = JSON.parse((await world.run(["stats", "--json"])).out);
  return { hits, misses };
}

/** The first compiler below `launcher`, once it runs. */
async function compilerOf(launcher: number): Promise<number> {
  const children = () => Deno.readTextFileSync(`/proc/${launcher}/task/${launcher}/children`).trim();
  await until("the compiler runs", () => children() !== "");
  return Number(children().split(" ")[0]);
}

Deno.test("equal compiles at the same moment run the compiler once", async () => {
  const { world, plain } = await prepared();
  await using _ = world;
  const first = world.spawn(["wrap", ...compile]);
  await compilerOf(first.pid);
  const others = Array.from({ length: 5 }, () => world.run(["wrap", ...compile]));
  const ended = await first.output();
  for (const { code, err } of await Promise.all(others)) assertEquals([code, err], [0, ""]);
  assertEquals([ended.code, await counts(world)], [0, { hits: 5, misses: 1 }]);
  assertEquals(Deno.readFileSync(`${world.work}/slow.o`), plain);
});

Deno.test("equal compiles are freed when the one they wait for dies", async () => {
  const { world, plain } = await prepared();
  await using _ = world;
  const first = world.spawn(["wrap", ...compile]);
  const compiler = await compilerOf(first.pid);
  const others = [1, 2].map(() => world.run(["wrap", ...compile]));
  await until("the others wait", () => connections(world) === 3);
  first.kill("SIGKILL");
  Deno.kill(compiler, "SIGKILL");
  await first.output();
  for (const { code, err } of await Promise.all(others)) assertEquals([code, err], [0, ""]);
  assertEquals(Deno.readFileSync(`${world.work}/slow.o`), plain);
  assertEquals((await counts(world)).hits, 0, "both ran");
});

Deno.test("a compile that waits may be interrupted, and one whose daemon dies runs the compiler", async () => {
  const { world, plain } = await prepared();
  await using _ = world;
  const daemon = await world.daemon();
  const first = world.spawn(["wrap", ...compile]);
  await compilerOf(first.pid);
  const interrupted = world.spawn(["wrap", ...compile]), orphan = world.run(["wrap", ...compile]);
  await until("the others wait", () => connections(world) === 3);
  interrupted.kill("SIGINT");
  assertEquals((await interrupted.output()).signal, "SIGINT");
  Deno.kill(daemon, "SIGKILL");
  await until("the daemon ends", () => !lives(daemon));
  assertEquals([(await first.output()).code, (await orphan).code], [0, 0]);
  assertEquals(Deno.readFileSync(`${world.work}/slow.o`), plain);
});

/** Established connections at the daemon's socket. */
function connections(world: World): number {
  const socket = `${world.runtime}/${world.inRuntime(".sock")[0]}`;
  const connected = " 03 "; // SS_CONNECTED
  return Deno.readTextFileSync("/proc/net/unix").split("\n").filter((line) =>
    line.endsWith(socket) && line.includes(connected)
  ).length;
}
