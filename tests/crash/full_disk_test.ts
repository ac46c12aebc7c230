/** A full disk and a cache that cannot be written to: the build goes on, nothing half-written stays. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { until } from "../process/engine.ts";
import { Compiling, mayMount, type Mode, modes, Mount, sh, stagedIn } from "./compiling.ts";

/** Takes all room of the file system but `left` bytes. */
function fill(folder: string, left: number): void {
  using file = Deno.openSync(`${folder}/filler`, { write: true, create: true, truncate: true });
  const page = new Uint8Array(4096).fill(1);
  let size = 0;
  try {
    for (;;) size += file.writeSync(page);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
  file.truncateSync(Math.max(0, size - left));
}
const makeRoom = (folder: string) => Deno.removeSync(`${folder}/filler`);

/** Where the places of a world on a small disk are. */
function onSmallDisk(mode: Mode, env: Record<string, string> = {}): { world: Compiling; disk: Mount } {
  const world = new Compiling(mode, env);
  return { world, disk: new Mount(`${world.folder}/disk`, "-t", "tmpfs", "-o", "size=4m,mode=700", "none") };
}

for (const mode of modes) {
  for (const left of [0, 4096, 20 << 10, 50 << 10]) {
    Deno.test({
      name:
        `a disk with ${left} bytes left: objects are right, nothing half-written stays, ${mode} [needs mount]`,
      ignore: !mayMount(),
      fn: async () => {
        const { world, disk: mounted } = onSmallDisk(mode, { ZCCACHE_WAL_FLUSH_MS: "50" });
        await using _world = world;
        using disk = mounted;
        world.env.ZCCACHE_CACHE_DIR = `${disk.folder}/cache`;
        const staged = () => stagedIn(`${disk.folder}/cache/v1/tmp`);
        for (const name of ["kept", "new", "other"]) await world.source(name, 40_000);
        await world.build("kept");
        fill(disk.folder, left);
        for (const name of ["new", "kept", "other", "new"]) await world.build(name);
        await until("what was staged goes", () => staged().length === 0); // a daemon writes while we look
        makeRoom(disk.folder);
        for (const name of ["new", "other"]) await world.build(name);
        await world.news();
        for (const name of ["kept", "new", "other"]) await world.build(name);
        assertEquals(await world.news(), ["hit", "hit", "hit"], world.log());
        await world.kill();
        await world.news();
        for (const name of ["kept", "new", "other"]) await world.build(name);
        assertEquals(await world.news(), ["hit", "hit", "hit"], world.log());
        assertEquals(/damaged|cut at/.test(world.log()), false, world.log());
        await world.stop();
      },
    });
  }

  Deno.test({
    name: `a cache that begins on a full disk is used once there is room, ${mode} [needs mount]`,
    ignore: !mayMount(),
    fn: async () => {
      const { world, disk: mounted } = onSmallDisk(mode);
      await using _world = world;
      using disk = mounted;
      world.env.ZCCACHE_CACHE_DIR = `${disk.folder}/cache`;
      await world.source("a", 4_000);
      fill(disk.folder, 0);
      for (let i = 0; i < 2; i++) await world.build("a");
      makeRoom(disk.folder);
      if (mode === "daemon") await world.run(["start"]); // builds try again only after 10 s
      for (let i = 0; i < 2; i++) await world.build("a");
      assertEquals(await world.outcome("a"), "hit", world.log());
      await world.stop();
    },
  });
}

Deno.test({
  name: "a flush that finds the disk full keeps its records and tries again [needs mount]",
  ignore: !mayMount(),
  fn: async () => {
    const { world, disk: mounted } = onSmallDisk("daemon", { ZCCACHE_WAL_FLUSH_MS: "1500" });
    await using _world = world;
    using disk = mounted;
    world.env.ZCCACHE_CACHE_DIR = `${disk.folder}/cache`;
    await world.source("a", 4_000);
    await world.build("a");
    assert(!/WAL/.test(world.log()), "flushed too early to be a test");
    fill(disk.folder, 0);
    await world.logged(/WAL flush failed, \d+ records wait/);
    await world.build("a");
    makeRoom(disk.folder);
    await world.logged(/WAL flushed to disk committed=[1-9]/);
    await world.kill();
    assertEquals(stagedIn(`${disk.folder}/cache/v1/tmp`), []);
    assertEquals(await world.outcome("a"), "hit");
    await world.stop();
  },
});

for (const mode of modes) {
  Deno.test({
    name: `a cache mounted read-only serves hits, and misses just compile, ${mode} [needs mount]`,
    ignore: !mayMount(),
    fn: async () => {
      await using world = new Compiling(mode);
      for (const name of ["a", "b", "c"]) await world.source(name, 4_000);
      for (const name of ["a", "b"]) await world.build(name);
      await world.stop();
      const spoiled = world.files(/objects\//).find((path) =>
        Deno.readFileSync(path).toString() === Deno.readFileSync(`${world.work}/b.plain`).toString()
      )!;
      Deno.chmodSync(spoiled, 0o600);
      Deno.writeFileSync(spoiled, Deno.readFileSync(spoiled).fill(0, 100, 120));
      using _mount = new Mount(world.cache, "--bind", world.cache);
      sh("mount", "-o", "remount,bind,ro", world.cache);
      for (const name of ["a", "b", "c", "a", "c"]) await world.build(name);
      // Nothing can be counted there; but every run that was no hit is logged.
      assertMatch(world.log(), /the blob \w+ is damaged and stays/);
      assertEquals(world.log().match(/^.* info (?:miss|pass).* -c a\.c /gm)?.length, 1, world.log());
      await world.stop();
    },
  });
}

for (const mode of modes) {
  Deno.test({
    name: `a cache without write permission serves hits, and misses just compile, ${mode} [needs root]`,
    ignore: Deno.uid() !== 0,
    fn: async () => {
      await using world = new Compiling(mode);
      world.env.PATH = "/usr/bin:/bin"; // the same to both users: nothing below /root
      for (const name of ["a", "b"]) await world.source(name, 4_000);
      await world.build("a");
      await world.stop();
      const folders = ["", "/v1", "/v1/index", "/v1/tmp", "/v1/objects"].map((name) => world.cache + name);
      for (
        const path of [
          ...folders,
          ...Deno.readDirSync(`${world.cache}/v1/objects`).map(({ name }) => `${folders[4]}/${name}`),
        ]
      ) {
        Deno.chmodSync(path, 0o555);
      }
      sh("chown", "-R", "65534:65534", world.folder);
      world.as = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
      const before = world.files(/./).toSorted();
      for (const name of ["a", "b", "a"]) await world.build(name);
      assertEquals(world.files(/./).toSorted(), before);
      assertEquals(world.log().match(/^.* info (?:miss|pass).* -c a\.c /gm)?.length, 1, world.log());
      await world.stop();
    },
  });
}
