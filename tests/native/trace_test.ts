/**
 * The tracer against real programs: each test is one row of the experiments that broke earlier tracers.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { doubts } from "../../lib/trace/format.ts";
import { observe } from "../../lib/trace/mod.ts";
import { build, scratch, type Traced, traced } from "./traced.ts";

const paths = (run: Traced, kind: "open_read" | "absent") => run.of(kind).map((event) => event.path);
const isRoot = Deno.uid() === 0;
const has = (tool: string) => {
  try {
    return new Deno.Command(tool, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
};

Deno.test("the record is no descriptor: a tool that closes and reuses all of them writes only its own bytes", () => {
  const dir = scratch();
  const program = build(
    "reuse",
    `#include <unistd.h>
#include <stdio.h>
#include <fcntl.h>
int main(void) { for (int i = 3; i < 1024; i++) close(i);
  int fd = open("user.out", O_CREAT | O_WRONLY, 0644); for (int i = 0; i < 50; i++) dup(fd);
  FILE *f = fopen("later.in", "r"); if (f) fclose(f); write(fd, "mine", 4); return 0; }`,
  );
  const run = traced([program], { cwd: dir });
  assertEquals(Deno.readTextFileSync(`${dir}/user.out`), "mine");
  assert(paths(run, "absent").includes(`${dir}/later.in`));
});

Deno.test("events survive kill -9", () => {
  const program = build(
    "killed",
    `#include <stdio.h>
#include <signal.h>
int main(void) { fopen("gone.h", "r"); raise(SIGKILL); }`,
  );
  const run = traced([program]);
  assertEquals(run.signal, "SIGKILL");
  assert(paths(run, "absent").some((path) => path.endsWith("/gone.h")));
  const found = observe(run.events, run.doubts, "/");
  assertEquals("refusal" in found && found.refusal, "pass_incomplete_trace");
});

Deno.test("a record that is full says so and disturbs nobody", () => {
  const run = traced(["gcc", "-x", "c", "-c", "/dev/null", "-o", `${scratch()}/o`], { capacity: 4096 });
  assertEquals([run.code, run.problem], [0, "more questions than the record holds"]);
});

Deno.test("the variables are hidden from the tool, and the user's LD_PRELOAD stays", () => {
  const library = build("users.so", "int users_library;", ["-shared", "-fPIC"]);
  const given: Record<string, string>[] = [{}, { LD_PRELOAD: library }];
  for (const env of given) {
    const run = traced(["env"], { env });
    assert(!run.out.includes("ZCCACHE"), run.out);
    assertEquals(
      /^LD_PRELOAD=.*$/m.exec(run.out)?.[0],
      "LD_PRELOAD" in env ? `LD_PRELOAD=${library}` : undefined,
    );
  }
});

const environments: [string, string][] = [
  [
    "execve with a fresh environment",
    `char *e[] = {"A=1", 0}; char *a[] = {"cat", "x.h", 0}; execve("/bin/cat", a, e);`,
  ],
  ["clearenv and execl", `clearenv(); execl("/bin/cat", "cat", "x.h", (char *)0);`],
  ["execvp", `char *a[] = {"cat", "x.h", 0}; execvp("cat", a);`],
  ["execle", `char *e[] = {0}; execle("/bin/cat", "cat", "x.h", (char *)0, e);`],
  [
    "posix_spawn",
    `char *e[] = {0}; char *a[] = {"cat", "x.h", 0}; pid_t p; posix_spawn(&p, "/bin/cat", 0, 0, a, e); wait(0);`,
  ],
  [
    "posix_spawnp",
    `char *a[] = {"cat", "x.h", 0}; pid_t p; posix_spawnp(&p, "cat", 0, 0, a, environ); wait(0);`,
  ],
  [
    "vfork and execv",
    `char *a[] = {"cat", "x.h", 0}; if (!vfork()) { execv("/bin/cat", a); _exit(1); } wait(0);`,
  ],
];
for (const [name, text] of environments) {
  Deno.test(`a child is traced through ${name}`, () => {
    const dir = scratch();
    Deno.writeTextFileSync(`${dir}/x.h`, "text");
    const includes =
      "#define _GNU_SOURCE\n#include <unistd.h>\n#include <stdlib.h>\n#include <spawn.h>\n#include <sys/wait.h>\n";
    const program = build(
      `start${name.replace(/\W/g, "")}`,
      `${includes}int main(void) { ${text} return 0; }`,
    );
    const run = traced([program], { cwd: dir });
    assertEquals([run.out, run.err, run.doubts], ["text", "", 0]);
    assert(paths(run, "open_read").includes(`${dir}/x.h`));
    assert(!("refusal" in observe(run.events, run.doubts, dir)));
  });
}

Deno.test("Python's children with an empty environment and closed descriptors are traced", () => {
  const run = traced([
    "/usr/bin/env",
    "python3",
    "-c",
    "import subprocess; subprocess.run(['/bin/true'], env={})",
  ]);
  assert(run.of("hello").some(({ path }) => path.endsWith("/true")), "true said hello");
});

Deno.test("a fork without exec says hello as an image of its own", () => {
  const dir = scratch();
  const program = build(
    "forks",
    `#include <unistd.h>
#include <stdio.h>
#include <sys/wait.h>
int main(void) { if (!fork()) { fopen("child.h", "r"); _exit(0); } wait(0); fopen("parent.h", "r"); return 0; }`,
  );
  const run = traced([program], { cwd: dir });
  assertEquals([run.of("hello").length, run.of("forked").length, run.of("goodbye").length], [2, 1, 2]);
  for (const name of ["child.h", "parent.h"]) assert(paths(run, "absent").includes(`${dir}/${name}`));
});

Deno.test("threads lose no question", () => {
  const program = build(
    "threads",
    `#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *work(void *p) { char n[32]; for (int i = 0; i < 200; i++) { sprintf(n, "t%ld-%d", (long)p, i); access(n, F_OK); } return 0; }
int main(void) { pthread_t t[8]; for (long i = 0; i < 8; i++) pthread_create(&t[i], 0, work, (void *)i);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0); return 0; }`,
    ["-pthread"],
  );
  const run = traced([program]);
  assertEquals(new Set(paths(run, "absent").filter((path) => /\/t\d-\d+$/.test(path))).size, 1600);
});

Deno.test("paths are absolute through chdir, fchdir and descriptors of folders", () => {
  const dir = scratch();
  Deno.mkdirSync(`${dir}/sub/deep`, { recursive: true });
  const program = build(
    "moves",
    `#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>
int main(void) { int here = open(".", O_RDONLY | O_DIRECTORY), sub = open("sub", O_RDONLY | O_DIRECTORY);
  chdir("sub/deep"); access("a", F_OK); faccessat(sub, "b", F_OK, 0); fchdir(here); access("./c", F_OK); access("sub/../d", F_OK);
  if (!vfork()) { chdir("/"); _exit(0); } access("e", F_OK); return 0; }`,
  );
  const run = traced([program], { cwd: dir });
  assertEquals(
    paths(run, "absent").filter((path) => path.startsWith(dir)).map((path) => path.slice(dir.length)),
    ["/sub/deep/a", "/sub/b", "/c", "/sub/../d", "/e"],
  );
});

Deno.test("a search through folders is told name by name, whoever moves or writes in between", () => {
  const dir = scratch();
  Deno.mkdirSync(`${dir}/sub`);
  const program = build(
    "search",
    `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static void search(const char *before, int folders) { char path[99];
  for (int n = 0; n < 3; n++) for (int f = 0; f < folders; f++) {
    snprintf(path, sizeof path, "%sd%d/n%d", before, f, n); access(path, F_OK); } }
int main(int argc, char **argv) {
  search("", 5); search("", 5); search(argv[1], 4);
  int sub = open("sub", O_RDONLY | O_DIRECTORY); faccessat(sub, "d0/n9", F_OK, 0); faccessat(sub, "d1/n9", F_OK, 0);
  if (!fork()) { search("x", 3); _exit(0); } wait(0);
  access("d0/n7", F_OK); access("d1/n7", F_OK);
  if (!fork()) { access("odd", F_OK); _exit(0); } wait(0);
  access("d2/n7", F_OK); access("d3/n7", F_OK); access("d3/n7", F_OK);
  chdir("sub"); access("d4/n7", F_OK); search("", 2); search("", 70); return 0; }`,
  );
  const run = traced([program, `${dir}/far/`], { cwd: dir });
  assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined]);
  const search = (before: string, folders: number) =>
    [0, 1, 2].flatMap((n) => [...Array(folders).keys()].map((f) => `${before}d${f}/n${n}`));
  const wanted = [
    ...search("/", 5),
    ...search("/far/", 4),
    ...["/sub/d0/n9", "/sub/d1/n9", ...search("/x", 3), "/d0/n7", "/d1/n7", "/odd", "/d2/n7", "/d3/n7"],
    ...["/sub/d4/n7", ...search("/sub/", 70)],
  ];
  const absent = paths(run, "absent").filter((path) => path.startsWith(dir)).map((path) =>
    path.slice(dir.length)
  );
  assertEquals([...new Set(absent)].sort(), [...new Set(wanted)].sort());
  assert(absent.length < wanted.length * 2, `${absent.length} events`);
});

Deno.test("what only resembles the next question of a search, at the very end of memory, is told as it is", () => {
  const dir = scratch();
  const program = build(
    "resembles",
    `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static char *page;
static void ask(const char *path, int end) { size_t length = strlen(path) + 1;
  char *at = end ? page + 4096 - length : page; memcpy(at, path, length); if (open(at, O_RDONLY) < 0) puts(path); }
int main(void) { char path[99], name[40], folder[40];
  page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); munmap(page + 4096, 4096);
  for (int end = 0; end < 2; end++) for (int length = 1; length < 20; length++) for (int odd = 0; odd < 8; odd++) {
    for (int f = 0; f < 8; f++) {
      memset(folder, 'a' + f % 4, length), folder[length] = 0;
      memset(name, end ? 'm' : 'n', 20 - length), name[20 - length] = 0;
      if (f == 6 && odd == 1) name[19 - length] = 'x';
      if (f == 6 && odd == 2) strcat(name, "n");
      if (f == 6 && odd == 3) strcat(folder, "c");
      if (f == 6 && odd == 4) folder[length - 1] = 'x';
      if (f == 6 && odd == 7) strcat(folder, "/b");
      if (f == 6 && odd == 6) name[0] = 'y';
      snprintf(path, sizeof path, f == 6 && odd == 5 ? "%s-%s" : "%s/%s", folder, name); ask(path, end); } }
  for (int round = 0; round < 2; round++) for (int f = 0; f < 600; f++) {
    snprintf(path, sizeof path, "many%d/h%d", f, round); ask(path, 0); }
  return 0; }`,
  );
  const run = traced([program], { cwd: dir });
  assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined]);
  const wanted = run.out.trimEnd().split("\n").map((path) => `${dir}/${path}`);
  const absent = paths(run, "absent").filter((path) => path.startsWith(dir));
  assertEquals([...new Set(absent)].sort(), [...new Set(wanted)].sort());
});

Deno.test("names that are odd or no UTF-8 come through", () => {
  const program = build(
    "names",
    `#include <unistd.h>
int main(void) { access("sp ace\\n\\"$#", F_OK); access("\\xff\\x80z", F_OK); return 0; }`,
  );
  const names = paths(traced([program]), "absent").map((path) => path.slice(path.lastIndexOf("/") + 1));
  assert(names.includes('sp ace\n"$#') && names.includes("\xff\x80z"), names.join());
});

Deno.test("a question is asked anew after anybody of the run changed the file system", () => {
  const dir = scratch();
  const run = traced(["sh", "-c", "test -e x; echo 1 > x; test -e x; cat x; rm x; test -e x"], { cwd: dir });
  const about = run.events.filter((event) => "path" in event && event.path === `${dir}/x`).map(({ kind }) =>
    kind
  );
  assertEquals(about, ["absent", "truncate", "stat", "open_read", "lstat", "unlink", "absent"], about.join());
});

Deno.test("errno is kept", () => {
  const program = build(
    "errnos",
    `#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
int main(void) { errno = 7; if (access("/", F_OK) || errno != 7) return 1; if (access("/no", F_OK) != -1 || errno != ENOENT) return 2;
  if (open("/proc/1/x/y", O_RDONLY) != -1 || errno != ENOENT) return 3; if (open("/", O_WRONLY) != -1 || errno != EISDIR) return 4; return 0; }`,
  );
  assertEquals(traced([program]).code, 0);
});

const gated: [string, () => string, boolean][] = [
  ["a static program", () => build("static", "int main(void) { return 0; }", ["-static"]), true],
  [
    "a program with a sanitizer",
    () => build("asan", "int main(void) { return 0; }", ["-fsanitize=address"]),
    true,
  ],
  ["a program of Go's that is linked with libc", () =>
    build(
      "golike",
      `__attribute__((section(".note.go.buildid"), used)) static const struct { int n, d, t; char owner[4], id[4]; } note = {4, 4, 4, "Go", "id"};
int main(void) { return 0; }`,
    ), true],
  ["a 32-bit program", () => build("m32", "int main(void) { return 0; }", ["-m32"]), canBuild32()],
  ["a program of another loader, as another libc has", () => {
    const loader = build("other.ld.so", "int main(void) { return 0; }");
    Deno.copyFileSync(Deno.realPathSync("/lib64/ld-linux-x86-64.so.2"), loader);
    return build("other", "int main(void) { return 0; }", [`-Wl,--dynamic-linker=${loader}`]);
  }, Deno.build.arch === "x86_64"],
  ["a set-id program", () => {
    const program = build("setid", "int main(void) { return 0; }");
    Deno.chmodSync(program, 0o4755);
    return program;
  }, isRoot],
];
for (const [name, program, possible] of gated) {
  Deno.test({
    name: `the gate lets ${name} start untouched, and names it`,
    ignore: !possible, // needs -m32 libraries, or root for set-id
    fn: () => {
      const path = program();
      const run = traced(["sh", "-c", `${path}; exit $?`]);
      assertEquals([run.code, run.err], [0, ""]);
      assertEquals(run.doubts & doubts.ungated, doubts.ungated);
      assert(run.of("ungated").some((event) => event.path === path));
    },
  });
}

function canBuild32(): boolean {
  try {
    build("probe32", "int main(void) { return 0; }", ["-m32"]);
    return true;
  } catch {
    return false;
  }
}

Deno.test("a script and its interpreter are inputs", () => {
  const dir = scratch(), script = `${dir}/wrap cc`;
  Deno.writeTextFileSync(script, "#!/bin/sh\nexec cat /dev/null\n", { mode: 0o755 });
  const run = traced(["env", script]);
  assert(run.of("script").some(({ path }) => path === script));
});

Deno.test("io_uring and program starts by number raise a doubt; questions by number are seen", () => {
  const program = build(
    "numbers",
    `#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int c, char **v) { (void)v; struct statx s; syscall(SYS_statx, AT_FDCWD, "by-number", 0, STATX_ALL, &s);
  if (c > 1) syscall(SYS_io_uring_setup, 1, 0); return 0; }`,
  );
  const run = traced([program]);
  assert(paths(run, "absent").some((path) => path.endsWith("/by-number")));
  assertEquals(run.doubts, 0);
  assertEquals(traced([program, "x"]).doubts, doubts.unmodelled);
});

for (const compiler of ["gcc", "clang"]) {
  Deno.test({
    name: `${compiler} -c: shadowing, __has_include and .incbin show; every process said hello`,
    ignore: !has(compiler), // clang is not on every machine
    fn: () => {
      const dir = scratch();
      for (const sub of ["i1", "i2"]) Deno.mkdirSync(`${dir}/${sub}`);
      Deno.writeTextFileSync(`${dir}/i2/v.h`, "#define V 1\n");
      Deno.writeTextFileSync(`${dir}/blob.bin`, "bytes");
      Deno.writeTextFileSync(
        `${dir}/a.c`,
        `#include "v.h"\n#if __has_include("maybe.h")\n#endif\nint v = V;\n__asm__(".incbin \\"blob.bin\\"");\n`,
      );
      const run = traced([compiler, "-Ii1", "-Ii2", "-c", "a.c"], { cwd: dir });
      assertEquals([run.code, run.err, run.doubts], [0, "", 0]);
      const found = observe(run.events, run.doubts, dir);
      assert(!("refusal" in found), JSON.stringify(found));
      for (const name of ["a.c", "i2/v.h", "blob.bin"]) {
        assertEquals(found.files.get(`${dir}/${name}`)?.question, "content", name);
      }
      for (const name of ["i1/v.h", "i2/maybe.h"]) assert(found.absent.has(`${dir}/${name}`), name);
      const left = [...found.written].filter(([, { gone }]) => !gone).map(([path]) => path);
      assertEquals(left.filter((path) => path === `${dir}/a.o`), [`${dir}/a.o`]);
      assertEquals(run.of("hello").length, run.of("goodbye").length);
    },
  });
}

Deno.test("time() is asked exactly where a macro holds it", () => {
  const dir = scratch();
  Deno.writeTextFileSync(`${dir}/t.c`, `const char *t = __TIME__;\n`);
  Deno.writeTextFileSync(`${dir}/s.c`, `const char *t = __TIMESTAMP__;\n`);
  Deno.writeTextFileSync(`${dir}/n.c`, `const char *t = "no time";\n`);
  const refusal = (name: string) => {
    const run = traced(["gcc", "-c", name], { cwd: dir });
    const found = observe(run.events, run.doubts, dir);
    return "refusal" in found ? found.refusal : "kept";
  };
  assertEquals([refusal("t.c"), refusal("s.c"), refusal("n.c")], ["pass_time", "pass_time", "kept"]);
});

Deno.test("isatty and the window are answered for the launcher's pipes only", () => {
  const dir = scratch(), fifo = `${dir}/fifo`;
  new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
  const program = build(
    "tty",
    `#include <sys/ioctl.h>
#include <unistd.h>
int main(void) { struct winsize w = {0}; ioctl(1, TIOCGWINSZ, &w); return isatty(1) * 2 + isatty(2) + (w.ws_col == 132 ? 4 : 0); }`,
  );
  const run = [program, "sh", "-c", `${program} 1<>fifo`];
  const capture = { cwd: dir, ttys: 6, window: 50 | 132 << 16 };
  assertEquals(traced(run.slice(0, 1), capture).code, 0, "no pipe is known as a capture");
  assertEquals(traced(run.slice(1), { ...capture, capture: Deno.statSync(fifo).ino! }).code, 6);
  assertEquals(traced(run.slice(1), { ...capture, ttys: 4, capture: Deno.statSync(fifo).ino! }).code, 0);
});
