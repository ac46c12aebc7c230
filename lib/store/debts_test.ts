import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { bootId, libc } from "../os/mod.ts";
import { type Debt, Debtor, debtsOf, stagedForDebts } from "./debts.ts";
import { openStore, text } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

const entries = (folder: string) => [...Deno.readDirSync(`${folder}/tmp`)].map(({ name }) => name).toSorted();

/** A folder with room for debts. */
function place(): string {
  const folder = Deno.makeTempDirSync();
  Deno.mkdirSync(`${folder}/tmp`);
  return folder;
}

/** What the file of the debtor holds now, as a file that nobody has locked: so a dead process leaves it. */
function left(folder: string, bytes = Deno.readFileSync(`${folder}/tmp/owed-${Deno.pid}-1`)): string {
  const other = place();
  Deno.writeFileSync(`${other}/tmp/owed-7-1`, bytes);
  return other;
}

const read = (folder: string) =>
  [...debtsOf(folder)].map(({ staged, parts, digests }) => ({ staged, parts, digests }));

const debt: Debt = {
  staged: ["/w/\xff 1", "/w/2"],
  parts: [text("one"), new Uint8Array(0), new Uint8Array(70_000).fill(7)],
};

Deno.test("a debt is read by who comes after, as it was put down", () => {
  const folder = place(), debtor = new Debtor(folder);
  for (const each of [debt, { staged: [], parts: [] }, { staged: ["/w/3"], parts: [text("x")] }]) {
    const owing = debtor.owe(each);
    assertEquals(read(left(folder)), [{ ...each, digests: each.staged.map(() => undefined) }]);
    owing!.paid();
    owing!.paid();
    assertEquals(read(left(folder)), []);
    const file = Deno.readFileSync(`${folder}/tmp/owed-${Deno.pid}-1`);
    assert(file.every((byte) => byte === 0), "what is paid is blanked");
  }
  debtor.close();
  assertEquals(entries(folder), []);
});

Deno.test("each of several debts stands until it is paid", () => {
  const folder = place(), debtor = new Debtor(folder);
  const owing = ["1", "2", "3"].map((name) => debtor.owe({ staged: [`/w/${name}`], parts: [] })!);
  debtor.named("/w/2", sha256(text("2")));
  owing[0].paid();
  owing[0].paid(); // must not free the room of another
  const next = debtor.owe({ staged: ["/w/4"], parts: [] })!,
    more = debtor.owe({ staged: ["/w/5"], parts: [] })!;
  const all = (): string[] =>
    entries(folder).flatMap((name) => {
      const one = read(left(folder, Deno.readFileSync(`${folder}/tmp/${name}`)));
      return one.flatMap(({ staged, digests }) => [...staged, digests[0] === undefined ? "" : "named"]);
    });
  assertEquals(all(), ["/w/4", "", "/w/2", "named", "/w/3", "", "/w/5", ""]);
  for (const each of [...owing, next, more]) each.paid();
  assertEquals([all(), entries(folder).length], [[], 4]);
  debtor.close();
});

Deno.test("a debt says what a staged file holds, from before it is moved", () => {
  const folder = place(), debtor = new Debtor(folder), digest = sha256(text("2"));
  debtor.named("/w/2", digest); // nothing is owed
  const owing = debtor.owe(debt);
  debtor.named("/w/2", digest);
  debtor.named("/w/other", digest);
  assertEquals(read(left(folder))[0].digests, [undefined, digest]);
  owing!.paid();
  assert(debtor.owe(debt));
  assertEquals(read(left(folder))[0].digests, [undefined, undefined], "the next debt");
  debtor.close();
});

