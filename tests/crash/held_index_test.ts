/** A process that holds the index's lock and never lets go: whoever asks the daemon does not notice, and `stop` stops. */
import { assert, assertEquals } from "@std/assert";
import { Compiling } from "./compiling.ts";

Deno.test("while the index is held misses and hits take as long as ever, and the daemon stops", async () => {
  await using world = new Compiling("daemon");
  for (const name of ["a", "b"]) await world.source(name);
  await world.build("a");
  await world.build("a");
  const holder = new Deno.Command("flock", {
    args: ["--no-fork", `${world.cache}/v1/index/lock`, "sleep", "60"],
    stdin: "null",
  }).spawn();
  try {
    await new Promise((resolve) => setTimeout(resolve, 200));
    let longest = 0;
    for (const name of ["b", "a", "b", "a", "b", "a"]) {
      const began = performance.now();
      await world.build(name);
      longest = Math.max(longest, performance.now() - began);
    }
    assert(longest < 2_000, `${longest} ms`);
    const { code, err } = await world.run(["stop"]);
    assertEquals([code, err], [0, "daemon stopped\n"], world.log());
  } finally {
    holder.kill();
    await holder.status;
  }
  assertEquals(await world.outcome("a"), "hit", world.log());
});
