/**
 * The tracer in bad company: signals, forks among threads, early libraries, programs that end without a word.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { doubts } from "../../lib/trace/format.ts";
import { observe } from "../../lib/trace/mod.ts";
import { build, scratch, type Traced, traced } from "./traced.ts";

const absent = (run: Traced) => run.of("absent").map(({ path }) => path);
const refusalOf = (run: Traced) => {
  const found = observe(run.events, run.doubts, "/");
  return "refusal" in found ? `${found.refusal}: ${found.what}` : "kept";
};

Deno.test("a signal handler that asks in the middle of a question ends neither in a hang nor unnoticed", () => {
  const program = build(
    "handler",
    `#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
static volatile int asked;
static void handler(int s) { (void)s; char n[32]; sprintf(n, "handled-%d", asked++); access(n, F_OK); }
int main(void) { signal(SIGALRM, handler); struct itimerval t = {{0, 50}, {0, 50}}; setitimer(ITIMER_REAL, &t, 0);
  char n[32]; for (int i = 0; i < 20000; i++) { sprintf(n, "asked-%d", i); access(n, F_OK); }
  t.it_value.tv_usec = 0; setitimer(ITIMER_REAL, &t, 0); printf("%d", asked); return 0; }`,
    ["-w"],
  );
  const run = traced([program]);
  assertEquals(run.code, 0);
  const names = absent(run).map((path) => path.slice(path.lastIndexOf("/") + 1));
  assertEquals(names.filter((name) => name.startsWith("asked-")).length, 20000);
  const handled = names.filter((name) => name.startsWith("handled-")).length;
  if (handled < Number(run.out)) assertEquals(run.doubts, doubts.reentered);
});

Deno.test("forks among threads that ask all the time do not hang, and each child has its own names", () => {
  const program = build(
    "forkstorm",
    `#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int done;
static void *work(void *p) { char n[32]; for (int i = 0; !done; i++) { sprintf(n, "t%ld-%d", (long)p, i % 500); access(n, F_OK); } return 0; }
int main(void) { pthread_t t[4]; for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, work, (void *)i);
  for (int i = 0; i < 20; i++) { pid_t c = fork(); if (!c) { char n[32]; sprintf(n, "child-%d", i); access(n, F_OK); execl("/bin/true", "true", (char *)0); _exit(9); } waitpid(c, 0, 0); }
  done = 1; for (int i = 0; i < 4; i++) pthread_join(t[i], 0); return 0; }`,
    ["-pthread", "-w"],
  );
  const run = traced([program]);
  assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined]);
  assertEquals(absent(run).filter((path) => /\/child-\d+$/.test(path)).length, 20);
  assertEquals(refusalOf(run), "kept");
});

Deno.test("children of forkpty and of a library's fork handlers say hello", () => {
  const program = build(
    "pty",
    `#include <pthread.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
static void in_child(void) { access("by-handler", F_OK); }
int main(void) { pthread_atfork(0, 0, in_child); int m; pid_t c = forkpty(&m, 0, 0, 0); if (!c) { access("by-child", F_OK); _exit(0); } waitpid(c, 0, 0); return 0; }`,
    ["-lutil", "-w"],
  );
  const run = traced([program]);
  assertEquals(run.of("forked").length, 1);
  const child = run.of("forked")[0].image;
  const asked = run.of("absent").filter(({ path }) => /\/by-(handler|child)$/.test(path));
  assertEquals(asked.map(({ image }) => image), [child, child]);
});

Deno.test("questions of a library's constructor, which runs before ours, are seen", () => {
  const library = build(
    "early.so",
    `#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void early(void) { getenv("EARLY"); access("early.conf", F_OK); if (getenv("ZCCACHE_TRACE_RECORD")) _exit(7); }`,
    ["-shared", "-fPIC"],
  );
  const program = build("late", "int main(void) { return 0; }", ["-Wl,--no-as-needed", library]);
  const run = traced([program]);
  assertEquals(run.code, 0);
  assert(run.of("environment").some(({ name }) => name === "EARLY"));
  assert(absent(run).some((path) => path.endsWith("/early.conf")));
  assert(run.of("library").some(({ path }) => path === library));
});

Deno.test("a process that is left behind keeps the run from being stored", () => {
  const program = build(
    "leaves",
    `#include <unistd.h>
int main(void) { if (!fork()) { setsid(); close(0); close(1); close(2); sleep(2); _exit(0); } usleep(50000); return 0; }`,
    ["-w"],
  );
  assertEquals(refusalOf(traced([program])), "pass_incomplete_trace: leaves ended early");
});

const ends: [string, string, string][] = [
  ["return", "return 0;", "kept"],
  ["exit in an exit handler's company", "atexit(handler); exit(0);", "kept"],
  ["_exit", "_exit(0);", "kept"],
  ["_Exit", "_Exit(0);", "kept"],
  ["quick_exit", "quick_exit(0);", "kept"],
  ["exit_group by number", "syscall(SYS_exit_group, 0);", "kept"],
  ["pthread_exit", "pthread_exit(0);", "kept"],
  ["a signal", "raise(SIGKILL);", "pass_incomplete_trace: end7 ended early"],
];
ends.forEach(([name, text, wanted], number) => {
  Deno.test(`a program that ends by ${name} is ${wanted === "kept" ? "whole" : "incomplete"}`, () => {
    const program = build(
      `end${number}`,
      `#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static void handler(void) { access("at-exit", F_OK); }
int main(void) { access("asked", F_OK); ${text} (void)handler; }`,
      ["-w", "-pthread"],
    );
    const run = traced([program]);
    assert(absent(run).some((path) => path.endsWith("/asked")));
    assertEquals(refusalOf(run), wanted);
  });
});

Deno.test("a program found on PATH: folders without it are absences, a link on the way is an input", () => {
  const dir = scratch();
  for (const sub of ["p1", "p2"]) Deno.mkdirSync(`${dir}/${sub}`);
  Deno.symlinkSync("/bin/true", `${dir}/p2/tool`);
  const run = traced(["/usr/bin/env", "tool"], { env: { PATH: `${dir}/p1:${dir}/p2:/usr/bin:/bin` } });
  assertEquals([run.code, run.doubts, refusalOf(run)], [0, 0, "kept"]);
  assert(absent(run).includes(`${dir}/p1/tool`));
  assertEquals(run.of("real_path").filter(({ path }) => path === `${dir}/p2/tool`).map(({ text }) => text), [
    Deno.realPathSync("/bin/true"),
  ]);
});

const failures: [string, (dir: string) => void, string, number][] = [
  ["nothing there", () => {}, "exec_failed", 2],
  ["a folder", (dir) => Deno.mkdirSync(`${dir}/tool`), "exec_failed", 13],
  ["a script whose interpreter is gone", (dir) => script(dir, "#!/no/such\n"), "exec_failed", 2],
  ["no permission", (dir) => Deno.writeTextFileSync(`${dir}/tool`, "", { mode: 0o644 }), "exec_failed", 13],
];
function script(dir: string, text: string): void {
  Deno.writeTextFileSync(`${dir}/tool`, text, { mode: 0o755 });
}
for (const [name, prepare, kind, answer] of failures) {
  Deno.test(`an exec that fails is told from one that does not: ${name}`, () => {
    const dir = scratch();
    prepare(dir);
    const program = build(
      "tryexec",
      `#include <errno.h>
#include <unistd.h>
int main(void) { execl("./tool", "tool", (char *)0); return errno; }`,
    );
    const run = traced([program], { cwd: dir });
    assertEquals(run.code, answer);
    assertEquals(run.events.filter((event) => event.kind === kind).map((event) => event.answer), [answer]);
  });
}

Deno.test("what a spawned program is redirected to is read or written by the run", () => {
  const dir = scratch();
  Deno.writeTextFileSync(`${dir}/in`, "text");
  const program = build(
    "redirects",
    `#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) { posix_spawn_file_actions_t a; posix_spawn_file_actions_init(&a);
  posix_spawn_file_actions_addopen(&a, 0, "in", O_RDONLY, 0); posix_spawn_file_actions_addopen(&a, 1, "out", O_WRONLY | O_CREAT, 0666);
  char *v[] = {"cat", 0}; pid_t p; if (posix_spawnp(&p, "cat", &a, 0, v, environ)) return 1; wait(0); return 0; }`,
    ["-D_GNU_SOURCE"],
  );
  const run = traced([program], { cwd: dir });
  assertEquals([run.code, Deno.readTextFileSync(`${dir}/out`)], [0, "text"]);
  assert(run.of("open_read").some(({ path }) => path === `${dir}/in`));
  assert(run.of("create").some(({ path }) => path === `${dir}/out`));
});

const asan = new TextDecoder().decode(
  new Deno.Command("gcc", { args: ["-print-file-name=libasan.so"] }).outputSync().stdout,
).trim();
Deno.test({
  name: "a tool with libasan of the user's first in LD_PRELOAD is traced, ours being last",
  ignore: !asan.startsWith("/"), // gcc's sanitizer library is not installed
  fn: () => {
    const program = build(
      "plain",
      `#include <unistd.h>\nint main(void) { return access("asked", F_OK) != -1; }`,
    );
    const run = traced([program], {
      env: { LD_PRELOAD: Deno.realPathSync(asan), ASAN_OPTIONS: "detect_leaks=0" },
    });
    assertEquals([run.code, run.err], [0, ""]);
    assert(absent(run).some((path) => path.endsWith("/asked")));
  },
});
