/**
 * Folders whose names are known (lib/native/trace_sieve.h): a compiler that is not told by the kernel that something is
 * absent gets the same answers, in the same order in the record, and asks the kernel less.
 *
 * What strangers change is changed by calls that no hook sees, so that each program knows what its answers have to be.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { shown } from "../../lib/base/bytes.ts";
import { build, scratch, type Traced, traced } from "./traced.ts";

/** What every program here has. `own...` is seen by the tracer, `stranger...` is not. */
const common = `#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static long unseen(long number, long a, long b, long c, long d) {
  register long r10 __asm__("r10") = d; long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result; }
static void stranger_makes(const char *path) {
  long fd = unseen(SYS_openat, AT_FDCWD, (long)path, O_CREAT | O_WRONLY, 0666); unseen(SYS_close, fd, 0, 0, 0); }
static void stranger_removes(const char *path) { unseen(SYS_unlink, (long)path, 0, 0, 0); }
static void stranger_renames(const char *from, const char *to) { unseen(SYS_rename, (long)from, (long)to, 0, 0); }
static void own_makes(const char *path) { close(open(path, O_CREAT | O_WRONLY, 0666)); }
/* Longer than any answer is kept. */
static void rest(void) { struct timespec t = {0, 80000000}; unseen(SYS_nanosleep, (long)&t, 0, 0, 0); }
static int there(const char *path) {
  errno = 77; int fd = open(path, O_RDONLY | O_NOCTTY);
  if (fd < 0) { if (errno != ENOENT) printf("errno %d!\\n", errno); return 0; }
  struct stat st; fstat(fd, &st); close(fd); return 1; }
/* Looks for a name in folders d0, d1 ... as a compiler does; prints where it is. */
static int folders = 4; static const char *prefix = "";
static int sought(const char *name) {
  char path[900];
  for (int i = 0; i < folders; i++) { snprintf(path, sizeof path, "%sd%d/%s", prefix, i, name); if (there(path)) { printf("%s in d%d\\n", name, i); return i; } }
  printf("%s nowhere\\n", name); return -1; }
/* So many names that nothing has: the folders are listed. */
static void search_long(const char *what) { char name[60]; for (int i = 0; i < 40; i++) { snprintf(name, sizeof name, "%s-%d", what, i); sought(name); } }
`;

/** Builds a program that the tracer takes for a compiler; each has a folder of its own. */
function compiler(main: string, libraries: string[]): string {
  const folder = scratch();
  Deno.mkdirSync(`${folder}/bin`);
  const text = `${common}int main(int argc, char **argv) { (void)argc; (void)argv; ${main} return 0; }`;
  const made = build("of-a-sieve-test", text, ["-Wl,--no-as-needed", ...libraries]);
  Deno.renameSync(made, `${folder}/bin/cc1plus`);
  return `${folder}/bin/cc1plus`;
}

/** A tree as a project has it, made long enough ago to be listed. */
function tree(folders = 4): string {
  const dir = `${scratch()}/in`;
  for (let i = 0; i < folders; i++) {
    Deno.mkdirSync(`${dir}/d${i}`, { recursive: true });
    for (const name of ["all.h", `of${i}.h`]) {
      if (name !== "all.h" || i === 2) Deno.writeTextFileSync(`${dir}/d${i}/${name}`, name);
    }
  }
  const until = Date.now() + 60;
  while (Date.now() < until) continue;
  return dir;
}

/** What the record says of files below `dir`, in order; what it says twice, once. */
function told(run: Traced, dir: string): string[] {
  assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined], run.err);
  const lines = run.events.flatMap((event) => {
    const path = "path" in event ? shown(event.path) : "";
    return path.startsWith(`${dir}/`) ? [`${event.kind} ${path.slice(dir.length + 1)}`] : [];
  });
  return [...new Set(lines)];
}

const hasStrace =
  new Deno.Command("sh", { args: ["-c", "strace -o /dev/null true"], stderr: "null" }).outputSync().success;

/** How often the kernel said that a file below d... is not there. */
function absences(log: string): number {
  return [...Deno.readTextFileSync(log).matchAll(/\bd\d+\/[^"]*", O_RDONLY[^)]*\) = -1 ENOENT/g)].length;
}

