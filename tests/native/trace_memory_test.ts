/**
 * The tracer under the tools that find wrong memory accesses, while it is asked of everything once and its tables grow.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { build, root, scratch, type Traced, traced } from "./traced.ts";

const busy = build(
  "busy",
  `#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
extern char **environ;
int main(void) {
  struct stat s; char n[64];
  for (int i = 0; i < 5000; i++) { sprintf(n, "name-%d/%d", i % 70, i); stat(n, &s); }
  FILE *f = fopen("v.out", "w"); fclose(f); rename("v.out", "v.out2"); unlink("v.out2");
  DIR *d = opendir("."); closedir(d); chdir("/"); 
  getenv("HOME"); time(0); char *r = realpath("/bin/sh", 0); free(r);
  char *a[] = {"true", 0}; pid_t p; posix_spawnp(&p, "true", 0, 0, a, environ); wait(0);
  if (!fork()) { access("x", 0); execlp("true", "true", (char *)0); } wait(0);
  if (!vfork()) { execve("/nope", a, environ); _exit(1); } wait(0);
  return 0; }
`,
  ["-w"],
);

function assertWhole(run: Traced): void {
  assertEquals([run.code, run.err, run.doubts, run.problem], [0, "", 0, undefined]);
  assertEquals(run.of("absent").filter(({ path }) => path.includes("/name-")).length, 5000);
  assertEquals(
    run.of("hello").map(({ path }) => path.replace(/.*\//, "")).filter((name) => name === "true").length,
    2,
  );
}

const library = (name: string) =>
  new TextDecoder().decode(
    new Deno.Command("gcc", { args: [`-print-file-name=${name}`] }).outputSync().stdout,
  ).trim();
const sanitizers = [library("libasan.so"), library("libubsan.so")];
Deno.test({
  name: "the tracer built with ASan and UBSan, behind their libraries in LD_PRELOAD, does nothing wrong",
  ignore: !sanitizers.every((path) => path.startsWith("/")), // gcc's sanitizers are not installed
  fn: () => {
    const checked = build("trace-checked.so", `${root}lib/native/trace.c`, [
      ...["-std=c11", "-O1", "-g", "-shared", "-fPIC", "-fsanitize=address,undefined"],
      "-fno-sanitize-recover=undefined",
    ]);
    const env = {
      LD_PRELOAD: sanitizers.map((path) => Deno.realPathSync(path)).join(":"),
      ASAN_OPTIONS: "detect_leaks=0",
    };
    assertWhole(traced([busy], { cwd: scratch(), env, tracer: checked }));
    const cwd = scratch(), headers = Array.from({ length: 40 }, (_, i) => `d${i % 9}/${"h".repeat(i)}${i}.h`);
    for (let i = 0; i < 9; i++) Deno.mkdirSync(`${cwd}/d${i}`);
    for (const header of headers) Deno.writeTextFileSync(`${cwd}/${header}`, "");
    const text = headers.map((header) => `#include "${header.slice(3)}"\n`).join("");
    Deno.writeTextFileSync(`${cwd}/a.cc`, text);
    const search = Array.from({ length: 9 }, (_, i) => `-Id${i}`);
    for (const compiler of ["gcc", "g++"]) {
      const run = traced([compiler, ...search, "-c", "a.cc", "-o", "x.o"], { cwd, env, tracer: checked });
      assertEquals([run.code, run.err, run.doubts], [0, "", 0]);
      assert(run.of("absent").length > 160);
    }
  },
});

const memcheck = "/usr/libexec/valgrind/memcheck-amd64-linux";
Deno.test({
  name: "valgrind finds nothing in a traced program",
  ignore: !isThere(memcheck), // valgrind is not installed, or elsewhere
  fn: () => {
    // The tool itself is static: so the tracer enters the checked program alone.
    const env = { VALGRIND_LAUNCHER: "/usr/bin/valgrind" };
    const run = traced([memcheck, "-q", "--error-exitcode=9", busy], { cwd: scratch(), env });
    assertEquals(run.code, 0, run.err);
    assert(run.of("absent").length > 5000);
  },
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}
