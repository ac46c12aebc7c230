import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { Inputs, Tree } from "../inputs/mod.ts";
import { type FileState, fileSystemType, libc, realNow, signatureOf, statx } from "../os/mod.ts";
import { noObservation, type Seen } from "../trace/mod.ts";
import { Foreseen, isWhatWasOpened } from "./foreseen.ts";

libc(); // opened once for all tests

/** A folder with a watched file, and runs that open it. */
class Watching {
  readonly path: string;
  readonly inputs: Inputs;
  readonly #folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-foreseen-" }));
  readonly #tree: Tree;

  constructor() {
    this.path = fromText(`${this.#folder}/a.h`);
    this.sh("echo 1 > a.h");
    const log = { info() {}, warn() {} };
    const tree = Tree.open({ log, mostWatches: 100, fileSystemOf: fileSystemType });
    if (typeof tree === "number") throw new Error("inotify is refused");
    this.#tree = tree;
    this.inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease(), tree);
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