interface Case {
  name: string;
  main: string;
  folders?: number;
  /** How many absences the kernel tells at most, where folders are listed; of how many. */
  most?: number;
  of?: number;
  /** And at least. */
  least?: number;
  /** Another library stands before libc's clock. */
  clock?: boolean;
}
// deno-fmt-ignore: a program a line
const cases: Case[] = [
  { name: "finds what is there, and asks for little else", main: `search_long("none"); sought("all.h"); sought("of3.h"); search_long("more"); sought("of0.h");`, most: 150, of: 325 },
  { name: "finds what it has made itself", main: `search_long("a"); own_makes("d1/new.h"); sought("new.h"); own_makes("d0/new.h"); sought("new.h"); search_long("b"); unlink("d0/new.h"); sought("new.h");` },
  { name: "finds what its child has made", main: `search_long("a"); if (fork() == 0) { own_makes("d2/new.h"); _exit(0); } wait(NULL); sought("new.h");` },
  { name: "finds what it has renamed, linked and moved in a folder", main: `search_long("a"); rename("d3/of3.h", "d0/moved.h"); sought("moved.h"); sought("of3.h"); search_long("b"); link("d1/of1.h", "d0/linked.h"); sought("linked.h"); search_long("c"); symlink("../d1/of1.h", "d0/symlinked.h"); sought("symlinked.h");` },
  { name: "finds what a stranger has made a while ago", main: `search_long("a"); stranger_makes("d1/new.h"); rest(); sought("new.h"); search_long("b"); stranger_makes("d0/new.h"); rest(); sought("new.h"); stranger_removes("d0/new.h"); rest(); sought("new.h");` },
  { name: "finds what a stranger makes while it looks for other names", main: `search_long("a"); stranger_makes("d3/late.h"); rest(); search_long("b"); sought("late.h"); search_long("c"); sought("late.h");` },
  { name: "finds what a stranger makes between two folders of one search, and two searches for one name", main: `search_long("a"); there("d0/new.h"); there("d1/new.h"); stranger_makes("d2/new.h"); rest(); printf("%d\\n", there("d2/new.h")); search_long("b"); sought("again.h"); stranger_makes("d1/again.h"); rest(); sought("again.h"); stranger_makes("d0/again.h"); rest(); sought("again.h");` },
  { name: "finds a header that is replaced again and again", main: `search_long("a"); for (int i = 0; i < 50; i++) { stranger_makes("d2/tmp"); stranger_renames("d2/tmp", "d2/all.h"); sought("all.h"); search_long("b"); }` },
  { name: "finds what lies in a folder that took another's place", main: `search_long("a"); stranger_renames("d1", "old"); unseen(SYS_mkdir, (long)"d1", 0777, 0, 0); stranger_makes("d1/new.h"); rest(); sought("new.h"); sought("of1.h");` },
  { name: "finds what a link leads to that was turned", main: `symlink("d1", "link0"); unseen(SYS_rename, (long)"d0", (long)"real0", 0, 0); unseen(SYS_symlink, (long)"real0", (long)"d0", 0, 0); rest(); search_long("a"); sought("of0.h"); unseen(SYS_unlink, (long)"d0", 0, 0, 0); unseen(SYS_symlink, (long)"d3", (long)"d0", 0, 0); rest(); sought("of3.h"); sought("of0.h");` },
  { name: "looks in the folder that it has moved to", main: `mkdir("sub", 0777); mkdir("sub/d0", 0777); own_makes("sub/d0/of2.h"); rest(); search_long("a"); chdir("sub"); sought("of2.h"); search_long("b"); sought("all.h"); chdir(".."); sought("of2.h"); sought("all.h");` },
  { name: "finds long names in folders with long names", main: `char long_name[241]; memset(long_name, 'x', 240); long_name[240] = 0; char path[300]; mkdir("a-folder-with-a-name-of-more-than-thirty-two", 0777); rest(); chdir(".."); prefix = "in/a-folder-with-a-name-of-more-than-thirty-two/../"; search_long("a-name-that-is-longer-than-sixteen-bytes"); sought("all.h"); sought(long_name); snprintf(path, sizeof path, "in/d1/%s", long_name); own_makes(path); sought(long_name); sought("a-name-that-is-longer-than-sixteen-bytes-1.h"); stranger_makes("in/d2/a-name-that-is-longer-than-sixteen-bytes-1.h"); rest(); sought("a-name-that-is-longer-than-sixteen-bytes-1.h");` },
  { name: "meets a name that is too long as the kernel does", main: `char name[400]; memset(name, 'x', 300); name[300] = 0; search_long("a"); char path[500]; for (int i = 0; i < 4; i++) { snprintf(path, sizeof path, "d%d/%s", i, name); errno = 0; int fd = open(path, O_RDONLY); printf("%d %d\\n", fd, errno); }` },
  { name: "meets dots, folders and what cannot be read", main: `search_long("a"); mkdir("d1/folder.h", 0777); rest(); search_long("b"); sought("."); sought(".."); sought("folder.h");` },
  { name: "searches a folder that is missing, and one that is no folder", main: `folders = 6; own_makes("d5"); rest(); char path[99]; for (int n = 0; n < 40; n++) for (int i = 0; i < 6; i++) { snprintf(path, sizeof path, "d%d/n%d", i, n); errno = 0; int fd = open(path, O_RDONLY); if (errno != ENOENT) printf("%s %d %d\\n", path, fd, errno); } unseen(SYS_mkdir, (long)"d4", 0777, 0, 0); stranger_makes("d4/new.h"); rest(); snprintf(path, sizeof path, "d4/new.h"); printf("%d\\n", there(path));` },
  { name: "searches hundreds of folders", main: `folders = 300; search_long("a"); sought("of299.h"); sought("all.h");`, folders: 300, most: 7000, of: 12_301 },
  { name: "is told by the kernel of a folder that has changed just now", main: `for (int i = 0; i < 40; i++) { char name[20]; snprintf(name, sizeof name, "n%d", i); for (int f = 0; f < 4; f++) { char path[20]; snprintf(path, sizeof path, "d%d/t", f); stranger_makes(path); stranger_removes(path); } sought(name); }`, most: 160, of: 160, least: 160 },
  { name: "is told by the kernel of a folder where two names differ by case alone", main: `folders = 1; unseen(SYS_mkdir, (long)"d9", 0777, 0, 0); prefix = "d9/"; unseen(SYS_mkdir, (long)"d9/d0", 0777, 0, 0); stranger_makes("d9/d0/A"); stranger_makes("d9/d0/a"); rest(); folders = 2; for (int i = 0; i < 30; i++) { char name[20]; snprintf(name, sizeof name, "n%d", i); sought(name); }`, most: 61, of: 60, least: 60 },
  { name: "is told by the kernel where another library stands between it and the clock", main: `search_long("a");`, most: 160, of: 160, least: 160, clock: true },
  { name: "is told by the kernel of a folder with too many names for what it is asked", main: `char path[99]; for (int f = 0; f < 4; f++) for (int i = 0; i < 400; i++) { snprintf(path, sizeof path, "d%d/many%d.h", f, i); stranger_makes(path); } rest(); search_long("a");`, most: 160, of: 160, least: 160 },
  { name: "finds any of many names", main: `char path[99]; for (int i = 0; i < 900; i++) { snprintf(path, sizeof path, "d1/many%d.h", i); own_makes(path); } rest(); for (int i = 0; i < 900; i += 7) { snprintf(path, sizeof path, "many%d.h", i); sought(path); snprintf(path, sizeof path, "few%d.h", i); sought(path); } sought("many899.h");` },
];
const clock = `int clock_gettime(int clock, void *to) { (void)clock; (void)to; return 0; }`;

