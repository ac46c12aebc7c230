import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { type Digest, sha256 } from "../base/digest.ts";
import { type FileState, libc, realNow, signatureOf, statx } from "../os/mod.ts";
import { type Absences, type Input, type InputKind, inputKinds, noSignature } from "../store/unit.ts";
import { absencesHold, existsValue, Inputs, join, statValue } from "./mod.ts";

libc(); // opened here, so that no test seems to leak it

const text = (value: string) => new TextEncoder().encode(value);

function setup(release = Deno.osRelease()) {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const memos = new Map<string, { signature: Uint8Array; digest: Digest }>();
  const inputs = new Inputs({
    memo: (path) => memos.get(path),
    remember: (path, signature, digest) => void memos.set(path, { signature, digest }),
  }, release);
  inputs.begin();
  const write = (name: string, content: string) => {
    Deno.writeTextFileSync(`${folder}/${name}`, content);
    return fromText(`${folder}/${name}`);
  };
  return { folder, inputs, memos, write };
}
const stateOf = (path: string) => statx(path) as FileState;

/** A statement as it is made of what is there now. */
function statement(inputs: Inputs, kind: InputKind, path: string): Input {
  return { kind, path, value: inputs.value(kind, path)!, signature: noSignature };
}

interface Change {
  kind: keyof typeof inputKinds;
  name: string;
  change(path: string): void;
  holds: boolean;
}
const changes: Change[] = [
  {
    kind: "content",
    name: "other bytes",
    change: (path) => Deno.writeTextFileSync(path, "other"),
    holds: false,
  },
  {
    kind: "content",
    name: "the same bytes again",
    change: (path) => Deno.writeTextFileSync(path, "bytes"),
    holds: true,
  },
  { kind: "content", name: "gone", change: (path) => Deno.removeSync(path), holds: false },
  {
    kind: "content",
    name: "a folder",
    change: (path) => (Deno.removeSync(path), Deno.mkdirSync(path)),
    holds: false,
  },
  { kind: "stat", name: "another time", change: (path) => Deno.utimeSync(path, 1, 1), holds: false },
  { kind: "stat", name: "another size", change: (path) => Deno.truncateSync(path, 1), holds: false },
  {
    kind: "lstat",
    name: "a link to the same",
    change: (path) => (Deno.renameSync(path, `${path}2`), Deno.symlinkSync(`${path}2`, path)),
    holds: false,
  },
  {
    kind: "stat",
    name: "a link to the same",
    change: (path) => (Deno.renameSync(path, `${path}2`), Deno.symlinkSync(`${path}2`, path)),
    holds: true,
  },
  {
    kind: "exists",
    name: "other bytes",
    change: (path) => Deno.writeTextFileSync(path, "other"),
    holds: true,
  },
  { kind: "exists", name: "gone", change: (path) => Deno.removeSync(path), holds: false },
  {
    kind: "exists",
    name: "a folder",
    change: (path) => (Deno.removeSync(path), Deno.mkdirSync(path)),
    holds: false,
  },
];
for (const { kind, name, change, holds } of changes) {
  Deno.test(`a statement of ${kind} ${holds ? "holds" : "fails"} where there is now: ${name}`, () => {
    const { inputs, write } = setup(), path = write("a.h", "bytes");
    const input = statement(inputs, inputKinds[kind], path);
    assert(inputs.holds(input), "before");
    change(path);
    inputs.begin();
    assertEquals(inputs.holds(input), holds);
  });
}

Deno.test("statements about folders, links and missing things hold until these change", () => {
  const { inputs, folder, write } = setup();
  Deno.mkdirSync(`${folder}/d`);
  const there = write("d/one", ""), link = fromText(`${folder}/link`), missing = fromText(`${folder}/none`);
  Deno.symlinkSync("d", `${folder}/link`);
  const made: [string, Input, () => void][] = [
    ["listing", statement(inputs, inputKinds.listing, fromText(`${folder}/d`)), () => write("d/two", "")],
    [
      "link_text",
      statement(inputs, inputKinds.link_text, link),
      () => (Deno.removeSync(`${folder}/link`), Deno.symlinkSync("./d", `${folder}/link`)),
    ],
    [
      "real_path",
      statement(inputs, inputKinds.real_path, there),
      () => (Deno.renameSync(`${folder}/d/one`, `${folder}/two`),
        Deno.symlinkSync("../two", `${folder}/d/one`)),
    ],
    ["absent", statement(inputs, inputKinds.absent, missing), () => write("none", "")],
  ];
  for (const [name, input, change] of made) {
    inputs.begin();
    assert(inputs.holds(input), `${name} before`);
    change();
    inputs.begin();
    assertEquals(inputs.holds(input), false, name);
  }
});

