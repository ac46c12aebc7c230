import { assertEquals } from "@std/assert";
import { bytesOf } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { libc } from "../os/mod.ts";
import { inputKinds, noSignature } from "../store/unit.ts";
import { noObservation } from "../trace/mod.ts";
import { TextsRead } from "./in_full.ts";
import { newJob } from "./job.ts";
import { boundLink, NameSearch } from "./links.ts";

libc(); // opened once for all tests

const folder = Deno.makeTempDirSync();
const ask = {
  name: "ask",
  pid: 1,
  flags: 0,
  umask: 0o22,
  window: 0,
  namespace: 0n,
  root: 0n,
  cwd: folder,
  tool: "/usr/bin/gcc",
  argv: ["gcc"],
  env: "",
} as const;
const usual = [
  "/usr/bin/x86_64-linux-gnu-gcc-12",
  "/usr/lib/gcc/x86_64-linux-gnu/12/collect2",
  "/usr/bin/ld",
];

interface Case {
  name: string;
  programs?: string[];
  /** What the object and the library hold. */
  object?: string;
  library?: string;
  environment?: boolean;
  want: string | undefined;
}

const cases: Case[] = [
  { name: "usual programs", want: undefined },
  {
    name: "another program",
    programs: [...usual, "/usr/lib/gcc/lto-wrapper"],
    want: "/usr/lib/gcc/lto-wrapper",
  },
  { name: "another linker", programs: [...usual, "/usr/bin/ld.gold"], want: "/usr/bin/ld.gold" },
  { name: "no program", programs: [], want: "a script" },
  { name: "a script", environment: true, want: "a script" },
  { name: "an object that names itself", object: "\x7fELF d/drawn.o", want: `${folder}/d/drawn.o` },
  {
    name: "an object that names itself among bytes",
    object: "\x7fELF\x93\xff d/drawn.o\x80",
    want: `${folder}/d/drawn.o`,
  },
  { name: "an archive with a pattern", library: "!<arch>\n SECTIONS *", want: undefined },
  { name: "a linker's script", library: "/* GNU ld script */ GROUP ( -lm )", want: undefined },
  { name: "a script with a pattern", library: "INPUT(d*.o)", want: `${folder}/lib.so` },
  { name: "a script of sections", library: "SECTIONS { }", want: `${folder}/lib.so` },
];

for (const { name, programs = usual, object = "\x7fELF", library = "\x7fELF", environment, want } of cases) {
  Deno.test(`boundLink() with ${name}`, () => {
    Deno.mkdirSync(`${folder}/d`, { recursive: true });
    const inputs = [[`${folder}/d/drawn.o`, object], [`${folder}/lib.so`, library]].map(([path, text]) => {
      Deno.writeFileSync(path, bytesOf(text));
      return { kind: inputKinds.content, path, value: sha256(bytesOf(text)), signature: noSignature };
    });
    const names = { others: [], object: "prog", objects: ["d/drawn.o"], colour: [] };
    const found = { ...noObservation(), programs: new Set(programs), wholeEnvironment: environment ?? false };
    const statements = { inputs, absences: { folders: [], lists: [], names: [] } };
    assertEquals(boundLink({ ...newJob(1, ask), names }, statements, found, new TextsRead()), want);
  });
}

const searches: [text: string, names: string[]][] = [
  ["", ["a.o"]],
  ["a.o", ["a.o"]],
  ["xa.ob", ["b.o", "a.o"]],
  ["a.o.o", ["b.o", ".o.o"]],
  ["d/a.o", ["a.lo", "d/b.o"]],
  ["b.lo", ["a.o", "d/b.lo"]],
  ["a prog b", ["prog", "x.o"]],
  ["pro", ["prog", "x.o"]],
  [".o", ["a.o"]],
  ["lib.a(b.o)", ["b.o", "lib.so"]],
  ["a.oo", ["a.o."]],
  ["\x7fELF \xe9.o", ["\xe9.o"]],
];
for (const [text, names] of searches) {
  const want = names.some((name) => text.includes(name));
  Deno.test(`NameSearch finds ${want ? "one" : "none"} of ${names} in ${JSON.stringify(text)}`, () =>
    assertEquals(new NameSearch(names).isIn(text), want));
}