Deno.test("a debt of another boot is none: with the power went what was staged", () => {
  const folder = place(), debtor = new Debtor(folder), boot = bootId()!;
  assert(debtor.owe(debt));
  const bytes = Deno.readFileSync(`${folder}/tmp/owed-${Deno.pid}-1`), first = text(boot);
  assertEquals(first.length, 36);
  const at = bytes.findIndex((_, i) => first.every((byte, k) => bytes[i + k] === byte));
  bytes[at] ^= 1;
  const other = left(folder, bytes);
  assertEquals([read(other), entries(other)], [[], []]);
  debtor.close();
});

Deno.test("who lives pays himself", () => {
  const folder = place(), debtor = new Debtor(folder);
  assert(debtor.owe(debt));
  assertEquals(read(folder), []);
  assertEquals(entries(folder), [`owed-${Deno.pid}-1`]);
  assertEquals([...stagedForDebts(folder)], debt.staged);
  const another = new Debtor(folder); // of a process with this number that sees the same cache
  assert(another.owe({ staged: [], parts: [text("other")] }));
  assertEquals(entries(folder).length, 2);
  for (const each of [debtor, another]) each.close();
});

Deno.test("a debt that is forgotten goes with what was staged for it; what is half or foreign goes alone", () => {
  const folder = place(), debtor = new Debtor(folder);
  const staged = `${folder}/tmp/9-1`;
  Deno.writeTextFileSync(staged, "");
  assert(debtor.owe({ staged: [fromText(staged)], parts: [text("x")] }));
  const whole = Deno.readFileSync(`${folder}/tmp/owed-${Deno.pid}-1`);
  debtor.close();
  for (let length = 0; length <= whole.length; length++) {
    const other = left(folder, whole.slice(0, length));
    assertEquals(read(other).length, length < whole.length ? 0 : 1, `${length} bytes`);
    assertEquals(entries(other), length < whole.length ? [] : ["owed-7-1"]);
  }
  for (let at = 0; at < 16; at++) { // a head that says anything
    const bytes = whole.slice();
    bytes[at] ^= 0x81;
    read(left(folder, bytes));
  }
  for (const each of debtsOf(left(folder, whole))) each.forget();
  assertEquals(entries(folder), []);
});

Deno.test("what is too long to be owed is not", () => {
  const folder = place(), debtor = new Debtor(folder);
  assertEquals(debtor.owe({ staged: [], parts: [new Uint8Array(5 << 20)] }), undefined);
  assertEquals(entries(folder), []);
  assert(debtor.owe({ staged: [], parts: [new Uint8Array(3 << 20)] }));
  assertEquals(read(left(folder))[0].parts[0].length, 3 << 20);
  debtor.close();
});

Deno.test("Store keeps what is staged for a debt, and knows what has become a blob", async () => {
  const first = openStore(), { folder } = first;
  const staged = [first.store.stagingName(), first.store.stagingName()];
  for (const path of staged) Deno.writeTextFileSync(path, path);
  assert(first.store.owe({ staged, parts: [] }));
  const moved = first.store.commitBlob(staged[0]);
  // As it is hours after a kill.
  const dead = 2 ** 22 + 5, then = new Date(Date.now() - 2 * 3_600_000);
  Deno.copyFileSync(`${folder}/tmp/owed-${Deno.pid}-1`, `${folder}/tmp/owed-${dead}-1`);
  await first.end();
  Deno.utimeSync(staged[1], then, then);
  const second = openStore(folder, "one-shot", { now: () => Date.now() });
  let debts = 0;
  for (const debt of second.store.debts()) {
    debts++;
    assertEquals(debt.staged, staged);
    assertEquals(staged.map((path) => second.store.commitBlob(path).digest), [
      moved.digest,
      sha256(text(staged[1])),
    ]);
    debt.forget();
  }
  assertEquals(debts, 1);
  assertEquals(entries(folder), []);
  await second.end();
});

Deno.test("a process that runs once owes nothing", async () => {
  const { store, folder, end } = openStore(undefined, "one-shot");
  assertEquals(store.owe(debt), undefined);
  assertEquals(entries(folder), []);
  await end();
});