Deno.test("a listing does not care for what the files hold", () => {
  const { inputs, folder, write } = setup();
  Deno.mkdirSync(`${folder}/d`);
  write("d/one", "");
  const input = statement(inputs, inputKinds.listing, fromText(`${folder}/d`));
  write("d/one", "more");
  inputs.begin();
  assert(inputs.holds(input));
});

Deno.test("a signature that still holds stands for the content, and one that does not is looked behind", () => {
  const { inputs, write } = setup(), path = write("a.h", "bytes");
  const input = { ...statement(inputs, inputKinds.content, path), signature: signatureOf(stateOf(path)) };
  const fresh = () => setup().inputs;
  assert(fresh().holds(input));
  assert(fresh().holds({ ...input, value: sha256(text("believed")) }), "nothing was hashed");
  write("a.h", "other");
  assertEquals(fresh().holds(input), false);
  assertEquals(fresh().holds({ ...input, value: sha256(text("other")) }), true);
});

Deno.test("within a decision a path is looked at once", () => {
  const { inputs, write, folder } = setup(), path = write("a.h", "bytes");
  const input = statement(inputs, inputKinds.stat, path);
  Deno.removeSync(`${folder}/a.h`);
  assert(inputs.holds(input));
  inputs.begin();
  assertEquals(inputs.holds(input), false);
});

Deno.test("digests of large files are remembered beyond the process, small ones are not", () => {
  const { inputs, memos, write } = setup();
  const large = write("large", "x".repeat(600 << 10)), small = write("small", "x");
  inputs.content(small);
  inputs.content(large);
  assertEquals([...memos.keys()], [large]);
  const other = new Inputs({
    memo: () => ({ ...memos.get(large)!, digest: sha256(text("believed")) }),
    remember: () => {},
  }, Deno.osRelease());
  assertEquals((other.content(large) as { digest: Digest }).digest, sha256(text("believed")));
  write("large", "y".repeat(600 << 10));
  inputs.begin(), other.begin();
  assertEquals((other.content(large) as { digest: Digest }).digest, sha256(text("y".repeat(600 << 10))));
});

Deno.test("on a coarse clock a new file's digest is not remembered, and its signature not trusted", () => {
  const { inputs, memos, write } = setup("5.10.0"), path = write("a.h", "x".repeat(600 << 10));
  const content = inputs.content(path) as { signature: Uint8Array };
  assertEquals([content.signature, memos.size], [noSignature, 0]);
});

const absences = (folder: string, path: string, names: string[], signature: Uint8Array): Absences => ({
  folders: [{ path: fromText(folder + path), gone: false, signature }],
  lists: [[0]],
  names: names.map((name) => ({ list: 0, name })),
});

Deno.test("absencesHold() until one of the names appears, also where the folder changed otherwise", () => {
  const { inputs, folder, write } = setup();
  Deno.mkdirSync(`${folder}/d`);
  const given = absences(folder, "/d", ["x.h", "y.h"], signatureOf(stateOf(fromText(`${folder}/d`))));
  const holds = () => (inputs.begin(), absencesHold(given, inputs));
  assertEquals(holds(), true);
  write("d/other.h", "");
  assertEquals(holds(), true);
  write("d/y.h", "");
  assertEquals(holds(), false);
  Deno.removeSync(`${folder}/d`, { recursive: true });
  assertEquals(holds(), true, "a folder that went has no names");
});

Deno.test("absencesHold() believes a folder's signature, and without one looks for each name", () => {
  const { inputs, folder, write } = setup();
  Deno.mkdirSync(`${folder}/d`);
  write("d/x.h", "");
  const signature = signatureOf(stateOf(fromText(`${folder}/d`)));
  assertEquals(absencesHold(absences(folder, "/d", ["x.h"], signature), inputs), true);
  assertEquals(absencesHold(absences(folder, "/d", ["x.h"], noSignature), inputs), false);
  assertEquals(absencesHold(absences(folder, "/d", ["y.h"], noSignature), inputs), true);
});

Deno.test("absencesHold() where a folder that was gone appears: with the name it fails, without it holds", () => {
  const { inputs, folder, write } = setup();
  const given = absences(folder, "/d", ["x.h"], noSignature);
  given.folders[0].gone = true;
  const holds = () => (inputs.begin(), absencesHold(given, inputs));
  assertEquals(holds(), true);
  Deno.mkdirSync(`${folder}/d`);
  assertEquals(holds(), true);
  write("d/x.h", "");
  assertEquals(holds(), false);
});

