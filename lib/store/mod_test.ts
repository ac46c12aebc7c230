import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { hex, sha256 } from "../base/digest.ts";
import { libc } from "../os/mod.ts";
import { names } from "./layout.ts";
import type { Store } from "./mod.ts";
import { keyOf as key, openStore as setup, text, unitOf } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

const values = (store: Store, name: string) =>
  store.candidates(key(name)).map(({ unit }) => hex(unit.inputs[0].value).slice(0, 8));
const short = (value: string) => hex(sha256(text(value))).slice(0, 8);

for (const how of ["journal", "snapshot"] as const) {
  Deno.test(`Store gives back a unit whole from its ${how}`, async () => {
    const first = setup();
    first.store.put(unitOf("a"));
    if (how === "snapshot") await first.end(); // else the process "dies": nothing is flushed
    const { store, end, warnings } = setup(first.folder);
    assertEquals(store.candidates(key("a")).map(({ unit }) => unit), [unitOf("a")]);
    assertEquals(warnings, []);
    await end();
    if (how === "journal") await first.end();
  });
}

Deno.test("Store keeps candidates newest first, and one for each set of statements", async () => {
  const { store, folder, end } = setup();
  for (const value of ["one", "two", "one"]) store.put(unitOf("a", value));
  assertEquals(values(store, "a"), [short("one"), short("two")]);
  await end();
  const again = setup(folder);
  assertEquals(values(again.store, "a"), [short("one"), short("two")]);
  await again.end();
});

Deno.test("Store forgets what is dropped, also after a kill", async () => {
  const first = setup();
  first.store.put(unitOf("a"));
  first.store.drop(first.store.candidates(key("a"))[0].id);
  assertEquals(first.store.candidates(key("a")).length, 0);
  const { store, end } = setup(first.folder);
  assertEquals(store.candidates(key("a")).length, 0);
  await end();
  await first.end();
});

Deno.test("Stores of several processes take in each other's records, also after one moved them into shards", async () => {
  const a = setup(), b = setup(a.folder, "one-shot");
  a.store.put(unitOf("a"));
  b.store.put(unitOf("b")); // takes in "a" under the lock
  assertEquals(values(b.store, "a").length, 1);
  a.store.put(unitOf("c")); // takes in "b"
  await a.end();
  const c = setup(a.folder, "one-shot");
  assertEquals(["a", "b", "c"].map((name) => values(c.store, name).length), [1, 1, 1]);
  await b.end();
  await c.end();
});

Deno.test("Store reads a damaged shard or journal as less, with a warning, never with an exception", async () => {
  const first = setup();
  for (let i = 0; i < 20; i++) first.store.put(unitOf(`n${i}`));
  await first.end();
  const shard = `${first.folder}/${names.shard(key("n0")[0])}`;
  const bytes = Deno.readFileSync(shard);
  for (const at of [0, 9, 20, bytes.length - 1]) {
    const damaged = bytes.slice();
    damaged[at] ^= 0x10;
    Deno.writeFileSync(shard, damaged);
    const { store, warnings, abort } = setup(first.folder);
    assertEquals(values(store, "n0"), []);
    assert(warnings.some((text) => text.includes("damaged")), `byte ${at}: ${warnings.join()}`);
    abort.abort();
    Deno.writeFileSync(shard, bytes);
  }
  Deno.truncateSync(shard, 30);
  const { store, end } = setup(first.folder);
  assertEquals(values(store, "n0"), []);
  await end();
});

Deno.test("a blob is delivered only while its bytes are right", async () => {
  const { store, end, warnings } = setup();
  const digest = store.putBlob(text("object"));
  const path = store.blobPath(digest)!;
  assertEquals(Deno.readTextFileSync(path), "object");
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o444);
  Deno.chmodSync(path, 0o644);
  Deno.writeTextFileSync(path, "objecT");
  assertEquals(store.blobPath(digest), undefined);
  assert(warnings.some((text) => text.includes("damaged")));
  assertEquals(store.blobPath(store.putBlob(text("object"))), path, "it can be put again");
  Deno.removeSync(path);
  assertEquals(store.blobPath(digest), undefined);
  await end();
});

Deno.test("a staged file becomes a blob, and of two equal ones one stays", async () => {
  const { store, end, folder } = setup();
  const digests = ["1", "2"].map(() => {
    const staged = store.stagingName();
    Deno.writeTextFileSync(staged, "bytes");
    return hex(store.commitBlob(staged).digest);
  });
  assertEquals(digests[0], digests[1]);
  assertEquals([...Deno.readDirSync(`${folder}/tmp`)].length, 0);
  assertThrows(() => store.commitBlob(fromText(`${folder}/tmp/none`)));
  await end();
});

