import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { Inputs, type Tree } from "../inputs/mod.ts";
import { coarseNow, type FileState, libc, signatureOf, statx } from "../os/mod.ts";
import { inputKinds } from "../store/unit.ts";
import { noObservation, type Observation, type Seen } from "../trace/mod.ts";
import { statementsOf } from "./ingest.ts";
import { written } from "./testing.ts";

libc(); // opened once for all tests

type At = (name: string) => string;

/** What a run asks, in a folder made by `before`. `then` happens between the question and the run's end. */
interface Case {
  name: string;
  before?: string;
  asks: (found: Observation, at: At, seen: (name: string, question: Seen["question"]) => void) => void;
  then?: string;
  want: string[] | string;
}

function statements({ before, asks, then = ":" }: Omit<Case, "name" | "want">): string[] | string {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-ingest-" }));
  const at: At = (name) => fromText(name === "" ? folder : `${folder}/${name}`);
  const sh = (script: string) =>
    assert(new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).outputSync().success, script);
  try {
    sh(`echo 1 > a; echo 2 > b; mkdir d; ${before ?? ":"}; sleep 0.03`);
    const found = noObservation(), startedAt = coarseNow();
    const seen = (name: string, question: Seen["question"]) =>
      void found.files.set(at(name), { question, signature: signatureOf(statx(at(name)) as FileState) });
    asks(found, at, seen);
    sh(then);
    const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
    inputs.begin();
    const made = statementsOf(found, { inputs, startedAt });
    const short = (path: string) => path.replace(at(""), "").replace(/^\//, "");
    if ("refusal" in made) return `${made.refusal} ${short(made.what)}`;
    const kinds = Object.entries(inputKinds);
    return [
      ...made.inputs.map(({ kind, path }) => `${kinds.find(([, id]) => id === kind)![0]} ${short(path)}`),
      ...made.absences.names.flatMap(({ list, name }) =>
        made.absences.lists[list].map((folder) => `no ${short(made.absences.folders[folder].path)}/${name}`)
      ),
    ];
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const cases: Case[] = [
  { name: "a file that was read", asks: (_f, _at, seen) => seen("a", "content"), want: ["content a"] },
  { name: "a file that was looked at", asks: (_f, _at, seen) => seen("a", "stat"), want: ["stat a"] },
  { name: "a folder that was opened", asks: (_f, _at, seen) => seen("d", "content"), want: ["exists d"] },
  {
    name: "a file that was read, and then written",
    asks: (_f, _at, seen) => seen("a", "content"),
    then: "echo 9 > a",
    want: "pass_input_changed a",
  },
  {
    name: "a file that was read, and then replaced",
    asks: (_f, _at, seen) => seen("a", "content"),
    then: "cp -p a n; mv n a",
    want: "pass_input_changed a",
  },
  {
    name: "a file that was read, and then removed",
    asks: (_f, _at, seen) => seen("a", "content"),
    then: "rm a",
    want: "pass_input_changed a",
  },
  {
    name: "a program whose opening nobody saw",
    asks: ({ files }, at) => files.set(at("a"), { question: "content" }),
    want: ["content a"],
  },
  {
    name: "a program whose opening nobody saw, and which was written meanwhile",
    asks: ({ files }, at) => files.set(at("a"), { question: "content" }),
    then: "echo 9 > a",
    want: "pass_input_changed a",
  },
  {
    name: "an executable of the run",
    asks: ({ programs }, at, seen) => (seen("a", "content"), programs.add(at("a"))),
    want: ["content a", "exists a"],
  },
  {
    name: "what stands for all runs and is not there",
    asks: ({ files }, at) => files.set(at("x"), { question: "stat" }),
    want: ["no /x"],
  },
  { name: "a name that was not there", asks: ({ absent }, at) => absent.add(at("x")), want: ["no /x"] },
  {
    name: "a name that was not there, and came",
    asks: ({ absent }, at) => absent.add(at("x")),
    then: "echo > x",
    want: "pass_input_changed x",
  },
  {
    name: "a link to nothing",
    before: "ln -s nothing x",
    asks: ({ absent }, at) => absent.add(at("x")),
    want: ["absent x"],
  },
  {
    name: "a name in a folder that was not there",
    asks: ({ absent }, at) => absent.add(at("e/x")),
    want: ["no e/x"],
  },
  {
    name: "a file that could not be made until the run had made its folder",
    asks: ({ unmade, written: outputs }, at) => {
      unmade.add(at("e/x")), outputs.set(at("e"), { ...written, style: "folder" });
    },
    then: "mkdir e; echo > e/x",
    want: ["missing e"],
  },
  {
    name: "a folder that was listed",
    asks: ({ listings }, at) => listings.add(at("d")),
    want: ["listing d"],
  },
  {
    name: "a folder that was listed, and gained a name",
    asks: ({ listings }, at) => listings.add(at("d")),
    then: "echo > d/x",
    want: "pass_input_changed d",
  },
  {
    name: "a folder that was listed and written to",
    asks: ({ listings, written: outputs }, at) => (listings.add(at("d")), outputs.set(at("d/o"), written)),
    want: "pass_lists_outputs d",
  },
  {
    name: "a folder that was listed, and one below it that was written to",
    asks: ({ listings, written: outputs }, at) => (listings.add(at("d")), outputs.set(at("d/e/o"), written)),
    want: ["listing d"],
  },
  {
    name: "a file that was read and then overwritten by the run",
    asks: ({ written: outputs }, at, seen) => (seen("a", "content"), outputs.set(at("a"), written)),
    want: "pass_overwrites_input a",
  },
  {
    name: "a file that was looked at and then replaced whole",
    asks: ({ files, written: outputs }, at, seen) => {
      seen("a", "stat"), outputs.set(at("a"), written);
      files.get(at("a"))!.replaced = true;
    },
    then: "rm a; echo 3 > a",
    want: ["exists a"],
  },
  {
    name: "what was no file and was then replaced whole",
    asks: ({ files, written: outputs }, at, seen) => {
      seen("d", "stat"), outputs.set(at("d"), written);
      files.get(at("d"))!.replaced = true;
    },
    want: "pass_overwrites_input d",
  },
  {
    name: "an answer that was neither yes nor no",
    asks: ({ refused }, at) => refused.set(at("a"), 13),
    want: "pass_unreadable a",
  },
  {
    name: "two files of equal content",
    before: "cp a b",
    asks: (_f, _at, seen) => (seen("a", "content"), seen("b", "content")),
    want: ["content a", "content b", "real_path a", "stat a", "real_path b", "stat b"],
  },
  {
    name: "one file under two spellings",
    before: "mkdir d/e",
    asks: (_f, _at, seen) => (seen("a", "content"), seen("d/../a", "content")),
    want: ["content a", "content d/../a", "real_path a", "real_path d/../a"],
  },
  {
    name: "one file under two names",
    before: "ln -f a b",
    asks: (_f, _at, seen) => (seen("a", "content"), seen("b", "content")),
    want: ["content a", "content b", "real_path a", "stat a", "real_path b", "stat b"],
  },
  {
    name: "two files of equal content that gcc read",
    before: "cp a b",
    asks: ({ programs }, _at, seen) => (programs.add("/bin/cc1"), seen("a", "content"), seen("b", "content")),
    want: ["content a", "content b"],
  },
  {
    name: "two files of equal content that gcc read once",
    before: "echo '#pragma once' | tee a >b",
    asks: ({ programs }, _at, seen) => (programs.add("/bin/cc1"), seen("a", "content"), seen("b", "content")),
    want: ["content a", "content b", "real_path a", "stat a", "real_path b", "stat b"],
  },
  {
    name: "two files of equal content that clang read",
    before: "cp a b",
    asks: (
      { programs },
      _at,
      seen,
    ) => (programs.add("/bin/clang"), seen("a", "content"), seen("b", "content")),
    want: ["content a", "content b", "real_path a", "stat a", "real_path b", "stat b"],
  },
  {
    name: "two equal objects",
    before: "cp a a.o; cp a b.o",
    asks: (_f, _at, seen) => (seen("a.o", "content"), seen("b.o", "content")),
    want: ["content a.o", "content b.o"],
  },
];
for (const { name, want, ...given } of cases) {
  Deno.test(`statementsOf() of ${name}`, () => assertEquals(statements(given), want));
}

/** A watch that reports nothing, as of a link that is made to a file of the system elsewhere. */
function blindTree(): Tree {
  const nodes = new Map<string, unknown>();
  const node = (path: string) => {
    if (!nodes.has(path)) nodes.set(path, { path, tick: 0, membersTick: 0, watched: true, real: path });
    return nodes.get(path);
  };
  return { epoch: 1, now: 1, drain() {}, node, folder: node, cameSince: () => [] } as unknown as Tree;
}

Deno.test("statementsOf() looks again where the watch has another time than the run", () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), path = fromText(`${folder}/lib.so`);
  Deno.writeTextFileSync(`${folder}/lib.so`, "code");
  const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease(), blindTree());
  inputs.begin();
  const before = inputs.content(path);
  Deno.linkSync(`${folder}/lib.so`, `${folder}/other`);
  const found = noObservation(), signature = signatureOf(statx(path) as FileState), startedAt = coarseNow();
  found.files.set(path, { question: "content", signature });
  inputs.begin();
  const made = statementsOf(found, { inputs, startedAt });
  assert(typeof before === "object" && "inputs" in made, JSON.stringify(made));
  assertEquals(made.inputs.map(({ value }) => value), [before.digest]);
  Deno.removeSync(folder, { recursive: true });
});
