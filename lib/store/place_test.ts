import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CacheError } from "../base/errors.ts";
import { libc } from "../os/mod.ts";
import { withZombie } from "../os/testing.ts";
import { formatLine } from "./layout.ts";
import { preparePlace, sweepStaged } from "./place.ts";

libc(); // opened here, so that no test seems to leak it

const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
const entries = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).toSorted();
const fresh = () => `${Deno.makeTempDirSync()}/cache`;

Deno.test("preparePlace() makes the folders, open to their owner alone, whatever the umask", () => {
  const cache = fresh(), umask = Deno.umask(0);
  try {
    assertEquals(preparePlace(`${cache}/v1`), "writable");
  } finally {
    Deno.umask(umask);
  }
  assertEquals(entries(`${cache}/v1`), ["format", "index", "objects", "tmp"]);
  for (const name of ["", "/v1", "/v1/index", "/v1/objects", "/v1/tmp"]) {
    assertEquals(mode(cache + name), 0o700, name);
  }
  assertEquals(Deno.readTextFileSync(`${cache}/v1/format`), formatLine);
  assertEquals(entries(`${cache}/v1/tmp`), []);
  assertEquals(preparePlace(`${cache}/v1`), "writable", "a second time");
});

Deno.test("preparePlace() makes the folders above, too", () => {
  const cache = `${fresh()}/a/b`;
  preparePlace(`${cache}/v1`);
  assertEquals(mode(cache), 0o700);
});

for (const [bits, path] of [[0o770, ""], [0o777, ""], [0o702, ""], [0o770, "/v1"]] as const) {
  Deno.test(`preparePlace() refuses "cache${path}" with mode ${bits.toString(8)}, naming the remedy`, () => {
    const cache = fresh();
    preparePlace(`${cache}/v1`);
    Deno.chmodSync(cache + path, bits);
    const error = assertThrows(() => preparePlace(`${cache}/v1`), CacheError);
    assertEquals(error.code, "unusable_place");
    assertMatch(
      `${error.message}\n${error.help}`,
      new RegExp(`mode ${bits.toString(8)}.*chmod 700 ${cache}${path}`, "s"),
    );
  });
}

Deno.test("preparePlace() takes a folder that others may read", () => {
  const cache = fresh();
  preparePlace(`${cache}/v1`);
  Deno.chmodSync(cache, 0o755);
  assertEquals(preparePlace(`${cache}/v1`), "writable");
});

Deno.test({
  name: "preparePlace() refuses another user's folder [needs root]",
  ignore: Deno.uid() !== 0,
  fn() {
    const cache = fresh();
    preparePlace(`${cache}/v1`);
    Deno.chownSync(cache, 65534, 65534);
    const error = assertThrows(() => preparePlace(`${cache}/v1`), CacheError);
    assertMatch(`${error.message}\n${error.help}`, /belongs to user 65534.*ZCCACHE_CACHE_DIR/s);
  },
});

Deno.test("preparePlace() refuses another format and changes nothing there", () => {
  for (const line of ["zccache store 9\n", "", "zccache store 1"]) {
    const cache = fresh();
    preparePlace(`${cache}/v1`);
    Deno.writeTextFileSync(`${cache}/v1/format`, line);
    Deno.writeTextFileSync(`${cache}/v1/index/theirs`, "x");
    const error = assertThrows(() => preparePlace(`${cache}/v1`), CacheError);
    assertMatch(`${error.message}\n${error.help}`, /another format.*ZCCACHE_CACHE_DIR/s);
    assertEquals(entries(`${cache}/v1/index`), ["theirs"]);
    assertEquals(Deno.readTextFileSync(`${cache}/v1/format`), line);
  }
});

Deno.test("preparePlace() refuses a file where the folder should be", () => {
  const cache = fresh();
  Deno.writeTextFileSync(cache, "");
  assertThrows(() => preparePlace(`${cache}/v1`));
  assertEquals(Deno.readTextFileSync(cache), "");
});

Deno.test("sweepStaged() removes what dead processes staged, and leaves the living's, the young's and strangers' files", () => {
  const cache = fresh();
  preparePlace(`${cache}/v1`);
  const tmp = `${cache}/v1/tmp`, now = Date.now();
  const dead = 2 ** 22 + 5; // above any pid
  const put = (name: string, ageMs: number) => {
    Deno.writeTextFileSync(`${tmp}/${name}`, "");
    Deno.utimeSync(`${tmp}/${name}`, new Date(now - ageMs), new Date(now - ageMs));
  };
  put(`${dead}-1`, 120_000);
  put(`${dead}-2`, 1_000);
  put(`${Deno.pid}-1`, 120_000);
  put(`${Deno.pid}-2`, 2 * 3_600_000);
  put("notes.txt", 2 * 3_600_000);
  sweepStaged(`${cache}/v1`, now);
  assertEquals(entries(tmp), [`${Deno.pid}-1`, `${dead}-2`, "notes.txt"].toSorted());
});

Deno.test("sweepStaged() takes a zombie for dead", async () => {
  const cache = fresh();
  preparePlace(`${cache}/v1`);
  await withZombie((pid) => {
    const left = `${cache}/v1/tmp/${pid}-1`, then = new Date(Date.now() - 120_000);
    Deno.writeTextFileSync(left, "");
    Deno.utimeSync(left, then, then);
    sweepStaged(`${cache}/v1`, Date.now());
    assertEquals(entries(`${cache}/v1/tmp`), []);
  });
});
