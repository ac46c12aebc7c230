/** Many at once on one cache: one-shots side by side, daemon and one-shots in turn, daemons that race to start. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { lives, until } from "../process/engine.ts";
import { Compiling } from "./compiling.ts";

for (const count of [8, 16]) {
  Deno.test(`${count} one-shots at once on one cache give every object right, and all hit the second time`, async () => {
    await using world = new Compiling("one-shot");
    const names = Array.from({ length: count }, (_, i) => `file${i}`);
    for (const name of names) await world.source(name, 400);
    await Promise.all(names.map((name) => world.build(name)));
    assertEquals(await world.news(), Array(count).fill("miss_new"));
    await Promise.all(names.map((name) => world.build(name)));
    assertEquals(await world.news(), Array(count).fill("hit"));
    assertEquals(world.staged(), []);
    assertEquals(/damaged|cut at/.test(world.log()), false, world.log());
  });

  Deno.test(`${count} one-shots at once with one source end with one result`, async () => {
    await using world = new Compiling("one-shot");
    await world.source("same", 400);
    const twin = (i: number) => `same${i}.o`;
    const all = async () => {
      const ended = await Promise.all(
        Array.from({ length: count }, (_, i) => world.run(["wrap", "cc", "-c", "same.c", "-o", twin(i)])),
      );
      assertEquals(ended.map(({ code, err }) => [code, err]), Array(count).fill([0, ""]));
      const right = Deno.readFileSync(`${world.work}/same.plain`);
      for (let i = 0; i < count; i++) assertEquals(Deno.readFileSync(`${world.work}/${twin(i)}`), right);
    };
    await all();
    await world.news();
    await all();
    assertEquals(await world.news(), Array(count).fill("hit"));
    assertEquals(world.files(/objects\//).length, 1);
  });
}

Deno.test("daemon and one-shot in turn on one cache, the daemon killed in between, hit each other's results", async () => {
  await using world = new Compiling("daemon");
  const names = Array.from({ length: 8 }, (_, i) => `turn${i}`);
  for (const name of names) await world.source(name, 400);
  for (const [i, name] of names.entries()) {
    if (i % 2 === 0) world.env.ZCCACHE_DAEMON = "auto";
    else {
      await world.kill();
      world.env.ZCCACHE_DAEMON = "off";
    }
    await world.build(name);
    for (const earlier of names.slice(0, i)) await world.build(earlier);
  }
  for (const mode of ["off", "auto"]) {
    world.env.ZCCACHE_DAEMON = mode;
    await world.kill();
    await world.news();
    for (const name of names) await world.build(name);
    assertEquals(
      await world.news(),
      Array(names.length).fill("hit"),
      `ZCCACHE_DAEMON=${mode}\n${world.log()}`,
    );
  }
  assertEquals(world.staged(), []);
});

Deno.test("one-shots hit what a killed daemon has not flushed", async () => {
  await using world = new Compiling("daemon", { ZCCACHE_WAL_FLUSH_MS: "60000" });
  await world.source("a");
  await world.build("a");
  await world.kill();
  world.env.ZCCACHE_DAEMON = "off";
  assertEquals(await world.outcome("a"), "hit");
});

Deno.test("20 clients that start a daemon at once get one, also over the remains of a killed one", async () => {
  await using world = new Compiling("daemon");
  let first = 0;
  for (let round = 0; round < 2; round++) {
    const starts = await Promise.all(Array.from({ length: 20 }, () => world.run(["start"])));
    assertEquals(starts.map(({ code }) => code), Array(20).fill(0), starts.map(({ err }) => err).join(""));
    const pid = await world.daemon();
    assertEquals(world.log().match(/daemon \d+ serves/g)?.length, round + 1, world.log());
    assertNotEquals(pid, first);
    first = pid;
    Deno.kill(pid, "SIGKILL");
    await until("it dies", () => !lives(pid));
  }
});
