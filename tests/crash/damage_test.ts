/** Damage on disk: a miss and a warning, never a wrong object, and the next run hits again. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Compiling, modes, sh } from "./compiling.ts";

const journal = "index/journal.log";

function rewrite(path: string, change: (bytes: Uint8Array) => Uint8Array): void {
  Deno.chmodSync(path, 0o600);
  Deno.writeFileSync(path, change(Deno.readFileSync(path)));
}
const flip = (at: (length: number) => number) => (bytes: Uint8Array) => {
  bytes[at(bytes.length)] ^= 0x20;
  return bytes;
};
const cut = (bytes: Uint8Array, left: number) => bytes.subarray(0, left);

interface Damage {
  name: string;
  /** Where the results lie when it happens. */
  in: "journal" | "shards";
  spoil(world: Compiling): void;
  /** What the log says. */
  says?: RegExp;
}

const inJournal = (name: string, change: (bytes: Uint8Array) => Uint8Array, says?: RegExp): Damage => ({
  name: `the journal ${name}`,
  in: "journal",
  spoil: ({ cache }) => rewrite(`${cache}/v1/${journal}`, change),
  says,
});
const inFiles = (
  name: string,
  match: RegExp,
  change: (bytes: Uint8Array) => Uint8Array,
  says?: RegExp,
): Damage => ({
  name,
  in: "shards",
  spoil: (world) => world.files(match).forEach((path) => rewrite(path, change)),
  says,
});

const shards = /index\/[0-9a-f]{2}\.msgpack$/, blobs = /objects\//;
const torn = /warn journal cut at byte \d+: a record/;
const damages: Damage[] = [
  ...[1, 13, 400].map((left) =>
    inJournal(`without its last ${left} bytes`, (bytes) => cut(bytes, bytes.length - left), torn)
  ),
  inJournal("with a flipped bit at its end", flip((length) => length - 3), /a record is damaged/),
  inJournal("with a flipped bit in its first record", flip(() => 40), /a record is damaged/),
  inJournal("with an absurd size", (bytes) => (bytes.fill(0xff, 16, 20), bytes), torn),
  inJournal("with a damaged head", flip(() => 2), /does not begin as a journal/),
  inJournal("cut within its head", (bytes) => cut(bytes, 7), /does not begin as a journal/),
  inJournal("emptied", (bytes) => cut(bytes, 0)),
  inJournal("overwritten with noise", (bytes) => bytes.map((_, i) => i * 37), /does not begin as a journal/),
  inFiles("shards cut short", shards, (bytes) => cut(bytes, bytes.length >> 1), /shard \d+ is damaged/),
  inFiles("shards emptied", shards, (bytes) => cut(bytes, 0), /shard \d+ is damaged/),
  inFiles("shards of another version", shards, flip(() => 7), /shard \d+ is damaged/),
  inFiles("a flipped bit in the shards' checksum", shards, flip(() => 9), /shard \d+ is damaged/),
  inFiles("a flipped bit in the shards", shards, flip((length) => length >> 1), /shard \d+ is damaged/),
  inFiles("a flipped bit in the blobs", blobs, flip((length) => length >> 1), /the blob \w+ is damaged/),
  inFiles("blobs cut short", blobs, (bytes) => cut(bytes, 100), /the blob \w+ is damaged/),
  inFiles("blobs emptied", blobs, (bytes) => cut(bytes, 0), /the blob \w+ is damaged/),
  {
    name: "blobs removed",
    in: "journal",
    spoil: (world) => world.files(blobs).forEach((path) => Deno.removeSync(path)),
    says: /the blob \w+ is missing/,
  },
  {
    name: "the shards' folder removed",
    in: "shards",
    spoil: ({ cache }) => Deno.removeSync(`${cache}/v1/index`, { recursive: true }),
  },
];

for (const mode of modes) {
  Deno.test(`damaged files are a miss and then a hit, ${mode}`, async (t) => {
    await using world = new Compiling(mode);
    const names = ["one", "two"], asked = { ...world.env };
    world.env.ZCCACHE_DAEMON = "off"; // so that all lies in the journal at first
    world.env.ZCCACHE_COMMENTS = "off"; // and ends with a result
    for (const name of names) {
      await world.source(name, 4_000);
      assertEquals(await world.outcome(name), "miss_new");
    }
    sh("cp", "-a", world.cache, `${world.folder}/journal`);
    await world.run(["start"], { ZCCACHE_DAEMON: "auto" });
    await world.stop(); // moves the records into the shards
    assert(world.files(shards).length > 0);
    sh("cp", "-a", world.cache, `${world.folder}/shards`);
    Object.assign(world.env, { ZCCACHE_DAEMON: "auto" }, asked);
    for (const damage of damages) {
      await t.step(damage.name, async () => {
        await world.kill();
        Deno.removeSync(world.cache, { recursive: true });
        sh("cp", "-a", `${world.folder}/${damage.in}`, world.cache);
        await world.news();
        damage.spoil(world);
        const before = world.inRuntime(".log").length === 0 ? 0 : world.log().length;
        await world.build("two");
        assertMatch((await world.news()).join(), /^miss_(?:new|damaged)$/);
        for (const name of ["two", "one", "one"]) await world.build(name);
        assertMatch((await world.news()).toSorted().join(), /^hit,hit,(?:hit|miss_new|miss_damaged)$/);
        if (damage.says !== undefined) assertMatch(world.log().slice(before), damage.says);
        assertEquals(world.staged(), []);
      });
    }
  });
}

for (const mode of modes) {
  Deno.test(`damaged counters start over and hinder nothing, ${mode}`, async () => {
    await using world = new Compiling(mode);
    await world.source("one");
    await world.build("one");
    await world.stop();
    for (const at of [0, 9, 14, 30, 60]) {
      rewrite(`${world.cache}/v1/stats.msgpack`, flip((length) => at % length));
      await world.build("one");
      await world.stop();
      const { hits, runs } = JSON.parse((await world.run(["stats", "--json"])).out);
      assertEquals([hits, runs], [1, 1], `byte ${at}`);
    }
  });
}

for (const mode of modes) {
  Deno.test(`a cache of another format is left alone and tools run, ${mode}`, async () => {
    await using world = new Compiling(mode);
    await world.source("one");
    await world.build("one");
    await world.stop();
    Deno.writeTextFileSync(`${world.cache}/v1/format`, "zccache store 9\n");
    const state = () =>
      world.files(/./).map((path) => [path, Deno.statSync(path).mtime!.getTime()]).toSorted();
    const before = state();
    await world.build("one");
    await world.stop();
    assertEquals(state(), before);
  });
}
