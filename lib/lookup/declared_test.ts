import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { coarseNow, libc } from "../os/mod.ts";
import { beginDeclared, declaredObservation } from "./declared.ts";
import { environmentOf } from "./circumstances.ts";
import type { Toolchain } from "./toolchain.ts";

libc(); // opened once for all tests

/**
 * A compile of a.c: what it writes, its list and all else, is written by hand. `sys` is the compiler's own folder of
 * headers, `none` one that is not there.
 */
function observed(
  files: Record<string, string>,
  {
    list = "a.o: a.c inc/b.h",
    lists = "-MD",
    words = ["-Iinc"],
    environment = "",
    made = ["a.o"],
    meanwhile = (_folder: string) => {},
  } = {},
) {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-declared-" })), cwd = fromText(folder);
  try {
    for (const name of ["inc", "sys", "own"]) Deno.mkdirSync(`${folder}/${name}`);
    const all = { "a.c": '#include "b.h"\n', "inc/b.h": "int b;\n", ...files };
    for (const [name, text] of Object.entries(all)) Deno.writeTextFileSync(`${folder}/${name}`, text);
    settle();
    const toolchain: Toolchain = {
      files: new Set(["/usr/bin/cc"]),
      absent: new Set(["/nowhere/as"]),
      listings: new Set(["/usr/lib/gcc"]),
      searched: new Set([`${cwd}/sys`, `${cwd}/none`]),
    };
    const argv = ["cc", ...(lists === "" ? [] : lists.split(" ")), "-c", "a.c", ...words];
    const running = beginDeclared(argv, cwd, environmentOf(environment));
    if ("word" in running) return { refusal: "word", what: running.word, cwd };
    meanwhile(folder);
    if (lists !== "") Deno.writeTextFileSync(`${folder}/a.d`, `${list}\n`);
    for (const name of made) Deno.writeTextFileSync(`${folder}/${name}`, "made");
    return { ...declaredObservation(running, toolchain), cwd };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Waits until files that are written now are younger than those that were. */
function settle(): void {
  const begin = coarseNow();
  while (coarseNow() - begin < 20_000_000n);
}

function kept(...given: Given) {
  const found = observed(...given);
  if ("refusal" in found) throw new Error(`${found.refusal} ${found.what}`);
  const inside = (paths: Iterable<string>) =>
    [...paths].flatMap((path) => path.startsWith(found.cwd) ? [path.slice(found.cwd.length + 1)] : []);
  const asked = (wanted: string) =>
    [...found.files].flatMap(([path, { question }]) => question === wanted ? [path] : []);
  return { ...found, in: inside, asked };
}

type Given = Parameters<typeof observed>;
const absences: { name: string; path: string; given?: Given }[] = [
  { name: "a header beside its includer", path: "b.h" },
  { name: "a header in a folder of the line", path: "own/b.h", given: [{}, { words: ["-Iown", "-Iinc"] }] },
  { name: "a header in the compiler's folder", path: "sys/b.h" },
  { name: "a header in a folder that the compiler misses", path: "none/b.h" },
  { name: "what was asked for", path: "sys/c.h", given: [{ "a.c": "#if __has_include(<c.h>)\n#endif\n" }] },
  {
    name: "an include that was not reached",
    path: "sys/c.h",
    given: [{ "inc/b.h": "#if 0\n#include <c.h>\n#endif\n" }],
  },
  {
    name: "a header whose list tells not its spelling",
    path: "sys/other.h",
    given: [{ "a.c": "#include <other.h>\n" }],
  },
  {
    name: "tails of a path whose spelling is computed",
    path: "sys/inc/b.h",
    given: [{ "a.c": "#include NAME\n" }],
  },
  { name: "a precompiled header beside its header", path: "inc/b.h.gch" },
  { name: "a precompiled header where its header is looked for", path: "sys/b.h.gch" },
  { name: "a header of the line", path: "sys/p.h", given: [{}, { words: ["-Iinc", "-include", "p.h"] }] },
];
for (const { name, path, given = [{}] as Given } of absences) {
  Deno.test(`declaredObservation() counts the absence of ${name}`, () => {
    const found = kept(...given);
    assert(found.in(found.absent).includes(path), found.in(found.absent).join(" "));
  });
}

Deno.test("declaredObservation() counts headers, programs, the whole environment and what stands for all runs", () => {
  const found = kept({}, { environment: "LANG=C\0FOO=1\0" });
  assertEquals(found.in(found.asked("content")), ["a.c", "inc/b.h"]);
  assertEquals(found.in(found.asked("stat")), ["inc", "sys", "none"], "folders that are searched");
  for (const path of ["/usr/bin/cc", "/etc/ld.so.preload", "/usr/lib/locale/locale-archive"]) {
    assert(found.files.has(path), path);
  }
  assert(found.absent.has("/nowhere/as") && found.listings.has("/usr/lib/gcc"));
  assert(found.wholeEnvironment && found.variables.has("FOO"));
  assertEquals(found.in(found.written.keys()), ["a.d", "a.o"]);
});

/** Without a list, or with one of -MMD. */
const closures: { name: string; given: Given; there?: string[]; absent?: string[] }[] = [
  {
    name: "a header that a header of the system includes",
    given: [{ "sys/s.h": "# include <t.h>\n", "sys/t.h": "", "inc/b.h": "#include <s.h>" }, { lists: "" }],
    there: ["a.c", "inc/b.h", "sys/s.h", "sys/t.h"],
    absent: ["b.h", "inc/s.h", "inc/t.h", "none/s.h", "none/t.h", "sys/b.h", "inc/b.h.gch", "b.h.gch"],
  },
  {
    name: "a header that a list leaves out",
    given: [{ "sys/s.h": "", "a.c": '#include "b.h"\n#include <s.h>\n' }, { lists: "-MMD" }],
    there: ["a.c", "inc/b.h", "sys/s.h"],
  },
  {
    name: "what no line reaches, and what is only asked for",
    given: [{ "a.c": '#if 0\n#include "b.h"\n#endif\n#if __has_include(<c.h>)\n#endif' }, { lists: "" }],
    there: ["a.c", "inc/b.h"],
    absent: ["sys/c.h", "none/c.h", "inc/c.h"],
  },
  {
    name: "a header beside the header that spells it in quotes, and not one in brackets",
    given: [
      { "inc/b.h": '#include "own.h"\n#include <sys.h>\n', "a.c": '#include "inc/b.h"\n' },
      { lists: "", words: [] },
    ],
    absent: ["inc/own.h", "sys/own.h", "sys/sys.h"],
  },
  {
    name: "every header of a name, one after the other",
    given: [{ "own/b.h": "#include_next <b.h>\n" }, { lists: "", words: ["-Iown", "-Iinc"] }],
    there: ["a.c", "own/b.h", "inc/b.h"],
  },
  {
    name: "a header of the line, and gcc's own",
    given: [{ "p.h": "", "a.c": "" }, { lists: "", words: ["-include", "p.h"] }],
    there: ["a.c", "p.h"],
    absent: ["sys/stdc-predef.h", "p.h.gch"],
  },
  {
    name: "a name with a bracket in quotes",
    given: [{ "a.c": '#include "b>c.h"\n' }, { lists: "" }],
    absent: ["b>c.h"],
  },
];
for (const { name, given, there = [], absent = [] } of closures) {
  Deno.test(`declaredObservation() without a full list finds ${name}`, () => {
    const found = kept(...given), files = found.in(found.asked("content")), missed = found.in(found.absent);
    if (there.length > 0) assertEquals(files.toSorted(), there.toSorted());
    for (const path of absent) assert(missed.includes(path), `${path} of ${missed.join(" ")}`);
    if (name.includes("brackets")) assert(!missed.includes("inc/sys.h"), missed.join(" "));
  });
}

Deno.test("declaredObservation() counts the content of a header that is given for a folder, too", () => {
  for (const lists of ["", "-MD"]) {
    const found = kept({ own2: "", "a.c": '#include "own2"\n' }, {
      lists,
      list: "a.o: a.c own2",
      words: ["-Iown2", "-I."],
    });
    assert(found.in(found.asked("content")).includes("own2"));
  }
});

Deno.test("declaredObservation() counts what stands beside the object by its name", () => {
  const found = kept({}, { words: ["-Iinc", "-gsplit-dwarf"], made: ["a.dwo", "a.o"] });
  assertEquals(found.in(found.written.keys()), ["a.d", "a.dwo", "a.o"]);
});

const refusals: { name: string; given: Given; want: string }[] = [
  { name: "a time in a header", given: [{ "inc/b.h": "__TIME__" }], want: "pass_time inc/b.h" },
  { name: "assembly in one's own text", given: [{ "a.c": "asm(X);" }], want: "pass_unmodelled a.c" },
  {
    name: "assembly in a source that lies in the compiler's folder",
    given: [{ "sys/s.c": "asm(X);" }, { list: "a.o: sys/s.c inc/b.h" }],
    want: "pass_unmodelled sys/s.c",
  },
  {
    name: "assembly that is reached by way of the compiler's folder",
    given: [{ "inc/b.h": "asm(X);" }, { list: "a.o: a.c sys/../inc/b.h" }],
    want: "pass_unmodelled sys/../inc/b.h",
  },
  {
    name: "a precompiled header",
    given: [{ "own/b.h.gch": "" }, { words: ["-Iown", "-Iinc"] }],
    want: "pass_unmodelled own/b.h.gch",
  },
  {
    name: "a macro of the line that pastes a time",
    given: [{ "a.c": "J(__TI, ME__)" }, { words: ["-DJ(a,b)=a##b"] }],
    want: "pass_time __TIME__",
  },
  {
    name: "a header that is gone",
    given: [{}, { list: "a.o: a.c gone.h" }],
    want: "pass_input_changed gone.h",
  },
  { name: "no list", given: [{}, { list: "nothing" }], want: "pass_incomplete_trace a.d" },
  {
    name: "a header whose name is computed, without a list",
    given: [{ "inc/b.h": "#include NAME\n" }, { lists: "" }],
    want: "pass_unmodelled inc/b.h",
  },
  {
    name: "a directive behind a comment, without a list",
    given: [{ "a.c": '#/**/include "b.h"\n' }, { lists: "" }],
    want: "pass_unmodelled a.c",
  },
  {
    name: "a name behind a comment, without a list",
    given: [{ "a.c": '#include/*"x"*/<b.h>\n' }, { lists: "" }],
    want: "pass_unmodelled a.c",
  },
  {
    name: "a listed header that no text leads to",
    given: [{ "own/x.h": "" }, { lists: "-MMD", list: "a.o: a.c own/x.h" }],
    want: "pass_unmodelled own/x.h",
  },
  {
    name: "a link that leads to nothing, without a list",
    given: [{}, { lists: "", meanwhile: (folder) => Deno.symlinkSync("nowhere", `${folder}/sys/b.h`) }],
    want: "pass_unmodelled sys/b.h",
  },
  {
    name: "a folder that changed meanwhile, without a list",
    given: [{}, { lists: "", meanwhile: (folder) => Deno.writeTextFileSync(`${folder}/sys/other`, "") }],
    want: "pass_input_changed sys",
  },
  {
    name: "a header that went meanwhile from the object's folder, without a list",
    given: [{ "b.h": "" }, { lists: "", meanwhile: (folder) => Deno.removeSync(`${folder}/b.h`) }],
    want: "pass_input_changed ",
  },
  {
    name: "a file beside the object that was not made",
    given: [{}, { words: ["-Iinc", "-fstack-usage"] }],
    want: "pass_unmodelled a.su",
  },
  {
    name: "a file beside the object that is an older one",
    given: [{ "a.su": "" }, { words: ["-Iinc", "-fstack-usage"] }],
    want: "pass_unmodelled a.su",
  },
  {
    name: "a variable by which clang writes a file",
    given: [{}, { environment: "CC_LOG_DIAGNOSTICS=1\0" }],
    want: "word CC_LOG_DIAGNOSTICS",
  },
  { name: "a variable that names folders", given: [{}, { environment: "CPATH=/x\0" }], want: "word CPATH" },
];
for (const { name, given, want } of refusals) {
  Deno.test(`declaredObservation() refuses ${name}`, () => {
    const found = observed(...given);
    assert("refusal" in found, "it is kept");
    assertEquals(`${found.refusal} ${found.what?.replace(found.cwd, "").replace(/^\//, "")}`, want);
  });
}

Deno.test("declaredObservation() takes assembly in the compiler's own headers for names of symbols", () => {
  kept({ "sys/s.h": 'int f() __asm__("g");' }, { list: "a.o: a.c sys/s.h" });
});
