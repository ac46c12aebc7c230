import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { type Digest, hex, sha256 } from "../base/digest.ts";
import { Inputs } from "../inputs/mod.ts";
import { libc } from "../os/mod.ts";
import type { StoredCode } from "../store/mod.ts";
import { type Input, inputKinds, noSignature, type Unit } from "../store/unit.ts";
import { noObservation, type Seen } from "../trace/mod.ts";
import { Comments } from "./comments.ts";
import { unitOf } from "../store/testing.ts";

libc(); // opened here, so that no test seems to leak it

const text = (value: string) => new TextEncoder().encode(value);

class World {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-comments-" }));
  readonly stored = new Map<string, StoredCode>();
  readonly comments: Comments;
  readonly later: (() => void)[] = [];
  epoch = 0;

  constructor({ comments = true, waits = false } = {}) {
    const epoch = () => this.epoch;
    const store = {
      get codesEpoch() {
        return epoch();
      },
      code: (content: Digest) => this.stored.get(hex(content)),
      rememberCodes: (codes: readonly (readonly [Digest, StoredCode])[]) => {
        for (const [content, code] of codes) this.stored.set(hex(content), code);
      },
    };
    const later = waits ? (work: () => void) => void this.later.push(work) : undefined;
    this.comments = new Comments({ store, comments, later, lives: true });
  }

  path(name: string): string {
    return fromText(`${this.folder}/${name}`);
  }

  /** Writes a file and states what it holds, as source. */
  wrote(name: string, content: string): Input {
    Deno.writeTextFileSync(`${this.folder}/${name}`, content);
    const value = sha256(text(content));
    return { kind: inputKinds.code, path: this.path(name), value, signature: noSignature };
  }

