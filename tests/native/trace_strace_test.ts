/**
 * The tracer against strace: of every file that a tool asks for, the record knows.
 *
 * What the loader and libc look for inside themselves escapes by design: loaded libraries are listed, locale files are
 * standing inputs. Links that realpath walks over show as the physical path.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { scratch, type Traced, traced } from "./traced.ts";
import { absolute } from "../../lib/base/paths.ts";

const straceWorks = succeeds("strace", "-o", "/dev/null", "true");
const insideLibc =
  /\/(?:tls|x86_64|haswell|avx512_1|glibc-hwcaps)(?:\/|$)|\.so(?:\.|$)|^\/etc\/ld\.so|\/locale|gconv|\.mo$|^\/lib\/[^/]+\/\.\.\/lib$|bfd-plugins\/\.\.\/lib$/;

function succeeds(tool: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(tool, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}

/** Paths that strace sees, absolute; made-up names of temporary files reduced to what does not change. */
function pathsByStrace(argv: readonly string[], cwd: string): Set<string> {
  const log = `${cwd}/strace.log`;
  const args = ["-f", "-y", "-s", "4096", "-o", log, "-e", "trace=%file", ...argv];
  new Deno.Command("strace", { args, cwd, stdout: "null", stderr: "null" }).outputSync();
  const found = new Set<string>();
  for (const line of Deno.readTextFileSync(log).split("\n")) {
    const call = /^\d+\s+(\w+)\((?:AT_FDCWD<[^>]*>, |\d+<([^>]*)>, )?"([^"]*)"/.exec(line);
    if (call === null || ["getcwd", "readlink", "execve"].includes(call[1]) || call[3] === "") continue;
    found.add(lasting(absolute(call[3], call[2] ?? cwd)));
  }
  return found;
}
const lasting = (path: string) =>
  path.replace(/\/cc\w{6}\b/, "/cc").replace(/\/st\w{6}$/, "/st").replace(/(?:-|\.tmp)[0-9a-f]{6,8}\b/g, "")
    .replace(
      /\/$/,
      "",
    );

const pathsOf = (run: Traced) =>
  new Set(run.events.flatMap((event) => [
    ..."path" in event ? [lasting(event.path)] : [],
    ..."to" in event ? [lasting(event.to)] : [],
  ]));

const tools: readonly string[][] = [
  ["gcc", "-g", "-c", "a.c", "-o", "a.o"],
  ["g++", "-c", "b.cc", "-o", "b.o"],
  ["gcc", "a.o", "-o", "program", "-lm"],
  ["gcc", "-flto", "a.c", "-o", "with-lto"],
  ["ar", "rcs", "l.a", "a.o", "b.o"],
  ["clang", "-c", "a.c", "-o", "c.o"],
  ["clang", "-fuse-ld=lld", "a.o", "-o", "by-lld"],
];
const dir = scratch();
Deno.writeTextFileSync(`${dir}/a.c`, "#include <stdio.h>\nint main(void) { return puts(__FILE__) < 0; }\n");
Deno.writeTextFileSync(
  `${dir}/b.cc`,
  "#include <vector>\nunsigned long f() { return std::vector<int>(3).size(); }\n",
);
for (const tool of tools) {
  Deno.test({
    name: `strace sees no file of "${tool.join(" ")}" that the record does not know`,
    ignore: !straceWorks || !succeeds(tool[0], "--version"), // strace or the tool is not installed
    fn: () => {
      const run = traced(["/usr/bin/env", ...tool], { cwd: dir });
      assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined]);
      const known = pathsOf(run);
      const unseen = [...pathsByStrace(tool, dir)].filter((path) =>
        !known.has(path) && !insideLibc.test(path)
      );
      assertEquals(unseen, []);
    },
  });
}
