import { assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { openStore } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

const entries = (folder: string) => [...Deno.readDirSync(`${folder}/tmp`)].map(({ name }) => name).toSorted();

Deno.test("Store has files ready for what will be staged, gives each out once, and leaves none behind", async () => {
  const { store, folder, warnings, end } = openStore();
  store.prepareStaging();
  const ready = entries(folder);
  assertEquals(ready.length, 4);
  store.prepareStaging();
  assertEquals(entries(folder), ready);
  const given = Array.from({ length: 6 }, () => store.stagingName());
  assertEquals(new Set(given).size, 6);
  for (const path of given.slice(0, 4)) {
    const { size, mode } = Deno.statSync(path);
    assertEquals([size, mode! & 0o777], [0, 0o600]);
  }
  for (const path of given) store.discard(path);
  store.prepareStaging();
  Deno.removeSync(`${folder}/tmp`, { recursive: true }); // whoever did that
  Deno.writeTextFileSync(store.stagingName(), "can be staged");
  store.prepareStaging();
  Deno.removeSync(`${folder}/tmp`, { recursive: true });
  store.prepareStaging(); // some are thought to be there
  store.stagingName(), store.stagingName();
  assertEquals(warnings, []);
  await end();
  assertEquals(entries(folder), []);
});
