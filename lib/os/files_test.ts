import { assertEquals } from "@std/assert";
import { c, libc, listFew, listFolder } from "./mod.ts";

libc(); // opened once for all tests

Deno.test("listFew() gives up where there are more names than wanted", () => {
  const folder = Deno.makeTempDirSync();
  for (const name of ["b", "a", "c"]) Deno.writeTextFileSync(`${folder}/${name}`, "");
  assertEquals(listFolder(folder), ["a", "b", "c"]);
  assertEquals(listFew(folder, 3)?.sort(), ["a", "b", "c"]);
  assertEquals(listFew(folder, 2), undefined);
  assertEquals([listFolder(`${folder}/d`), listFew(`${folder}/d`, 9)], [c.ENOENT, undefined]);
  Deno.removeSync(folder, { recursive: true });
  assertEquals([listFolder(folder), listFew(folder, 9)], [c.ENOENT, undefined]);
});
