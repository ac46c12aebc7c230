import { assert, assertEquals, assertThrows } from "@std/assert";
import { libc } from "../os/mod.ts";
import { journalHeadBytes, type JournalRecord, recordKinds } from "./journal.ts";
import { JournalFile } from "./journal_file.ts";
import { keyOf, openStore, unitOf } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

const record = (shard: number, size = 4): JournalRecord => ({
  shard,
  kind: recordKinds.unit,
  body: new Uint8Array(size).fill(shard),
});

function setup(folder = Deno.makeTempDirSync()) {
  Deno.mkdirSync(`${folder}/tmp`, { recursive: true });
  const seen: number[] = [], warnings: string[] = [];
  let replaced = 0;
  const path = `${folder}/journal.log`;
  const journal = new JournalFile(folder, path, {
    record: ({ shard }) => void seen.push(shard),
    replaced: () => void replaced++,
    warn: (text) => void warnings.push(text),
  });
  /** The records seen, and how often everything had to be read anew, since the last call. */
  const news = () => {
    const all = { seen: seen.splice(0), replaced };
    replaced = 0;
    return all;
  };
  return { folder, path, journal, warnings, news };
}

Deno.test("JournalFile takes in others' records before its own, each once", () => {
  const a = setup(), b = setup(a.folder);
  a.journal.append(record(1));
  a.news();
  b.journal.append(record(2));
  assertEquals(b.news().seen, [1]);
  a.journal.append(record(3));
  assertEquals(a.news(), { seen: [2], replaced: 0 });
  b.journal.catchUp();
  assertEquals(b.news().seen, [3]);
  assertEquals([...a.journal.shards], [1, 2, 3]);
});

Deno.test("JournalFile reads anew where another process rewrote it, also to its old length", () => {
  const a = setup(), b = setup(a.folder);
  a.journal.append(record(1));
  b.journal.catchUp();
  for (let i = 0; i < 4; i++) b.journal.keepOnly(new Set()); // numbers of inodes come round
  b.journal.append(record(2));
  assertEquals(a.journal.bytes, b.journal.bytes);
  a.news();
  a.journal.append(record(3));
  assertEquals(a.news(), { seen: [2], replaced: 1 });
  assertEquals(a.warnings, []);
  b.news();
  b.journal.catchUp();
  assertEquals(b.news(), { seen: [3], replaced: 0 });
});

Deno.test("JournalFile reads anew where it was removed or is an earlier copy of itself", () => {
  const { journal, path, news } = setup();
  journal.append(record(1));
  const earlier = Deno.readFileSync(path);
  journal.append(record(2));
  news();
  Deno.writeFileSync(path, earlier);
  journal.append(record(3));
  assertEquals(news(), { seen: [1], replaced: 1 });
  Deno.removeSync(path);
  journal.catchUp();
  assertEquals(news(), { seen: [], replaced: 1 });
  journal.append(record(4));
  assertEquals([...journal.shards], [4]);
});

Deno.test("JournalFile cuts a torn tail where it appends, and reads past none", () => {
  const { path, journal, folder } = setup();
  journal.append(record(1));
  const good = journal.bytes;
  journal.append(record(2, 40));
  const whole = Deno.readFileSync(path);
  for (let length = good + 1; length < whole.length; length++) {
    Deno.writeFileSync(path, whole.subarray(0, length));
    const { journal: reader, news, warnings } = setup(folder);
    assert(reader.read() !== undefined);
    assertEquals([news().seen, Deno.statSync(path).size], [[1], length], "reading cuts nothing");
    reader.append(record(3));
    assertEquals(warnings, [`journal cut at byte ${good}: ${warnings[0]?.split(": ")[1]}`]);
    const { journal: after, news: later } = setup(folder);
    assertEquals([after.read(), later().seen], [undefined, [1, 3]]);
  }
});

Deno.test("JournalFile begins anew where its head is damaged", () => {
  for (const spoil of [0, 3, journalHeadBytes - 9]) {
    const { path, journal, folder } = setup();
    journal.append(record(1));
    const bytes = Deno.readFileSync(path);
    bytes[spoil] ^= 4;
    Deno.writeFileSync(path, bytes);
    journal.append(record(2));
    const { journal: after, news } = setup(folder);
    assertEquals([after.read(), news().seen], [undefined, [2]]);
  }
});

Deno.test("JournalFile.keepOnly() keeps records of the shards that are not written, in order", () => {
  const { journal, folder } = setup();
  for (const shard of [1, 2, 1, 3]) journal.append(record(shard));
  journal.keepOnly(new Set([1]));
  const { journal: after, news } = setup(folder);
  after.read();
  assertEquals([news().seen, [...after.shards]], [[1, 1], [1]]);
});

