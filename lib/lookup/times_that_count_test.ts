/** Whose files are asked whether they are clang's precompiled headers: those that clang may have read. */
import { assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { libc } from "../os/mod.ts";
import { noObservation } from "../trace/mod.ts";
import { timesThatCount } from "./times_that_count.ts";

libc(); // opened once for all tests

const runs: [what: string, programs: string[], counts: boolean][] = [
  ["clang", ["/usr/bin/clang-14"], true],
  ["gcc", ["/usr/bin/gcc", "/usr/libexec/gcc/x86_64-linux-gnu/12/cc1"], false],
  ["both", ["/usr/bin/gcc", "/usr/libexec/gcc/x86_64-linux-gnu/12/cc1", "/usr/bin/clang"], true],
  ["a run whose programs nobody knows", [], true],
];
for (const [what, programs, counts] of runs) {
  Deno.test(`timesThatCount() ${counts ? "counts" : "does not count"} times where ${what} made clang's header`, () => {
    const folder = Deno.makeTempDirSync(), path = fromText(`${folder}/all.h.out`), found = noObservation();
    Deno.writeTextFileSync(path, "CPCH and more");
    found.files.set("/a.h", { question: "content" });
    for (const program of programs) found.programs.add(program);
    assertEquals(timesThatCount(found, [path], []).withTimes?.("/a.h"), counts ? true : undefined);
    Deno.removeSync(folder, { recursive: true });
  });
}
