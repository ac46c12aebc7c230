import { assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { withZombie } from "../os/testing.ts";
import { oneShotSocketName, sweepRuntime } from "./leftovers.ts";

libc(); // opened before the tests, which would call it a leak

Deno.test("sweepRuntime() removes what dead processes left and nothing else", () => {
  const folder = Deno.makeTempDirSync();
  const dead = new Deno.Command("/bin/true").spawn(); // ends, and is gone once its status was taken
  return dead.status.then(() => {
    const kept = [
      oneShotSocketName(Deno.pid),
      `record-${Deno.pid}-1`,
      "a.sock",
      "record-1-x",
      "0123456789abcdef.log",
    ];
    for (const name of [...kept, oneShotSocketName(dead.pid), `record-${dead.pid}-3`]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "");
    }
    sweepRuntime(folder);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), kept.sort());
    Deno.removeSync(folder, { recursive: true });
  });
});

Deno.test("sweepRuntime() takes a zombie for dead", async () => {
  const folder = Deno.makeTempDirSync();
  await withZombie((pid) => {
    Deno.writeTextFileSync(`${folder}/record-${pid}-1`, "");
    sweepRuntime(folder);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
  Deno.removeSync(folder, { recursive: true });
});