  /** Whether the statement about the first of some files serves once that file holds `content`. */
  serves(files: [name: string, content: string][], content: string, learn = true): boolean {
    const rows = files.map(([name, was]) => this.wrote(name, was)),
      unit: Unit = { ...unitOf("a"), inputs: rows };
    if (learn) this.comments.learn(rows);
    const { value } = this.wrote(files[0][0], content);
    this.comments.begin();
    return this.comments.holds(rows[0], value, unit);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const edits: { name: string; files: [string, string][]; then: string; want: boolean }[] = [
  { name: "a comment", files: [["a.h", "/* a */ int i;"]], then: "/* b */ int i;", want: true },
  { name: "a value", files: [["a.h", "int i = 1;"]], then: "int i = 2;", want: false },
  {
    name: "a comment and a value",
    files: [["a.h", "int i = 1; // a"]],
    then: "int i = 2; // b",
    want: false,
  },
  { name: "what moves a token", files: [["a.h", "/* a */ int i;"]], then: "/* ab */ int i;", want: false },
  { name: "a file without code", files: [["a.h", 'R"()" // a']], then: 'R"()" // b', want: false },
  {
    name: "a comment of a file like another",
    files: [["a.h", "int i; // a"], ["b.h", "int i; // b"]],
    then: "int i; // b",
    want: false,
  },
  {
    name: "a comment beside files that are alike",
    files: [["a.h", "int j; // a"], ["b.h", "int i; // b"], ["c.h", "int i; // c"]],
    then: "int j; // b",
    want: true,
  },
  {
    name: "a comment beside a file without code",
    files: [["a.h", "int i; // a"], ["b.h", 'R"()"']],
    then: "int i; // b",
    want: true,
  },
  {
    name: "a comment beside a file that embeds",
    files: [["a.h", "int i; // a"], ["b.h", "#embed <a.h>"]],
    then: "int i; // b",
    want: false,
  },
  {
    name: "a comment about embedding",
    files: [["a.h", "int i; // a"]],
    then: "int i; // .incbin",
    want: true,
  },
  { name: "what embeds", files: [["a.h", '".incbin"; // a']], then: '".incbin"; // b', want: false },
];
for (const { name, files, then, want } of edits) {
  Deno.test(`Comments ${want ? "spares" : "counts"} an edit of ${name}`, () => {
    using world = new World();
    assertEquals(world.serves(files, then), want);
    assertEquals(world.comments.spared, want ? world.path("a.h") : undefined);
  });
}

Deno.test("Comments counts every edit where it is switched off, or the old code is not known", () => {
  using off = new World({ comments: false }), unknown = new World();
  assertEquals(off.serves([["a.h", "// a"]], "// b"), false);
  assertEquals(off.comments.use(["-c", "a.c"]), undefined);
  assertEquals(unknown.serves([["a.h", "// a"]], "// b", false), false);
});

Deno.test("Comments finds codes out later, a few files at once, and takes none of a file that changed", () => {
  using world = new World({ waits: true });
  const rows = Array.from({ length: 10 }, (_, i) => world.wrote(`${i}.h`, `int i${i};`));
  world.comments.learn(rows);
  assertEquals([world.stored.size, world.later.length], [0, 1]);
  world.wrote("9.h", "int other;"), world.wrote("0.h", "int other;");
  for (const work of world.later) work();
  assertEquals(world.later.length, 3);
  assertEquals(world.stored.size, 8);
  assertEquals(world.stored.has(hex(rows[0].value)), false);
});

Deno.test("Comments finds a code out once, and stores it, while runs with the same headers go on and on", () => {
  using world = new World({ waits: true });
  const rows = Array.from({ length: 600 }, (_, i) => world.wrote(`${i}.h`, `int i${i};`));
  // Each turn of the event loop another run ends.
  let turns = 0;
  do {
    if (world.stored.size < 500) world.comments.learn(rows);
    world.later[turns++]();
    if (turns === 70) assertEquals(world.stored.size, 256, "some are there before all are known");
  } while (turns < 400 && turns < world.later.length);
  assertEquals(world.stored.size, 600);
  assert(turns < 600 / 4 + 10, `${turns} turns`);
});

Deno.test("Comments takes no code of another version", () => {
  using world = new World();
  const row = world.wrote("a.h", "int i; // a"), unit: Unit = { ...unitOf("a"), inputs: [row] };
  world.comments.learn([row]);
  const code = world.stored.get(hex(row.value))!;
  world.stored.set(hex(row.value), { ...code, mark: code.mark + 2 });
  assertEquals(world.comments.holds(row, world.wrote("a.h", "int i; // b").value, unit), false);
});

Deno.test("Comments names a source by its code, or by its content where it has none", () => {
  using world = new World();
  const named = (content: string) => {
    const { path } = world.wrote("a.c", content);
    const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
    const found = inputs.content(path);
    assert(typeof found === "object");
    return { name: hex(world.comments.named(path, found, { checksums: false })), content: hex(found.digest) };
  };
  const [one, other, none, bare] = ["int i; // a", "int i; // bc", 'R"( )" // a', "int i;"].map(named);
  assertEquals([one.name, other.name], [bare.name, bare.name]);
  assertEquals([none.name, bare.name], [none.content, bare.content]);
});

const runs: { name: string; files: [string, Seen][]; programs?: string[]; env?: string; want: string }[] = [
  { name: "a plain run", files: [["a.c", seen("cc1")], ["b.h", seen("cc1")]], want: "a.c b.h" },
  { name: "a header that `as` read", files: [["a.c", seen("cc1")], ["b.h", seen("as")]], want: "a.c" },
  { name: "a header that two read", files: [["a.c", seen("cc1")], ["b.h", seen("?")]], want: "" },
  { name: "a precompiled header", files: [["a.c", seen("cc1")], ["b.h.gch", seen("cc1")]], want: "" },
  { name: "a list of options", files: [["a.c", seen("cc1")], ["specs", seen("gcc")]], want: "" },
  { name: "a library", files: [["a.c", seen("cc1")], ["b.so", { question: "content" }]], want: "a.c" },
  {
    name: "a header that was looked at",
    files: [["a.c", seen("cc1")], ["b.h", { question: "stat" }]],
    want: "a.c",
  },
  { name: "a script", files: [["a.c", seen("cc1")]], programs: ["/bin/sh", "/usr/bin/gcc"], want: "" },
  { name: "an override", files: [["a.c", seen("cc1")]], env: "CCC_OVERRIDE_OPTIONS", want: "" },
];
function seen(reader: string): Seen {
  return { question: "content", reader };
}
for (
  const { name, files, programs = ["/usr/bin/x86_64-linux-gnu-gcc-12", "/usr/lib/cc1"], env = "A", want }
    of runs
) {
  Deno.test(`Comments marks ${want === "" ? "nothing" : want} of a run with ${name}`, () => {
    using world = new World();
    const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
    const rows = files.map(([file]): Input => ({ ...world.wrote(file, "int i;"), kind: inputKinds.content }));
    const found = { ...noObservation(), programs: new Set(programs) };
    for (const [file, how] of files) found.files.set(world.path(file), how);
    world.comments.mark(rows, { checksums: false }, { found, inputs, environment: new Map([[env, "1"]]) });
    const marked = files.flatMap(([file], i) => rows[i].kind === inputKinds.code ? [file] : []);
    assertEquals(marked.join(" "), want);
  });
}

Deno.test("Comments marks nothing where clang writes checksums, and what gcc does all the same", () => {
  for (const [program, want] of [["clang-14", inputKinds.content], ["gcc-12", inputKinds.code]] as const) {
    using world = new World();
    const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
    const row: Input = { ...world.wrote("a.c", "int i;"), kind: inputKinds.content };
    const found = { ...noObservation(), programs: new Set([`/usr/bin/${program}`]) };
    found.files.set(world.path("a.c"), seen(program.startsWith("clang") ? "clang" : "cc1"));
    const rows = [row];
    world.comments.mark(rows, { checksums: true }, { found, inputs, environment: new Map() });
    assertEquals(rows[0].kind, want, program);
  }
});

Deno.test("learn() finds each statement's code out once, and again where the store has lost codes", () => {
  using world = new World();
  const rows = [world.wrote("a.h", "/* a */ int a;"), world.wrote("b.h", "int b; // b")];
  const learned = () => {
    world.stored.clear();
    world.comments.learn(rows);
    return world.stored.size;
  };
  assertEquals([learned(), learned()], [2, 0]);
  world.epoch++;
  assertEquals([learned(), learned()], [2, 0]);
  rows[0] = { ...rows[0] };
  assertEquals(learned(), 1);
});