Deno.test("absencesHold() fails where a folder that was gone appears and no name is known", () => {
  const { inputs, folder } = setup();
  const given = { ...absences(folder, "/d", [], noSignature), lists: [], names: [] };
  given.folders[0].gone = true;
  const holds = () => (inputs.begin(), absencesHold(given, inputs));
  assertEquals(holds(), true);
  Deno.mkdirSync(`${folder}/d`);
  assertEquals(holds(), false);
});

/** Enough names to list a folder for. */
const many = Array.from({ length: 200 }, (_, i) => `n${i}.h`);

Deno.test("absencesHold() of many names in a folder of few, of few in one of many, and in one that may not be read", () => {
  const { inputs, folder, write } = setup();
  Deno.mkdirSync(`${folder}/d`);
  const given = absences(folder, "/d", many, noSignature),
    one = absences(folder, "/d", ["n7.h"], noSignature);
  const hold = () => (inputs.begin(), [given, one].map((given) => absencesHold(given, inputs)));
  for (const mode of Deno.uid() === 0 ? [0o755] : [0o755, 0o311]) {
    Deno.chmodSync(`${folder}/d`, mode);
    assertEquals(hold(), [true, true]);
    write("d/n7.h", "");
    assertEquals(hold(), [false, false], "in a folder of few, which is listed");
    Deno.removeSync(`${folder}/d/n7.h`);
    for (let i = 0; i < 300; i++) write(`d/other${i}`, "");
    assertEquals(hold(), [true, true]);
    write("d/n7.h", "");
    assertEquals(hold(), [false, false]);
    Deno.removeSync(`${folder}/d/n7.h`);
    Deno.symlinkSync("nowhere", `${folder}/d/n7.h`);
    assertEquals(hold(), [true, true], "a link that leads to nothing");
    write("d/nowhere", "");
    assertEquals(hold(), [false, false]);
    for (const name of ["nowhere", "n7.h"]) Deno.removeSync(`${folder}/d/${name}`);
  }
});

Deno.test("absent() of a dangling link is true, of a link to something not", () => {
  const { inputs, folder, write } = setup();
  write("a", "");
  Deno.symlinkSync("none", `${folder}/dangling`);
  Deno.symlinkSync("a", `${folder}/link`);
  const absent = (name: string) => inputs.absent(fromText(`${folder}/${name}`));
  assertEquals(["none", "none/below", "a/below", "dangling", "link", "a"].map(absent), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("a folder that changed after the decision began is not trusted: names may have been looked for before", () => {
  const { inputs, folder, write } = setup(), path = fromText(folder);
  inputs.begin();
  assert(inputs.absent(fromText(`${folder}/x.h`)));
  write("x.h", "");
  assertEquals(inputs.trusted(path, inputs.state(path) as FileState, realNow()), false);
});

Deno.test("a folder that has rested is trusted", async () => {
  const { inputs, folder, write } = setup(), path = fromText(folder);
  write("x.h", "");
  await new Promise((resolve) => setTimeout(resolve, 40));
  inputs.begin();
  assertEquals(inputs.trusted(path, inputs.state(path) as FileState, realNow()), true);
});

Deno.test("join() below a folder and below the root", () => {
  assertEquals([join("/a", "b"), join("/", "b")], ["/a/b", "/b"]);
});

Deno.test("statValue() and existsValue() of nothing is nothing, of a folder only that it is one", () => {
  const { folder, write } = setup(), path = fromText(folder), before = stateOf(path);
  write("x.h", "");
  assertEquals(statValue(stateOf(path)), statValue(before));
  assertEquals([statValue(2), existsValue(2)], [undefined, undefined]);
});

Deno.test("justRead() gives the bytes of a short content until another is read", () => {
  const { inputs, write } = setup(), a = write("a", "one"), b = write("b", "x".repeat(70_000));
  const content = (path: string) => {
    const found = inputs.content(path);
    assert(typeof found === "object");
    return found;
  };
  const first = content(a);
  assertEquals(inputs.justRead(first), text("one"));
  const second = content(write("c", "two"));
  assertEquals([inputs.justRead(first), inputs.justRead(second)], [undefined, text("two")]);
  const long = content(b);
  assertEquals([inputs.justRead(second), inputs.justRead(long)], [undefined, undefined]);
});
