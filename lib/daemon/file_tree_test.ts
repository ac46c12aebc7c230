import { assert, assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { ownFileTree, seesSameFiles } from "./file_tree.ts";

libc(); // opened here, so that no test seems to leak it

Deno.test("seesSameFiles() compares both numbers, and trusts nobody where our own are unknown", () => {
  const own = ownFileTree();
  assert(own !== undefined);
  assertEquals(seesSameFiles(own, own), true);
  assertEquals(seesSameFiles(own, { ...own, namespace: own.namespace + 1n }), false);
  assertEquals(seesSameFiles(own, { ...own, root: own.root + 1n }), false);
  assertEquals(seesSameFiles(undefined, own), false);
});
