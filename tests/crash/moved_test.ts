/** The cache folder is emptied, restored older, moved or copied while a daemon runs: nothing is ever wrong. */
import { assertEquals } from "@std/assert";
import { libc } from "../../lib/os/mod.ts";
import { removeIfThere } from "../../lib/store/files.ts";
import { Compiling, sh } from "./compiling.ts";

libc(); // opened before the tests, which would call it a leak

const names = ["one", "two", "three"];

async function prepared(env: Record<string, string> = {}): Promise<Compiling> {
  const world = new Compiling("daemon", env);
  for (const name of names) await world.source(name, 2_000);
  return world;
}

/** Every object is right, and once the daemon has seen what happened to its folder they come from the cache again. */
async function allRight(world: Compiling): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (const name of names) await world.build(name);
    await world.news(); // flushes
  }
  for (const name of names) await world.build(name);
  assertEquals(await world.news(), names.map(() => "hit"));
  const { code } = await world.status();
  assertEquals(code, 0, "the daemon lives");
}

/** Takes a folder away in one step, so that a daemon that works meanwhile is not raced. */
const take = (what: string) => ({ cache, folder }: Compiling) =>
  Deno.renameSync(`${cache}${what}`, `${folder}/taken`);
const removals: [string, (world: Compiling) => void][] = [
  ["removed whole", take("")],
  ["emptied", take("/v1")],
  ["left without objects", take("/v1/objects")],
  ["left without tmp", take("/v1/tmp")],
  ["left without index", take("/v1/index")],
  ["left with bare folders", (world) => world.files(/./).forEach(removeIfThere)],
];
for (const [what, remove] of removals) {
  for (const flushMs of ["50", "60000"]) {
    Deno.test(`a cache folder ${what} under a daemon that flushes every ${flushMs} ms`, async () => {
      await using world = await prepared({ ZCCACHE_WAL_FLUSH_MS: flushMs });
      for (const name of names) await world.build(name);
      await world.run(["start"]);
      remove(world);
      await allRight(world);
      await world.stop();
      await allRight(world); // a new daemon reads what the old one left
    });
  }
}

for (const how of ["over what is there", "in its place"]) {
  Deno.test(`an earlier copy of the cache is restored ${how} while a daemon runs`, async () => {
    await using world = await prepared({ ZCCACHE_WAL_FLUSH_MS: "50" });
    await world.build("one");
    await world.logged(/WAL flushed/);
    sh("cp", "-a", world.cache, `${world.folder}/earlier`);
    for (const name of names) await world.build(name);
    await world.news(); // now the daemon is done with the last of them
    if (how === "in its place") { // at once, or the daemon would make folders while they are copied
      Deno.renameSync(world.cache, `${world.folder}/old`);
      Deno.renameSync(`${world.folder}/earlier`, world.cache);
    } else sh("cp", "-aT", `${world.folder}/earlier`, world.cache);
    await allRight(world);
    await world.stop();
    await allRight(world);
  });
}

Deno.test("a copy of the cache that was made while a daemon worked serves at another place", async () => {
  await using world = await prepared({ ZCCACHE_WAL_FLUSH_MS: "20" });
  for (const name of names) await world.build(name);
  await Promise.all([
    ...names.map((name) => world.build(name)),
    (async () => {
      const { stderr } = await new Deno.Command("cp", { args: ["-a", world.cache, `${world.folder}/copy`] })
        .output();
      // A copier says so where a file that it has listed is gone before it is read: names change while a daemon works.
      const said = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
      assertEquals(said.filter((line) => !/cp: cannot (?:stat|open) .*: No such file/.test(line)), []);
    })(),
  ]);
  world.env.ZCCACHE_CACHE_DIR = `${world.folder}/copy`;
  for (const mode of ["off", "auto"]) {
    world.env.ZCCACHE_DAEMON = mode;
    for (const name of names) await world.build(name);
  }
  await allRight(world);
  await world.stop();
  world.env.ZCCACHE_CACHE_DIR = world.cache;
  await allRight(world);
});

Deno.test("clear while one-shots work breaks no build", async () => {
  await using world = new Compiling("one-shot");
  for (const name of names) await world.source(name, 2_000);
  for (let round = 0; round < 3; round++) {
    const cleared = world.run(["clear"]);
    await Promise.all(names.map((name) => world.build(name)));
    assertEquals((await cleared).code, 0);
  }
  for (const name of names) await world.build(name);
  await world.news();
  for (const name of names) await world.build(name);
  assertEquals(await world.news(), names.map(() => "hit"));
});
