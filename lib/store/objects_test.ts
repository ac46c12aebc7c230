import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromText, shown } from "../base/bytes.ts";
import { hex, sha256 } from "../base/digest.ts";
import { libc } from "../os/mod.ts";
import { Objects } from "./objects.ts";
import { text } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

function setup(folder = Deno.makeTempDirSync()) {
  for (const name of ["objects", "tmp"]) Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
  const warnings: string[] = [];
  const objects = new Objects(folder, { warn: (text) => void warnings.push(text) });
  const stage = (content: string) => {
    const path = `${folder}/tmp/staged`;
    Deno.writeTextFileSync(path, content);
    return fromText(path);
  };
  const staged = () => [...Deno.readDirSync(`${folder}/tmp`)].length;
  return { folder, objects, warnings, stage, staged };
}
const overwrite = (path: string, content: string) => {
  Deno.chmodSync(path, 0o600);
  Deno.writeTextFileSync(path, content);
};

Deno.test("Objects.commit() names a file by its content, read-only, and says its size", () => {
  const { objects, stage, staged, warnings } = setup();
  const { digest, size, head } = objects.commit(stage("bytes"));
  assertEquals([digest, size, head], [sha256(text("bytes")), 5, text("byte")]);
  const path = shown(objects.path(sha256(text("bytes")))!);
  assertEquals([Deno.readTextFileSync(path), Deno.statSync(path).mode! & 0o777], ["bytes", 0o444]);
  assertEquals([staged(), warnings], [0, []]);
});

Deno.test("Objects.commit() keeps the blob that is there, and puts a right one over a damaged one", () => {
  const { objects, stage, staged } = setup();
  const { digest } = objects.commit(stage("bytes")), path = shown(objects.path(digest)!);
  const inode = Deno.statSync(path).ino;
  objects.commit(stage("bytes"));
  assertEquals([Deno.statSync(path).ino, staged()], [inode, 0]);
  overwrite(path, "bytez");
  objects.commit(stage("bytes"));
  assertEquals([Deno.readTextFileSync(path), staged()], ["bytes", 0]);
});

Deno.test("Objects.commit() makes folders that were removed, and throws where the file is gone", () => {
  const { objects, stage, folder } = setup();
  Deno.removeSync(`${folder}/objects`);
  const { digest } = objects.commit(stage("bytes"));
  assert(objects.path(digest) !== undefined);
  assertThrows(() => objects.commit(fromText(`${folder}/tmp/none`)), Error, "cannot read the staged file");
});

const damages: [string, (path: string) => void][] = [
  ["a byte changed", (path) => overwrite(path, "bytez")],
  ["shortened", (path) => overwrite(path, "byte")],
  ["emptied", (path) => overwrite(path, "")],
  ["missing", (path) => Deno.removeSync(path)],
  ["a link", (path) => (Deno.renameSync(path, `${path}x`), Deno.symlinkSync(`${path}x`, path))],
  ["a folder", (path) => (Deno.removeSync(path), Deno.mkdirSync(path))],
];
for (const [name, damage] of damages) {
  Deno.test(`Objects.path() gives no blob that is ${name}, and says so`, () => {
    const { objects, stage, warnings, folder } = setup();
    const { digest } = objects.commit(stage("bytes"));
    damage(shown(objects.path(digest)!));
    assertEquals(objects.path(digest), undefined);
    assertEquals(new Objects(folder, { warn: () => {} }).path(digest), undefined);
    assert(warnings.at(-1)!.includes(hex(digest)), warnings.join());
  });
}

Deno.test("Objects.path() looks again when a blob was written with the same bytes", () => {
  const { objects, stage } = setup();
  const { digest } = objects.commit(stage("bytes"));
  const path = objects.path(digest)!;
  overwrite(shown(path), "bytes");
  assertEquals(objects.path(digest), path);
});

Deno.test("Objects.all() lists blobs with their room on disk, and leaves strangers out", () => {
  const { objects, stage, folder } = setup();
  const { digest } = objects.commit(stage("bytes"));
  Deno.writeTextFileSync(`${folder}/objects/readme`, "");
  Deno.mkdirSync(`${folder}/objects/zz`);
  Deno.writeTextFileSync(`${folder}/objects/${hex(digest).slice(0, 2)}/short`, "");
  const [blob, ...others] = objects.all();
  assertEquals([blob.digits, others], [hex(digest), []]);
  assert(blob.bytes >= 512 && blob.bytes % 512 === 0 && Math.abs(blob.madeMs - Date.now()) < 60_000);
  objects.remove(blob.digits);
  assertEquals([...objects.all()], []);
  objects.remove(blob.digits); // a second time is no error
});
