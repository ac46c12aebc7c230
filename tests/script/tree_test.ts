import { assertEquals } from "@std/assert";
import { restoreTree, takeTree } from "./tree.ts";

Deno.test("restoreTree() puts a file back where a link has got its inode's number", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/a.o`, "bytes");
    const wanted = takeTree(folder);
    Deno.removeSync(`${folder}/a.o`);
    Deno.symlinkSync("nowhere", `${folder}/a.o`);
    const link = takeTree(folder).get("a.o")!;
    restoreTree(folder, new Map([...wanted].map(([path, entry]) => [path, { ...entry, inode: link.inode }])));
    assertEquals(Deno.readTextFileSync(`${folder}/a.o`), "bytes");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