Deno.test("JournalFile.keepOnly() keeps what stands before bytes that were damaged since", () => {
  const { journal, folder, path } = setup();
  journal.append(record(1));
  const at = journal.bytes;
  for (const shard of [2, 3]) journal.append(record(shard));
  const bytes = Deno.readFileSync(path);
  bytes[at + 4] ^= 1;
  Deno.writeFileSync(path, bytes);
  journal.keepOnly(new Set([1, 2, 3]));
  const { journal: after, news } = setup(folder);
  assertEquals([after.read(), news().seen, after.bytes], [undefined, [1], journal.bytes]);
});

Deno.test("JournalFile takes a successor that was made piece by piece while others appended", () => {
  const { journal, folder } = setup(), other = setup(folder).journal;
  for (const shard of [1, 2, 3]) journal.append(record(shard, 100_000));
  const from = journal.bytes;
  // Longer than a piece, as long as a piece, and short ones.
  for (const [shard, size] of [[4, 200_000], [5, 262_132], [6, 4], [4, 700_000], [7, 4], [4, 4]]) {
    journal.append(record(shard, size));
  }
  const successor = journal.successor(from), shards = new Set([4, 7, 8]);
  let pieces = 0;
  for (; successor.isBehind(journal.bytes); pieces++) {
    successor.copyPiece(shards, journal.bytes);
    other.append(record(7));
    journal.append(record(8));
  }
  assert(pieces >= 3, `${pieces} pieces`);
  journal.catchUp();
  journal.replaceBy(successor, shards);
  successor.close();
  journal.append(record(9));
  const { journal: after, news } = setup(folder);
  const late = Array.from({ length: pieces }, () => [7, 8]).flat();
  assertEquals([after.read(), news().seen], [undefined, [4, 4, 7, 4, ...late, 9]]);
  assertEquals([after.bytes, [...after.shards]], [journal.bytes, [...journal.shards]]);
  assertEquals([...Deno.readDirSync(`${folder}/tmp`)], []);
});

Deno.test("JournalFile leaves the journal as it was where a rewrite fails", () => {
  const { journal, folder, path } = setup();
  journal.append(record(1));
  Deno.removeSync(`${folder}/tmp`, { recursive: true });
  assertThrows(() => journal.keepOnly(new Set()), Deno.errors.NotFound);
  journal.append(record(2));
  assertEquals([...journal.shards], [1, 2]);
  assertEquals(Deno.statSync(path).size, journal.bytes);
});

/** A name whose unit lies in the shard of `like`. */
function neighbour(like: string): string {
  for (let i = 0;; i++) if (keyOf(`n${i}`)[0] === keyOf(like)[0] && `n${i}` !== like) return `n${i}`;
}

Deno.test("a store writes no shard over what another process put into it", async () => {
  const daemon = openStore();
  daemon.store.put(unitOf("a"));
  const other = openStore(daemon.folder), name = neighbour("a");
  other.store.put(unitOf(name));
  await other.end(); // rewrites the shard
  daemon.store.put(unitOf("b"));
  await daemon.end();
  const after = openStore(daemon.folder);
  assertEquals(["a", name, "b"].map((name) => after.store.candidates(keyOf(name)).length), [1, 1, 1]);
  await after.end();
});

Deno.test("a store that flushes after another process rewrote the index loses nothing of either", async () => {
  const daemon = openStore();
  daemon.store.put(unitOf("a"));
  const other = openStore(daemon.folder), name = neighbour("a");
  other.store.put(unitOf(name));
  await other.end();
  await daemon.end(); // its shard in memory is older than the one on disk
  const after = openStore(daemon.folder);
  assertEquals(["a", name].map((name) => after.store.candidates(keyOf(name)).length), [1, 1]);
  await after.end();
});

Deno.test("a store that slept through rewrites cuts nobody's records", async () => {
  const sleeper = openStore();
  sleeper.store.put(unitOf("a"));
  for (let i = 0; i < 3; i++) {
    const other = openStore(sleeper.folder);
    other.store.put(unitOf(`other${i}`));
    await other.end();
  }
  const last = openStore(sleeper.folder);
  for (const name of ["x", "y", "z"]) last.store.put(unitOf(name)); // in the journal alone
  sleeper.store.put(unitOf("b"));
  const after = openStore(sleeper.folder, "one-shot");
  assertEquals(
    ["a", "other2", "x", "y", "z", "b"].map((name) => after.store.candidates(keyOf(name)).length),
    [
      1,
      1,
      1,
      1,
      1,
      1,
    ],
  );
  assertEquals(sleeper.warnings, []);
  for (const { end } of [after, last, sleeper]) await end();
});
