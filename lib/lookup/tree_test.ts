import { assert, assertEquals } from "@std/assert";
import { bytesOf } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { libc } from "../os/mod.ts";
import { inputKinds, noSignature } from "../store/unit.ts";
import { noObservation, type Observation } from "../trace/mod.ts";
import type { Statements } from "./ingest.ts";
import { type Job, newJob } from "./job.ts";
import { boundToTree, mayHoldName, TreeNames } from "./tree.ts";

libc(); // opened once for all tests

const root = "/w/one", slot = { name: "$root", folder: root } as const;

/** A job in a folder of the tree, its run over. */
function job(said = "", variables: [string, string | null][] = [["PWD", `${root}/build`]]): Job {
  const ask = {
    name: "ask",
    pid: 1,
    flags: 0,
    umask: 0o22,
    window: 0,
    namespace: 0n,
    root: 0n,
    cwd: `${root}/build`,
    tool: "/usr/bin/gcc",
    argv: ["gcc"],
    env: "",
  } as const;
  const report = {
    name: "report",
    status: 0,
    flags: 0,
    wall_us: 0n,
    out: bytesOf(said),
    err: bytesOf(""),
  } as const;
  return { ...newJob(1, ask), slot, variables, report };
}

function content(path: string, text: string): Statements["inputs"][number] {
  return { kind: inputKinds.content, path, value: sha256(bytesOf(text)), signature: noSignature };
}

function linkTo(to: string, path = `${root}/l.h`): Statements["inputs"][number] {
  return {
    kind: inputKinds.real_path,
    path,
    value: sha256(bytesOf(to)),
    signature: noSignature,
  };
}

const header = Deno.makeTempFileSync();
Deno.writeTextFileSync(header, `#define ROOT "${root}/x"`);

interface BoundCase {
  name: string;
  job?: Job;
  found?: Partial<Observation>;
  inputs?: Statements["inputs"];
  want: string | undefined;
}

const cases: BoundCase[] = [
  { name: "nothing", want: undefined },
  { name: "a text with the root", job: job(`${root}/a.c:1: warning`), want: "path_in_text" },
  { name: "a text without it", job: job("a.c:1: warning"), want: undefined },
  { name: "PWD unset", job: job("", [["PWD", null]]), want: undefined },
  { name: "PWD of whoever called", job: job("", [["PWD", root]]), want: undefined },
  { name: "PWD by a link", job: job("", [["PWD", "/home/me/link"]]), want: "path_sensitive_environment" },
  {
    name: "a variable in the tree",
    job: job("", [["CPATH", `${root}/inc`]]),
    want: "path_sensitive_environment",
  },
  { name: "PATH, which counts by what is found", job: job("", [["=PATH", `${root}/bin`]]), want: undefined },
  {
    name: "a program found in the tree",
    job: job("", [["=PATH found", `${root}/bin/as`]]),
    want: "path_sensitive_environment",
  },
  {
    name: "a file that names the tree",
    inputs: [content(header, `#define ROOT "${root}/x"`)],
    want: "path_in_input",
  },
  { name: "a file that has changed", inputs: [content(header, "another text")], want: "path_in_input" },
  {
    name: "a program that names the tree",
    inputs: [content(header, `#define ROOT "${root}/x"`)],
    found: { programs: new Set([header]) },
    want: undefined,
  },
  { name: "a precompiled header", inputs: [content(`${root}/a.h.gch`, "")], want: "path_in_input" },
  { name: "a file that leads elsewhere", inputs: [linkTo("/usr/include/l.h")], want: "path_through_link" },
  { name: "a file that leads to itself", inputs: [linkTo(`${root}/l.h`)], want: undefined },
  {
    name: "a file beside a folder",
    inputs: [linkTo(`${root}/l.h`, `${root}/build/../l.h`)],
    want: undefined,
  },
  {
    name: "a file beside a folder that is a link",
    inputs: [linkTo(`${root}/l.h`, `${root}/x/build/../l.h`)],
    want: "path_through_link",
  },
  { name: "a file beside the tree", inputs: [linkTo("/w/l.h", `${root}/../l.h`)], want: "path_through_link" },
  {
    name: "a link into the tree",
    found: { linkTexts: new Map([["/home/me/link", `${root}/inc`]]) },
    want: "path_through_link",
  },
  {
    name: "a place that is one in the tree",
    found: { physical: new Map([["/usr/include/mine", `${root}/inc`]]) },
    want: "path_through_link",
  },
];
for (const { name, job: asked = job(), found, inputs = [], want } of cases) {
  Deno.test(`boundToTree() with ${name}`, () => {
    const statements = { inputs, absences: { folders: [], lists: [], names: [] } };
    const bound = boundToTree(asked, statements, { ...noObservation(), ...found }, new TreeNames());
    assertEquals(bound?.reason, want);
  });
}

Deno.test("TreeNames answers for a content, whichever tree asks", () => {
  const names = new TreeNames(), digest = sha256(Deno.readFileSync(header));
  assertEquals(names.mayHold(header, digest, "/w/two"), false);
  assertEquals(names.mayHold(header, digest, root), true);
  assertEquals(names.mayHold("/nowhere", digest, root), true, "the same content");
  assertEquals(names.mayHold("/nowhere", digest, "/w/three"), true, "it cannot be read");
});

/** An ELF file of 64 bits with one section of these flags. */
function elf(flags: number, { count = 1, table = 64 } = {}): Uint8Array {
  const bytes = new Uint8Array(128), view = new DataView(bytes.buffer);
  bytes.set(bytesOf("\x7fELF\x02\x01"));
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(58, 64, true);
  view.setUint16(60, count, true);
  view.setBigUint64(64 + 8, BigInt(flags), true);
  return bytes;
}

const outputs: { name: string; bytes: Uint8Array; want: boolean }[] = [
  { name: "an object", bytes: elf(0), want: false },
  { name: "one with a compressed section", bytes: elf(0x800), want: true },
  { name: "one whose sections are too many to count", bytes: elf(0, { count: 0 }), want: true },
  { name: "one that is cut", bytes: elf(0, { count: 2 }), want: true },
  { name: "one without sections", bytes: elf(0x800, { table: 0 }), want: false },
  { name: "bitcode", bytes: bytesOf("BC\xc0\xde and more"), want: true },
  { name: "a text with the root", bytes: bytesOf(`\xff\0${root}/x`), want: true },
  { name: "a text without it", bytes: bytesOf("\xff\0/w/two/x"), want: false },
  { name: "nothing", bytes: new Uint8Array(0), want: false },
];
for (const { name, bytes, want } of outputs) {
  Deno.test(`mayHoldName() of ${name}`, () => assertEquals(mayHoldName(bytes, slot), want));
}

Deno.test("mayHoldName() sees what a compiler compresses", {
  ignore: !new Deno.Command("sh", { args: ["-c", "command -v gcc"] }).outputSync().success,
}, () => {
  const folder = Deno.makeTempDirSync(),
    make = (...words: string[]) => {
      Deno.writeTextFileSync(`${folder}/a.c`, "int main(void) { return 0; }\n");
      const args = ["-g", ...words, "-c", "a.c", "-o", "a.o"];
      assert(
        new Deno.Command("gcc", { args, cwd: folder, clearEnv: true, env: { PATH: Deno.env.get("PATH")! } })
          .outputSync().success,
      );
      return mayHoldName(Deno.readFileSync(`${folder}/a.o`), { name: "$root", folder: "/no/such/tree" });
    };
  assertEquals([make(), make("-gz"), make("-flto")], [false, true, true]);
  Deno.removeSync(folder, { recursive: true });
});