Deno.test("Store goes on in a folder that was emptied under it", async () => {
  const { store, end, folder } = setup();
  store.put(unitOf("a", "x", store.putBlob(text("object"))));
  for (const name of ["objects", "index"]) Deno.removeSync(`${folder}/${name}`, { recursive: true });
  for (const name of ["objects", "index"]) Deno.mkdirSync(`${folder}/${name}`);
  const digest = store.putBlob(text("object"));
  store.put(unitOf("b", "x", digest));
  assert(store.blobPath(digest) !== undefined);
  await end();
  const again = setup(folder);
  assertEquals(values(again.store, "b").length, 1);
  await again.end();
});

const refused: [string, (cache: string) => void, RegExp][] = [
  ["others may write to", (cache) => Deno.chmodSync(cache, 0o777), /others may write to it \(mode 777\)/],
  [
    "another format wrote",
    (cache) => Deno.writeTextFileSync(`${cache}/v1/format`, "zccache store 9\n"),
    /another format/,
  ],
];
for (const [name, spoil, message] of refused) {
  Deno.test(`Store refuses a folder that ${name}, and leaves it`, async () => {
    const { end, folder } = setup();
    await end();
    const cache = folder.slice(0, -"/v1".length);
    spoil(cache);
    const before = [...Deno.readDirSync(folder)].length;
    const error = assertThrows(() => setup(folder), Error);
    assert(message.test(error.message), error.message);
    assertEquals([...Deno.readDirSync(folder)].length, before);
  });
}

Deno.test("counters are summed over stores, with the last outcomes in order", async () => {
  const a = setup(), b = setup(a.folder, "one-shot");
  a.store.count([["run hit compile", 1], ["saved_us", 5]], "hit");
  b.store.count([["run miss_new compile", 1]], "miss_new");
  await b.end();
  await a.end();
  const { store, end } = setup(a.folder);
  const { counters, recent } = store.counters();
  assertEquals(Object.fromEntries(counters), {
    "run hit compile": 1,
    "saved_us": 5,
    "run miss_new compile": 1,
  });
  assertEquals(recent, ["miss_new", "hit"]);
  await store.resetCounters();
  assertEquals(store.counters().counters.size, 0);
  await end();
});

Deno.test("clear() removes results and blobs, and leaves the counters", async () => {
  const { store, end } = setup();
  store.count([["run hit compile", 1]], "hit");
  store.put(unitOf("a", "x", store.putBlob(text("object"))));
  const { units, blobs } = await store.clear();
  assertEquals([units, blobs, store.sizes().units, store.sizes().blobs], [1, 1, 0, 0]);
  assertEquals(store.counters().counters.size, 1);
  store.put(unitOf("b"));
  await end();
});

Deno.test("codesEpoch is another whenever codes have gone, for which reason soever", async () => {
  const { store, end } = setup();
  const epochs = [store.codesEpoch];
  const contents = Array.from({ length: 66_000 }, (_, i) => sha256(text(`${i}`)));
  store.rememberCodes(contents.slice(0, 100).map((content) => [content, { digest: content, mark: 1 }]));
  assertEquals(store.codesEpoch, epochs[0], "nothing has gone");
  store.rememberCodes(contents.map((content) => [content, { digest: content, mark: 1 }]));
  epochs.push(store.codesEpoch);
  for (let round = 0; round < 2; round++) {
    await store.clear();
    epochs.push(store.codesEpoch);
  }
  assertEquals(new Set(epochs).size, 4, `${epochs}`);
  await end();
});

Deno.test("Store tells that nothing is held whose key begins so, of the journal, a snapshot and what comes", async () => {
  const first = setup(), start = (name: string) => key(name).subarray(0, 4);
  assertEquals(first.store.mayHold(start("a")), false);
  first.store.put(unitOf("a"));
  assertEquals(["a", "b"].map((name) => first.store.mayHold(start(name))), [true, false]);
  const early = setup(first.folder, "one-shot");
  assertEquals(["a", "b"].map((name) => early.store.mayHold(start(name))), [true, false]);
  await early.end();
  await first.end();
  const { store, end } = setup(first.folder);
  assertEquals(["a", "b"].map((name) => store.mayHold(start(name))), [true, false]);
  const other = key("a").slice(0, 4);
  other[3] ^= 1; // of the same shard
  assertEquals(store.mayHold(other), false);
  await end();
});

Deno.test("Store writes shards once nothing comes any more, and before that only for who asks", async () => {
  const { store, folder, clock, end } = setup();
  const hasShard = () => {
    try {
      return Deno.statSync(`${folder}/${names.shard(key("a")[0])}`).isFile;
    } catch {
      return false;
    }
  };
  const waitForCommit = async () => {
    for (let i = 0; i < 200 && !hasShard(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  clock.advance(4_500);
  store.put(unitOf("a"));
  clock.advance(500); // a tick, right behind it
  await waitForCommit();
  assertEquals(hasShard(), false);
  clock.advance(5_000);
  await waitForCommit();
  assertEquals(hasShard(), true);
  Deno.removeSync(`${folder}/${names.shard(key("a")[0])}`);
  clock.advance(4_500);
  store.put(unitOf("a", "other"));
  clock.advance(500);
  await store.flush();
  assertEquals(hasShard(), true);
  await end();
});
