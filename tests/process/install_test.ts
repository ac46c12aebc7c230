/** `zccache install`, `uninstall` and `run` as processes: what is put in place, and that builds go through it. */
import { createHash } from "node:crypto";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { engine, World } from "./engine.ts";

const built = engine.length === 1;
const hasGcc =
  new Deno.Command("sh", { args: ["-c", "command -v gcc && command -v make"] }).outputSync().success;

function test(name: string, fn: (world: World) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !built || !hasGcc,
    fn: async () => {
      await using world = new World();
      Deno.writeTextFileSync(`${world.work}/a.c`, "int a;\n");
      Deno.writeTextFileSync(`${world.work}/Makefile`, "all:\n\tgcc -c a.c\n\tar rc l.a a.o\n");
      await fn(world);
    },
  });
}

function shell(world: World, script: string, env: Record<string, string> = {}): string {
  const { stdout, stderr } = new Deno.Command("sh", {
    args: ["-c", script],
    env: { ...world.env, ...env },
    clearEnv: true,
    cwd: world.work,
  }).outputSync();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

test("install puts the executable and links in place, uninstall takes them away", async (world) => {
  const prefix = `${world.folder}/pre fix`;
  const { code, out } = await world.run(["install", "--prefix", prefix, "--links", "gcc,my-cc"]);
  assertEquals(code, 0);
  assertMatch(out, /export PATH="[^"]*\/pre fix\/lib\/zccache:\$PATH"\n$/);
  assertEquals([...Deno.readDirSync(`${prefix}/lib/zccache`)].map(({ name }) => name).sort(), [
    "gcc",
    "my-cc",
  ]);
  const through = { PATH: `${prefix}/lib/zccache:${world.env.PATH}` };
  assertEquals(shell(world, "gcc -c a.c && rm a.o && gcc -c a.c && ls a.o", through), "a.o\n");
  const { hits, misses } = JSON.parse(shell(world, `'${prefix}/bin/zccache' stats --json`));
  assertEquals([hits, misses], [1, 1]);
  assertMatch(shell(world, "my-cc -c a.c", through), /^zccache: Cannot run "my-cc": not found on PATH\n$/);
  Deno.writeTextFileSync(`${prefix}/lib/zccache/mine`, "");
  assertMatch((await world.run(["uninstall", "--prefix", prefix])).out, /^removed .* and 2 links\n$/);
  assertEquals([...Deno.readDirSync(`${prefix}/lib/zccache`)].map(({ name }) => name), ["mine"]);
  assertEquals((await world.run(["uninstall", "--prefix", prefix])).out, "nothing is installed there\n");
});

test("install again replaces what is in use, and drops links that are not wanted any more", async (world) => {
  const prefix = `${world.folder}/prefix`;
  await world.run(["install", "--prefix", prefix, "--links", "gcc,cc"]);
  const installed = `${prefix}/bin/zccache`;
  shell(world, `'${installed}' gcc -c a.c`); // its daemon runs
  const again = shell(world, `'${installed}' install --prefix '${prefix}' --links cc`);
  assertMatch(again, /^installed /);
  assertEquals([...Deno.readDirSync(`${prefix}/lib/zccache`)].map(({ name }) => name), ["cc"]);
  assertEquals(pieces(installed), pieces(engine[0]), "the same bytes as were built");
});

/** A digest of each piece of a file, so that a difference says where it is. */
function pieces(path: string): string[] {
  const bytes = Deno.readFileSync(path), digests = [`${bytes.length} bytes`];
  for (let at = 0; at < bytes.length; at += 1 << 20) {
    digests.push(`${at} ${createHash("sha256").update(bytes.subarray(at, at + (1 << 20))).digest("hex")}`);
  }
  return digests;
}

test("install refuses names that are none, and places that cannot be", async (world) => {
  for (const bad of ["a/b", "zccache"]) {
    const { code, err } = await world.run(["install", "--prefix", world.folder, "--links", bad]);
    assertEquals(code, 2);
    assertMatch(err, /^zccache: Cannot make a link called .*\n {2}Name tools as in /);
  }
  const { code, err } = await world.run(["install", "--prefix", "/proc/nowhere"]);
  assertEquals(code, 1);
  assertMatch(
    err,
    /^zccache: Cannot install to "\/proc\/nowhere\/bin\/zccache": .*\n {2}Choose another folder/,
  );
});

test("run wraps every compiler of a build, sums it up, and ends as the build ended", async (world) => {
  const cold = await world.run(["run", "--", "make", "-s"]);
  assertEquals([cold.code, cold.out], [0, ""]);
  assertEquals(cold.err, "zccache: 2 runs: 0 hits, 2 misses, 0 passed\n");
  Deno.removeSync(`${world.work}/a.o`);
  Deno.removeSync(`${world.work}/l.a`);
  assertMatch((await world.run(["run", "make", "-s"])).err, /^zccache: 2 runs: 2 hits, 0 misses, 0 passed/);
  assertEquals((await world.run(["run", "sh", "-c", "exit 7"])).code, 7);
  assertEquals((await world.run(["run", "sh", "-c", "kill -9 $$"])).signal, "SIGKILL");
  const missing = await world.run(["run", "no-such-build"]);
  assertEquals([missing.code, missing.err], [
    127,
    'zccache: Cannot run "no-such-build": not found on PATH\n',
  ]);
});

test("run wraps strip as install calls it, and objcopy", async (world) => {
  Deno.writeTextFileSync(`${world.work}/main.c`, "int main(void) { return 0; }\n");
  const build = "gcc -g main.c -o main; install -s main there; objcopy --only-keep-debug main main.debug";
  const lines = [];
  for (let i = 0; i < 2; i++) {
    lines.push((await world.run(["run", "sh", "-ec", build])).err);
    for (const name of ["main", "there", "main.debug"]) Deno.removeSync(`${world.work}/${name}`);
  }
  assertEquals(lines[0], "zccache: 3 runs: 0 hits, 3 misses, 0 passed\n");
  assertMatch(lines[1], /^zccache: 3 runs: 3 hits, 0 misses, 0 passed/);
});

test("what a build wrote down under run works when the runtime folder and the engine are gone", async (world) => {
  const { out } = await world.run(["run", "sh", "-c", "command -v gcc"]);
  const gcc = out.trim();
  assert(Deno.lstatSync(gcc).isSymlink, "the link is what a configure would find");
  // A run that finds no compiler leaves the links of others alone.
  shell(world, `PATH='${world.work}' '${engine[0]}' run /bin/true`);
  await world.run(["stop"]);
  Deno.removeSync(`${world.env.XDG_RUNTIME_DIR}/zccache`, { recursive: true });
  Deno.writeTextFileSync(`${Deno.realPathSync(gcc).replace(/[^/]*$/, "")}/engine-path`, "/gone/engine\n\n");
  assertEquals(shell(world, `${gcc} -c a.c && ls a.o`), "a.o\n");
});

test("run finds another place for its links where the cache cannot be written", async (world) => {
  await world.run(["run", "make", "-s"]);
  await world.run(["stop"]);
  Deno.removeSync(`${world.cache}/tools`, { recursive: true });
  Deno.writeTextFileSync(`${world.cache}/tools`, "");
  Deno.removeSync(`${world.work}/l.a`);
  const { code, err } = await world.run(["run", "make", "-s"]);
  assertEquals([code, err.includes("1 hit,") || err.includes("2 hits,")], [0, true], err);
});

test("run runs the build also where the cache cannot be used, and says so", async (world) => {
  Deno.mkdirSync(world.cache, { recursive: true });
  Deno.chmodSync(world.cache, 0o777);
  const { code, err } = await world.run(["run", "make", "-s"]);
  assertEquals(code, 0);
  assertMatch(err, /^zccache: the command runs without the cache: Cannot use the cache folder /);
  assert(Deno.statSync(`${world.work}/l.a`).size > 0);
  Deno.chmodSync(world.cache, 0o700);
});
