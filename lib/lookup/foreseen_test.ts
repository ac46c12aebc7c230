import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { Inputs, Tree } from "../inputs/mod.ts";
import { coarseNow, type FileState, fileSystemType, libc, realNow, signatureOf, statx } from "../os/mod.ts";
import { noObservation, type Observation, type Seen } from "../trace/mod.ts";
import { Foreseen, isWhatWasOpened } from "./foreseen.ts";
import { statementsOf } from "./ingest.ts";

libc(); // opened once for all tests

const log = { info() {}, warn() {} }, memo = { memo: () => undefined, remember() {} };

/** A run that reads two files, and what was foreseen of it. */
class Run {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync());
  readonly tree = Tree.open({ log, mostWatches: 1000, fileSystemOf: fileSystemType });
  readonly inputs: Inputs;
  readonly found: Observation = noObservation();
  readonly foreseen: Foreseen;

  constructor(watched = true) {
    assert(typeof this.tree === "object");
    this.inputs = new Inputs(memo, Deno.osRelease(), watched ? this.tree : undefined);
    for (const name of ["a.h", "b.h"]) Deno.writeTextFileSync(`${this.folder}/${name}`, name);
    // What is younger than the clock's grain is told apart by nothing.
    const written = coarseNow();
    while (coarseNow() < written + 10_000_000n) continue;
    this.foreseen = new Foreseen(coarseNow());
    for (const name of ["a.h", "b.h"]) this.found.files.set(this.path(name), this.opened(name));
    this.begin();
    this.foreseen.look(this.found, this.inputs);
  }

  path(name: string): string {
    return fromText(`${this.folder}/${name}`);
  }

  opened(name: string): { question: "content"; signature: Uint8Array } {
    return { question: "content", signature: signatureOf(statx(this.path(name)) as FileState) };
  }

  begin(): void {
    (this.tree as Tree).drain();
    this.inputs.begin();
  }

  confirmed(): string[] {
    this.begin();
    return this.foreseen.confirmed(this.found, this.inputs).early.map(({ path }) => path.slice(-3));
  }

  end(): void {
    (this.tree as Tree).close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const cases: [name: string, meanwhile: (run: Run) => void, confirmed: string[]][] = [
  ["nothing happens", () => {}, ["a.h", "b.h"]],
  ["a stranger comes", ({ folder }) => Deno.writeTextFileSync(`${folder}/c.h`, "c"), ["a.h", "b.h"]],
  ["one is edited", ({ folder }) => Deno.writeTextFileSync(`${folder}/a.h`, "A.H"), ["b.h"]],
  ["one is replaced", ({ folder }) => Deno.renameSync(`${folder}/b.h`, `${folder}/a.h`), []],
  ["one is touched", ({ folder }) => Deno.utimeSync(`${folder}/b.h`, 1, 1), ["a.h"]],
  ["the run writes one", (run) => {
    const written = { style: "write_through", read: true, gone: false, exclusive: false, text: "" } as const;
    run.found.written.set(run.path("a.h"), written);
  }, ["b.h"]],
  ["somebody saw one otherwise", (run) => run.inputs.lookAgain(run.path("a.h")), ["b.h"]],
  ["the watch is not believed any more", ({ inputs }) => inputs.stopWatching(), []],
];
for (const [name, meanwhile, confirmed] of cases) {
  Deno.test(`Foreseen.confirmed() where ${name} meanwhile`, () => {
    const run = new Run();
    meanwhile(run);
    assertEquals(run.confirmed(), confirmed);
    run.end();
  });
}

Deno.test("Foreseen takes nothing for sure without a watch", () => {
  const run = new Run(false);
  assertEquals(run.confirmed(), []);
  run.end();
});

Deno.test("Foreseen leaves alone what the run rewrites meanwhile", () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), path = fromText(`${folder}/prog`);
  const inputs = new Inputs(memo, Deno.osRelease());
  Deno.writeTextFileSync(`${folder}/prog`, "before");
  inputs.begin();
  const before = inputs.content(path), signature = signatureOf(statx(path) as FileState);
  assert(typeof before === "object");
  const found = noObservation();
  found.files.set(path, { question: "content", signature });
  Deno.writeTextFileSync(`${folder}/prog`, "after");
  inputs.begin();
  new Foreseen(coarseNow()).look(found, inputs);
  assertEquals(inputs.recall(path, signature), before.digest);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("Foreseen looks for no name in a folder that is missing", () => {
  const run = new Run(), asked: string[] = [];
  for (const folder of ["there", "missing"]) run.found.absent.add(run.path(`${folder}/c.h`));
  Deno.mkdirSync(`${run.folder}/there`);
  run.begin();
  const { inputs, found } = run, expect = inputs.expect.bind(inputs);
  inputs.expect = (folder, names) => (asked.push(folder), expect(folder, names));
  for (let i = 0; i < 3; i++) run.foreseen.look(found, inputs);
  assertEquals(asked, [run.path("there")]);
  run.found.absent.add(run.path("there/d.h"));
  run.foreseen.look(found, inputs);
  assertEquals(asked, [run.path("there"), run.path("there")], "again when a name came");
  run.end();
});

Deno.test("statementsOf() says the same in the same order, whatever of it was foreseen", () => {
  for (let looks = 0; looks < 1 << 6; looks += 3) {
    const run = new Run(), { found, foreseen, inputs, folder } = run;
    // In two files stands the same, one was looked at, one is a program, one came while the run went on.
    const names = ["looked-at", "c.h", "tool", "twin.h", "d.h"], written = coarseNow();
    for (const name of [...names, "last.h"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, name === "twin.h" ? "a.h" : name);
    }
    Deno.chmodSync(`${folder}/tool`, 0o755);
    while (coarseNow() < written + 10_000_000n) continue;
    const startedAt = coarseNow();
    for (const [i, name] of names.entries()) {
      const isRead = name !== "looked-at";
      found.files.set(run.path(name), isRead ? run.opened(name) : { ...run.opened(name), question: "stat" });
      if (looks >> i & 1) run.begin(), foreseen.look(found, inputs);
    }
    found.programs.add(run.path("tool"));
    if (looks >> 5) {
      found.files.delete(run.path("looked-at")); // the run's own, as it turns out
      found.files.set(run.path("gone"), { question: "stat" });
      found.files.set(run.path("last.h"), run.opened("last.h"));
    }
    run.begin();
    const made = statementsOf(found, { inputs, startedAt }, foreseen);
    assertEquals(made, statementsOf(found, { inputs, startedAt }), `looks ${looks}`);
    assert("inputs" in made);
    const paths = made.inputs.map(({ path }) => path.slice(folder.length + 1)),
      read = ["c.h", "tool", "tool"];
    if (looks >> 5) assertEquals(paths.slice(0, 8), ["a.h", "b.h", ...read, "twin.h", "d.h", "last.h"]);
    else assertEquals(paths.slice(0, 6), ["a.h", "b.h", "looked-at", ...read]);
    run.end();
  }
});

/** A folder with a watched file, and runs that open it. */
class Watching {
  readonly path: string;
  readonly inputs: Inputs;
  readonly #folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-foreseen-" }));
  readonly #tree: Tree;

  constructor() {
    this.path = fromText(`${this.#folder}/a.h`);
    this.sh("echo 1 > a.h");
    const tree = Tree.open({ log, mostWatches: 100, fileSystemOf: fileSystemType });
    if (typeof tree === "number") throw new Error("inotify is refused");
    this.#tree = tree;
    this.inputs = new Inputs(memo, Deno.osRelease(), tree);
  }
  sh(script: string): void {
    const args = ["-ec", `${script}\nsleep 0.03`]; // what is written is older than a run that reads it
    assert(new Deno.Command("sh", { args, cwd: this.#folder }).outputSync().success, script);
    this.#tree?.drain();
  }
  get signature(): Uint8Array {
    return signatureOf(statx(this.path) as FileState);
  }
  /** Whether the file is foreseen of a run that opened it so. */
  foresees(signature: Uint8Array | undefined, startedAt = realNow()): boolean {
    this.inputs.begin();
    const foreseen = new Foreseen(startedAt), found = noObservation();
    found.files.set(this.path, { question: "content", signature });
    foreseen.look(found, this.inputs);
    return foreseen.confirmed(found, this.inputs).early.some(({ path }) => path === this.path);
  }
  [Symbol.dispose](): void {
    this.#tree.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

Deno.test("a header is foreseen of one run after another that opened what lies there", () => {
  using watching = new Watching();
  const { signature } = watching, other = signature.slice();
  other[30] ^= 1;
  assert(
    watching.foresees(signature) && watching.foresees(signature) && watching.foresees(signature.slice()),
  );
  for (const seen of [other, undefined]) assertEquals(watching.foresees(seen), false);
  watching.sh("echo 2 > a.h");
  assertEquals(watching.foresees(signature), false);
  assert(watching.foresees(watching.signature));
});

Deno.test("a header that was told apart for one run is so for later ones alone, where its clock does not tell", () => {
  using watching = new Watching();
  const { signature, inputs } = watching;
  assert(watching.foresees(signature, 1_000n));
  Object.assign(inputs, { ambiguous: () => true });
  assertEquals([999n, 1_000n, 1_001n].map((startedAt) => watching.foresees(signature, startedAt)), [
    false,
    true,
    true,
  ]);
});

Deno.test("a program is not foreseen, although it was told apart when statements were made of it", () => {
  using watching = new Watching();
  watching.sh("chmod 755 a.h");
  const { signature, inputs, path } = watching, seen: Seen = { question: "content", signature };
  assertEquals(watching.foresees(signature), false);
  inputs.begin();
  const content = inputs.content(path);
  assert(typeof content === "object" && isWhatWasOpened({ path, seen, content }, inputs, 1n));
  assertEquals(watching.foresees(signature), false);
});
