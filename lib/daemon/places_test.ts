import { assert, assertEquals, assertMatch } from "@std/assert";
import { CacheError } from "../base/errors.ts";
import { libc, userId } from "../os/mod.ts";
import { endpointName, findPlaces, fnv1a, type Places, type PlacesFrom } from "./places.ts";

libc(); // opened before the tests, which would call it a leak

function inFolder(body: (folder: string) => void): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function find(folder: string, more: Partial<PlacesFrom> = {}): Places {
  const places = findPlaces({ uid: userId(), cwd: folder, home: folder, runtimeDir: folder, ...more });
  if (places instanceof CacheError) throw places;
  return places;
}

function refuse(folder: string, more: Partial<PlacesFrom> = {}): CacheError {
  const places = findPlaces({ uid: userId(), cwd: folder, home: folder, runtimeDir: folder, ...more });
  if (!(places instanceof CacheError)) throw new Error(JSON.stringify(places));
  return places;
}

// The digests of "" and "a" are those that the authors of FNV publish.
const hashes = [{ text: "", want: 0xcbf29ce484222325n }, { text: "a", want: 0xaf63dc4c8601ec8cn }];
for (const { text, want } of hashes) {
  Deno.test(`fnv1a() of ${JSON.stringify(text)}`, () => assertEquals(fnv1a(text), want));
}

Deno.test("endpointName() differs by folder and by protocol", () => {
  const names = new Set([endpointName("/a", 1), endpointName("/b", 1), endpointName("/a", 2)]);
  assertEquals(names.size, 3);
  for (const name of names) assertMatch(name, /^[0-9a-f]{16}$/);
});

Deno.test("findPlaces() makes both folders 0700 and names everything below the runtime folder", () =>
  inFolder((folder) => {
    const places = find(folder);
    assertEquals(places.cache, `${folder}/.zccache`);
    assertEquals(places.runtime, `${folder}/zccache`);
    assertEquals(places.socket, `${folder}/zccache/${endpointName(places.cache)}.sock`);
    for (const path of [places.cache, places.runtime]) {
      assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o700);
    }
  }));

Deno.test("findPlaces() gives one name to a cache reached by a link", () =>
  inFolder((folder) => {
    const direct = find(folder, { cacheDir: `${folder}/cache` });
    Deno.symlinkSync("cache", `${folder}/link`);
    assertEquals(find(folder, { cacheDir: "link" }), direct);
  }));

Deno.test("findPlaces() takes a relative cache folder from the current one", () =>
  inFolder((folder) => assertEquals(find(folder, { cacheDir: "c" }).cache, `${folder}/c`)));

Deno.test("findPlaces() lets ZCCACHE_ENDPOINT override the socket only", () =>
  inFolder((folder) => {
    const places = find(folder, { endpoint: `${folder}/s` });
    assertEquals(places.socket, `${folder}/s`);
    assertEquals(places.lock, find(folder).lock);
  }));

Deno.test("findPlaces() takes a relative ZCCACHE_ENDPOINT from the current folder", () =>
  inFolder((folder) => assertEquals(find(folder, { endpoint: "s" }).socket, `${folder}/s`)));

Deno.test("findPlaces() refuses an endpoint at which something else is than a socket", () =>
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/folder`);
    Deno.writeTextFileSync(`${folder}/file`, "precious");
    for (const endpoint of [`${folder}/folder`, `${folder}/file`, "/dev/null"]) {
      assertMatch(refuse(folder, { endpoint }).message, /what is there is no socket/);
    }
  }));

Deno.test("findPlaces() asks the user database where HOME is unset", () =>
  inFolder((folder) => {
    const database = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    const home = database.find((fields) => Number(fields[2]) === 65534)?.[5];
    const refusal = refuse(folder, { uid: 65534, home: undefined });
    assert(refusal.message.includes(`${home}/.zccache`), refusal.message);
  }));

Deno.test("findPlaces() uses /tmp/zccache-<uid> where XDG_RUNTIME_DIR is not ours or too long", () =>
  inFolder((folder) => {
    const plain = `/tmp/zccache-${userId()}`;
    const long = `${folder}/${"x".repeat(100)}`;
    Deno.mkdirSync(long);
    for (const runtimeDir of [undefined, "relative", `${folder}/absent`, long]) {
      assertEquals(find(folder, { runtimeDir }).runtime, plain);
    }
  }));

Deno.test("findPlaces() says why a folder cannot be made, and what to do instead", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const cache = refuse(folder, { cacheDir: `${folder}/file/cache` });
    assertMatch(cache.message, /it is not there and cannot be made: not a directory/);
    assertEquals(cache.help, "Choose another with ZCCACHE_CACHE_DIR");
    const runtime = refuse(folder, { runtimeDir: "/proc/self" }); // ours, and takes no folder
    assertMatch(runtime.message, /"\/proc\/self\/zccache".*: it cannot be made: no such file or directory/);
    assertEquals(runtime.help, "Set XDG_RUNTIME_DIR to a folder of yours");
  }));

Deno.test("findPlaces() refuses a cache folder that others may write to, and names the remedy", () =>
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/open`);
    Deno.chmodSync(`${folder}/open`, 0o777);
    const refusal = refuse(folder, { cacheDir: `${folder}/open` });
    assertMatch(refusal.message, /others may write to it \(mode 777\)/);
    assertMatch(refusal.help!, /chmod 700/);
  }));

Deno.test("findPlaces() refuses a folder of another user", () =>
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/cache`);
    const refusal = refuse(folder, { uid: userId() + 1, cacheDir: `${folder}/cache` });
    assertMatch(refusal.message, /belongs to user/);
  }));

Deno.test("findPlaces() refuses a runtime folder that is a link", () =>
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/elsewhere`, { mode: 0o700 });
    Deno.symlinkSync("elsewhere", `${folder}/zccache`);
    assertMatch(refuse(folder).message, /it is not a folder/);
  }));

Deno.test("findPlaces() refuses a runtime folder that others may read", () =>
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/zccache`);
    Deno.chmodSync(`${folder}/zccache`, 0o755);
    assertMatch(refuse(folder).message, /others may read it/);
  }));

Deno.test("findPlaces() refuses a socket path that the kernel cannot take", () =>
  inFolder((folder) => {
    assertMatch(refuse(folder, { endpoint: "/" + "s".repeat(107) }).message, /longer than 107 bytes/);
  }));