for (const { name, main, folders, most, of, least, clock: hasClock } of cases) {
  Deno.test(`a compiler whose folders are listed ${name}`, () => {
    const program = compiler(main, hasClock ? [build("clock.so", clock, ["-shared", "-fPIC"])] : []);
    const run = (lists: boolean) => {
      const dir = tree(folders), said = traced([program], { cwd: dir, lists });
      return { said: said.out, told: told(said, dir) };
    };
    const plain = new Deno.Command(program, { cwd: tree(folders), stdout: "piped" }).outputSync();
    const asked = run(false), listed = run(true);
    assertEquals(asked.said, new TextDecoder().decode(plain.stdout));
    assertEquals(listed.said, asked.said);
    assertEquals(listed.told, asked.told);
    assert(!listed.said.includes("errno"), listed.said);
    if (most === undefined || !hasStrace) return;
    const counts = [true, false].map((lists) => {
      const dir = tree(folders), log = `${dir}/../strace.log`;
      traced(["/usr/bin/strace", "-f", "-o", log, "-e", "trace=openat", program], { cwd: dir, lists });
      return absences(log);
    });
    assertEquals(counts[1], of);
    assert(counts[0] <= most && counts[0] >= (least ?? 0), `${counts[0]} of ${counts[1]}`);
  });
}
