/** What is found from texts holds all that compilers list, for headers of the system as they are. */
import { assert, assertEquals } from "@std/assert";
import { byteString, fromText } from "../base/bytes.ts";
import { declaredBy, dependenciesIn } from "../compilers/mod.ts";
import { absolute } from "../base/paths.ts";
import { libc } from "../os/mod.ts";
import { beforeOf, closureOf } from "./closure.ts";
import { Toolchains } from "./toolchain.ts";

libc(); // opened once for all tests

// deno-fmt-ignore: a table
const programs: Readonly<Record<string, string>> = {
  "a.c": "#include <stdio.h>\n#include <stdlib.h>\n#include <limits.h>\n#include <pthread.h>\n#include <sys/socket.h>\n#include <tgmath.h>\n",
  "b.cc": "#include <iostream>\n#include <vector>\n#include <map>\n#include <memory>\n#include <thread>\n#include <regex>\n",
  "c.cc": '#include "own/d.h"\n#include <algorithm>\n',
};
const toolchains = new Toolchains();

for (const tool of ["/usr/bin/gcc", "/usr/bin/g++", "/usr/bin/clang", "/usr/bin/clang++"]) {
  const ignore = !new Deno.Command("test", { args: ["-x", tool] }).outputSync().success;
  Deno.test({ name: `closureOf() holds all that ${tool} lists`, ignore, fn: () => inFolder(tool) });
}

function inFolder(tool: string): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-closure-" })), cwd = fromText(folder);
  try {
    Deno.mkdirSync(`${folder}/own`);
    Deno.writeTextFileSync(`${folder}/own/d.h`, '#include "e.h"\n');
    Deno.writeTextFileSync(`${folder}/own/e.h`, "#include <string>\n");
    for (const [name, text] of Object.entries(programs)) Deno.writeTextFileSync(`${folder}/${name}`, text);
    const environment = new Map([["PATH", "/usr/bin:/bin"]]);
    const realTool = fromText(Deno.realPathSync(tool));
    const toolchain = toolchains.of({ tool, realTool, machine: [], cwd, environment });
    assert(toolchain !== undefined);
    for (const name of Object.keys(programs)) {
      const declared = declaredBy(["-c", name, "-o", "x.o"]);
      assert("source" in declared);
      const closure = closureOf(declared, cwd, toolchain, beforeOf([`${cwd}/x.o`]));
      if ("refusal" in closure) throw new Error(`${closure.refusal} ${closure.what}`);
      const { stdout } = new Deno.Command(tool, { args: ["-M", name], cwd: folder }).outputSync();
      const listed = dependenciesIn(byteString(stdout))!.map((path) => absolute(path, cwd));
      assert(listed.length > 1, `${tool} lists ${listed}`);
      assertEquals(listed.filter((path) => !closure.there.has(path)), [], name);
      assertEquals([...closure.there].filter((path) => closure.absent.has(path)), []);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
