/**
 * What gcc's compilers open they look at themselves before they read it: what they see is the signature in the record, and
 * what they do not look at goes without one, never lost and never under another's.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type FileState, signatureOf, statx } from "../../lib/os/mod.ts";
import { build, scratch, traced } from "./traced.ts";

const head = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static struct stat st;
static int see(int fd) { return fstat(fd, &st); }
/* As programs call it that were linked with glibc before 2.33. */
typedef int (*fxstat)(int, int, struct stat *);
static fxstat old_fstat(void) { return (fxstat)dlsym(RTLD_DEFAULT, "__fxstat"); }
static int opened(const char *path) { return open(path, O_RDONLY | O_NOCTTY); }
static void stranger_renames(const char *from, const char *to) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(82L), "D"(from), "S"(to) : "rcx", "r11", "memory"); }
`;

/** A part of a program, and what its record says of the files a and b and of the folder d: whose signature, if any. */
const parts: { does: string; says: string }[] = [
  { does: 'see(opened("a"));', says: "open_read a a" },
  { does: 'int fd = opened("a"); if (see(fd) || st.st_size != 2) return 1;', says: "open_read a a" },
  {
    does: 'int fd = opened("a"); if (old_fstat()(1, fd, &st) || st.st_size != 2) return 1;',
    says: "open_read a a",
  },
  { does: 'opened("a");', says: "open_read a -" },
  { does: 'opened("a"); _exit(0);', says: "open_read a -" },
  { does: 'opened("a"); execl("/bin/true", "true", NULL);', says: "open_read a -" },
  { does: 'opened("a"); see(opened("b"));', says: "open_read a -, open_read b b" },
  { does: 'int a = opened("a"); see(opened("b")); see(a);', says: "open_read a -, open_read b b" },
  { does: 'int a = opened("a"); close(a); see(opened("b"));', says: "open_read a -, open_read b b" },
  { does: 'int b = opened("b"); opened("a"); see(b);', says: "open_read b -, open_read a -" },
  {
    does: 'opened("a"); opened("none"); see(opened("b"));',
    says: "open_read a -, absent none, open_read b b",
  },
  { does: 'opened("a"); access("b", F_OK);', says: "open_read a -, probe b" },
  { does: 'opened("a"); stat("b", &st);', says: "open_read a -, stat b b" },
  { does: 'see(opened("a")); see(opened("a"));', says: "open_read a a" },
  {
    does: 'see(opened("a")); see(opened("b")); see(opened("a")); see(opened("b"));',
    says: "open_read a a, open_read b b",
  },
  { does: 'see(opened("a")); opened("a");', says: "open_read a a, open_read a -" },
  {
    does: 'see(opened("a")); unlink("a"); see(opened("a")); see(opened("b"));',
    says: "open_read a a, unlink a, absent a, open_read b b",
  },
  // Another file under the name, by a call that no hook sees: it is told again, with a signature that no file had before.
  {
    does: 'see(opened("a")); stranger_renames("b", "a"); see(opened("a"));',
    says: "open_read a a, open_read a undefined",
  },
  { does: 'opened("a"); unlink("a");', says: "open_read a -, unlink a" },
  { does: 'opened("a"); if (fork() == 0) _exit(0); wait(NULL);', says: "open_read a -" },
  {
    does: 'int fd = opened("a"); if (fork() == 0) { see(fd); _exit(0); } wait(NULL);',
    says: "open_read a -",
  },
  {
    does: 'opened("a"); if (fork() == 0) { see(opened("b")); _exit(0); } wait(NULL);',
    says: "open_read a -, open_read b b",
  },
  { does: 'opened("a"); if (vfork() == 0) _exit(0); wait(NULL);', says: "open_read a -" },
  {
    does: 'see(opened("b")); int a = opened("a"); close(a); if (see(a) != -1) return 1;',
    says: "open_read b b, open_read a -",
  },
  {
    does:
      'const char *q[] = {"f/q", "e/q", "q", "d/q", "f/r", "e/r", "r", "d/r", "f/a", "e/a", "a", "d/a"}; for (int i = 0; i < 12; i++) opened(q[i]);',
    says: "absent e/a, open_read a -, absent d/a",
  },
  { does: 'see(opened("d"));', says: "probe d" },
  {
    does: 'int fd = opened("a"); errno = 7; if (fstat(-1, &st) != -1 || errno != EBADF || see(fd)) return 1;',
    says: "open_read a a",
  },
  { does: 'int fd = opened("a"); errno = 7; if (see(fd) || errno != 7) return 1;', says: "open_read a a" },
  { does: 'see(open("a", O_PATH)); see(opened("b"));', says: "probe a, open_read b b" },
];

const names = new Set(["a", "b", "d", "none", "d/a", "e/a"]);

for (const [i, { does, says }] of parts.entries()) {
  Deno.test(`a compiler that does ${does} says ${says}`, () => {
    const dir = scratch(), kinds = dir.slice(dir.lastIndexOf("/") + 1);
    // The first opening of a process goes another way.
    const source =
      `${head}int main(void) { opened("warm"); opened("warm"); opened("warm too"); ${does} return 0; }`;
    const program = build(`${kinds}/cc1`, source, ["-w"]);
    for (const name of ["a", "b", "warm", "warm too"]) Deno.writeTextFileSync(`${dir}/${name}`, name + "\n");
    for (const name of ["d", "e", "f"]) Deno.mkdirSync(`${dir}/${name}`);
    const signatures = new Map(["a", "b"].map((name) => {
      const state = statx(`${dir}/${name}`) as FileState;
      return [`${signatureOf(state)}`, name];
    }));
    const run = traced([program], { cwd: dir });
    assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined], run.err);
    const said = run.events.flatMap((event) => {
      if (!("path" in event) || event.kind === "hello" || !event.path.startsWith(`${dir}/`)) return [];
      const name = event.path.slice(dir.length + 1);
      if (!names.has(name)) return [];
      if (!("signature" in event)) return [`${event.kind} ${name}`];
      return [
        `${event.kind} ${name} ${event.signature === undefined ? "-" : signatures.get(`${event.signature}`)}`,
      ];
    });
    assertEquals(said.join(", "), says, `part ${i}`);
  });
}

Deno.test("other programs' files have the signature that they had when they were opened", () => {
  const dir = scratch(), kinds = dir.slice(dir.lastIndexOf("/") + 1);
  const program = build(
    `${kinds}/cc2`,
    `${head}int main(void) { opened("warm"); opened("warm"); opened("a"); return 0; }`,
  );
  for (const name of ["a", "warm"]) Deno.writeTextFileSync(`${dir}/${name}`, name);
  const events = traced([program], { cwd: dir }).of("open_read").filter(({ path }) => path === `${dir}/a`);
  assertEquals(events.map(({ signature }) => signature === undefined), [false]);
});
