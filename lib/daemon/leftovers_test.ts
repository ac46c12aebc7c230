import { assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { withZombie } from "../os/testing.ts";
import { oneShotSocketName, recordLabel, sweepRuntime } from "./leftovers.ts";

libc(); // opened before the tests, which would call it a leak

Deno.test("sweepRuntime() removes what dead processes left and nothing else", () => {
  const folder = Deno.makeTempDirSync();
  const dead = new Deno.Command("/bin/true").spawn(); // ends, and is gone once its status was taken
  return dead.status.then(() => {
    const kept = [
      oneShotSocketName(Deno.pid),
      `record-${Deno.pid}-1`,
      `record-${recordLabel("/ours")}-${Deno.pid}-1`,
      `record-${recordLabel("/others")}-${Deno.pid}-1`,
      "a.sock",
      "record-1-x",
      "0123456789abcdef.log",
    ];
    const ours = `record-${recordLabel("/ours")}-${dead.pid}-4`;
    for (const name of [...kept, oneShotSocketName(dead.pid), `record-${dead.pid}-3`, ours]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "");
    }
    sweepRuntime(folder, "/ours");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), kept.sort());
    Deno.removeSync(folder, { recursive: true });
  });
});

Deno.test("sweepRuntime() takes a zombie for dead", async () => {
  const folder = Deno.makeTempDirSync();
  await withZombie((pid) => {
    Deno.writeTextFileSync(`${folder}/record-${pid}-1`, "");
    sweepRuntime(folder, "/ours");
    assertEquals([...Deno.readDirSync(folder)], []);
  });
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("sweepRuntime() leaves another cache's records to its heir, but not for ever", async () => {
  const folder = Deno.makeTempDirSync(), hour = 3_600_000;
  await withZombie((pid) => {
    const name = `record-${recordLabel("/others")}-${pid}-1`, path = `${folder}/${name}`, now = Date.now();
    Deno.writeTextFileSync(path, "owed");
    Deno.utimeSync(path, (now - hour) / 1000, (now - hour) / 1000); // as old as its process was
    const left = (at: number) => {
      sweepRuntime(folder, "/ours", at);
      return [...Deno.readDirSync(folder)].length;
    };
    assertEquals([left(now + hour), left(now), left(now + 590_000), left(now + 610_000)], [1, 1, 1, 0]);
    Deno.writeTextFileSync(path, "owed");
    sweepRuntime(folder, "/others", now);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
  Deno.removeSync(folder, { recursive: true });
});
