import { assert, assertEquals } from "@std/assert";
import { AbsentPaths, foldersOf } from "./absent.ts";

function listed(absent: AbsentPaths): Record<string, string[]> {
  return Object.fromEntries(
    [...absent.names].map(([name, list]) => [name, foldersOf(list).map((i) => absent.folders[i].path)]),
  );
}

Deno.test("AbsentPaths keeps each path once, by folder and by name", () => {
  const absent = new AbsentPaths();
  for (const path of ["/a/x", "/b/x", "/a/y", "/a/x", "/b/y", "/x", "/c/z"]) absent.add(path);
  assertEquals(absent.folders.map((folder) => [folder.path, folder.size, ...[...folder].sort()]), [
    ["/a", 2, "x", "y"],
    ["/b", 2, "x", "y"],
    ["/", 1, "x"],
    ["/c", 1, "z"],
  ]);
  assertEquals(listed(absent), { x: ["/a", "/b", "/"], y: ["/a", "/b"], z: ["/c"] });
  assert(absent.has("/b/y") && absent.has("/x"));
  assert(!absent.has("/c/x") && !absent.has("/d/x") && !absent.has("/a"));
});

Deno.test("AbsentPaths gives names that were looked for in the same folders one list", () => {
  const absent = new AbsentPaths();
  for (const name of ["x", "y"]) for (const folder of ["/a", "/b", "/c"]) absent.add(`${folder}/${name}`);
  for (const folder of ["/b", "/a"]) absent.add(`${folder}/z`);
  assert(absent.names.get("x") === absent.names.get("y"));
  assert(absent.names.get("x") !== absent.names.get("z"));
});

Deno.test("AbsentPaths forgets a path that is taken out", () => {
  const absent = new AbsentPaths();
  for (const path of ["/a/x", "/b/x", "/c/x", "/a/y", "/c/y"]) absent.add(path);
  absent.delete("/b/x"), absent.delete("/a/gone"), absent.delete("/nowhere/x");
  assertEquals(listed(absent), { x: ["/a", "/c"], y: ["/a", "/c"] });
  assert(absent.names.get("x") === absent.names.get("y"));
  assertEquals(absent.folders.map((folder) => [folder.size, folder.has("x"), folder.has("y"), ...folder]), [
    [2, true, true, "x", "y"],
    [0, false, false],
    [2, true, true, "x", "y"],
  ]);
  absent.delete("/a/y"), absent.delete("/c/y");
  assertEquals(listed(absent), { x: ["/a", "/c"] });
  absent.add("/b/x");
  assertEquals(listed(absent), { x: ["/a", "/c", "/b"] });
});

Deno.test("AbsentPaths keeps a name that is looked for in hundreds of folders once for each", () => {
  const absent = new AbsentPaths(), folders = Array.from({ length: 300 }, (_, i) => `/d${i}`);
  const gone = folders.filter((_, i) => i % 3 === 0), there = folders.filter((_, i) => i % 3 !== 0);
  for (let round = 0; round < 2; round++) for (const folder of folders) absent.addIn(folder, "x");
  assertEquals(listed(absent), { x: folders });
  for (const folder of gone) absent.delete(`${folder}/x`);
  assertEquals(listed(absent), { x: there });
  assert(
    gone.every((folder) => !absent.has(`${folder}/x`)) && there.every((folder) => absent.has(`${folder}/x`)),
  );
  for (const folder of folders) absent.addIn(folder, "x");
  assertEquals(listed(absent), { x: [...there, ...gone] });
});

Deno.test("addSearch() is addIn() for each folder, or nothing at all", () => {
  let seed = 7;
  const below = (n: number) => ((seed = (seed * 1103515 + 12345) & 0x7fffffff) >> 8) % n;
  for (let round = 0; round < 200; round++) {
    const whole = new AbsentPaths(), each = new AbsentPaths();
    // Folders that others come behind, as a reader gives them.
    const growing: string[][] = [["/d1", "/d2"], ["/d2"], []];
    for (let search = 0; search < 30; search++) {
      const from = below(4), name = `n${below(20)}`, inOrder = below(3) > 0;
      let folders = Array.from({ length: below(8) }, (_, i) => `/d${inOrder ? from + i : below(9)}`);
      if (below(6) === 0) folders.push("/proc/self");
      const again = growing.at(from);
      if (again !== undefined) {
        if (below(2) === 0) again.push(below(12) === 0 ? "/proc/self" : `/d${below(20)}`);
        folders = again.slice(0, below(again.length + 1));
      }
      const known = each.names.has(name), names = folders.filter((path) => path !== "/proc/self");
      const twice = new Set(names).size < names.length;
      const took = again === undefined
        ? whole.addSearch(folders, name)
        : whole.addSearch(again, name, folders.length);
      assertEquals(took, !known && !twice && !folders.includes("/proc/self"));
      if (!took) { for (const folder of folders) whole.addIn(folder, name); }
      for (const folder of folders) each.addIn(folder, name);
      if (below(5) === 0 && folders.length > 0) {
        for (const absent of [whole, each]) absent.delete(`${folders[0]}/${name}`);
      }
    }
    assertEquals(listed(whole), listed(each));
    for (const folder of whole.folders) {
      const names = [...folder];
      assertEquals(folder.size, names.length);
      assertEquals(new Set(names), new Set([...whole.names.keys()].filter((name) => folder.has(name))));
    }
    const names = ({ folders }: AbsentPaths) =>
      folders.filter(({ size }) => size > 0).map((
        folder,
      ) => [folder.path, folder.size, ...[...folder].sort()]);
    assertEquals(names(whole), names(each));
  }
});
