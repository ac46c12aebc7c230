/** How two builds are compared: what differs in files and lines is named, order and equal lines are not. */
import { assertEquals } from "@std/assert";
import { compareLines, compareProducts, takeProducts } from "./realworld_products.ts";

Deno.test("files that differ in bytes or mode, are missing or too many are named", () => {
  const side = Deno.makeTempDirSync(), folder = `${side}/build`;
  try {
    Deno.mkdirSync(folder);
    for (const name of ["same", "bytes", "mode", "missing", "spared"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "1");
    }
    const plain = takeProducts(folder, /\/spared$/);
    Deno.writeTextFileSync(`${folder}/bytes`, "2");
    Deno.chmodSync(`${folder}/mode`, 0o755);
    Deno.renameSync(`${folder}/missing`, `${folder}/more`);
    Deno.writeTextFileSync(`${folder}/spared`, "2");
    const found = compareProducts(plain, takeProducts(folder, /\/spared$/));
    assertEquals(found.map((fault) => fault.replace(/ is (?!there|missing).*/, " differs")), [
      "./bytes differs",
      "./missing is missing",
      "./mode differs",
      "./more is there only with the cache",
    ]);
  } finally {
    Deno.removeSync(side, { recursive: true });
  }
});

Deno.test("lines count as often as they were said, in any order", () => {
  assertEquals(compareLines("it", ["a", "b", "b"], ["b", "a", "b"]), []);
  assertEquals(compareLines("it", ["a", "b", "b"], ["c", "b"]), [
    "it lacks: a",
    "it lacks: b",
    "it has more: c",
  ]);
});
