/**
 * The tracer's short ways for paths that a compiler asks again and again: whatever is asked in whatever order, the record
 * names what the program itself says that it asked.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { build, scratch, traced } from "./traced.ts";
import { shown } from "../../lib/base/bytes.ts";

/** Asks at random, from buffers that are used again, and prints each question with its answer and its full path. */
const asker = `#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
static const char *const folders[] = {"", "d0/", "d1/", "d0/sub/", "a-folder-with-a-longer-name/", "./", "d1//", "../in/d0/"};
static const char *const names[] = {"a.h", "b.h", "ab.h", "a-name-of-more-than-sixteen.h", "abc", "d0", ".", "x y"};
static char *page, one[300], other[300], cwd[300];
static unsigned state;
static unsigned any(unsigned most) { state = state * 1103515245 + 12345; return (state >> 16) % most; }
static void ask(const char *path) {
  struct stat st; int how = any(5), found = 1; errno = 77;
  if (how < 3) { int fd = open(path, O_RDONLY); found = fd >= 0; if (found) { if (errno != 77) puts("errno!"); fstat(fd, &st); close(fd); } }
  else if (how == 3) found = access(path, F_OK) == 0;
  else found = stat(path, &st) == 0;
  if (!found && errno != ENOENT && errno != ENOTDIR) puts("errno!");
  int opened = how < 3 && found && !S_ISDIR(st.st_mode);
  printf("%s %s%s%s\\n", !found ? "absent" : opened ? "open_read" : how == 4 ? "stat" : "probe",
    *path == '/' ? "" : cwd, *path == '/' ? "" : "/", path); }
int main(int argc, char **argv) {
  char text[300]; const char *top = argv[2]; state = atoi(argv[1]); strcpy(cwd, top);
  page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); munmap(page + 4096, 4096);
  for (int i = 0; i < 3000; i++) {
    const char *name = names[any(8)]; unsigned first = any(8), times = 1 + any(6);
    if (any(40) == 0) { int in = any(2); chdir(top); if (in) chdir("d0"); snprintf(cwd, sizeof cwd, in ? "%s/d0" : "%s", top); }
    for (unsigned t = 0; t < times; t++) {
      char *to = any(3) == 0 ? one : any(2) ? other : NULL;
      int length = snprintf(text, sizeof text, "%s%s%s", any(9) ? "" : argv[3], folders[(first + t) % 8], name);
      if (any(11) == 0) length += snprintf(text + length, 20, any(2) ? "/" : "%u", any(3));
      if (!to) to = page + 4096 - length - 1;
      strcpy(to, text); ask(to); if (any(4) == 0) ask(to); if (any(6) == 0 && *one) ask(one); }
    if (any(50) == 0) { snprintf(text, sizeof text, "d%u/made%u", any(2), any(9)); int fd = open(text, O_WRONLY | O_CREAT, 0666); if (fd >= 0) close(fd); } }
  return 0; }`;

/** A path without "." and doubled slashes; ".." stays, since a link may stand before it. */
function tidied(path: string): string {
  return `/${path.split("/").filter((part) => part !== "" && part !== ".").join("/")}`;
}

Deno.test("random questions are told as they were asked", () => {
  const program = build("asker", asker);
  for (let seed = 1; seed <= 40; seed++) {
    const dir = `${scratch()}/in`;
    for (const folder of ["d0/sub", "d1", "a-folder-with-a-longer-name"]) {
      Deno.mkdirSync(`${dir}/${folder}`, { recursive: true });
    }
    for (const file of ["a.h", "d0/b.h", "d1/ab.h", "d0/sub/a-name-of-more-than-sixteen.h", "d1/x y"]) {
      Deno.writeTextFileSync(`${dir}/${file}`, file);
    }
    const run = traced([program, `${seed}`, dir, `${dir}/`], { cwd: dir });
    assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined], `seed ${seed}`);
    const asked = new Set(
      run.out.trimEnd().split("\n").map((line) => line.replace(/ .*/, (path) => ` ${tidied(path.slice(1))}`)),
    );
    const kinds = ["absent", "open_read", "stat", "probe"] as const;
    const told = new Set(
      kinds.flatMap((kind) => run.of(kind).map(({ path }) => `${kind} ${shown(path)}`)).filter((line) =>
        line.includes(`${dir}/`) || line.endsWith(dir)
      ),
    );
    // What the program's own start and its changes of folder ask is not printed.
    for (const line of [`probe ${dir}`, `probe ${dir}/d0`]) told.delete(line), asked.delete(line);
    assertEquals([...told].sort(), [...asked].sort(), `seed ${seed}`);
  }
});

Deno.test("a search is told in its place among what else is asked, also in the root folder", () => {
  const dir = scratch();
  const program = build(
    "ordered",
    `#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) { char path[99];
  for (int name = 0; name < 3; name++) for (int folder = 0; folder < 90; folder++) {
    snprintf(path, sizeof path, "d%d/n%d", folder, name); open(path, O_RDONLY);
    if (folder % 13 == name) { snprintf(path, sizeof path, "made-%d-%d", name, folder); close(open(path, O_CREAT | O_WRONLY, 0666)); }
    if (folder == 50) { snprintf(path, sizeof path, "/no-such-%d", name); open(path, O_RDONLY); }
    if (folder == 70 && !fork()) { snprintf(path, sizeof path, "child-%d", name); open(path, O_RDONLY); _exit(0); }
    wait(NULL); }
  return 0; }`,
  );
  const run = traced([program], { cwd: dir });
  assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined]);
  const wanted: string[] = [];
  for (let name = 0; name < 3; name++) {
    for (let folder = 0; folder < 90; folder++) {
      wanted.push(`absent ${dir}/d${folder}/n${name}`);
      if (folder % 13 === name) wanted.push(`create ${dir}/made-${name}-${folder}`);
      if (folder === 50) wanted.push(`absent /no-such-${name}`);
      if (folder === 70) wanted.push(`absent ${dir}/child-${name}`);
    }
  }
  const told = run.events.flatMap((event) =>
    event.kind === "absent" || event.kind === "create" ? [`${event.kind} ${shown(event.path)}`] : []
  );
  assertEquals(told.filter((line) => line.includes(dir) || line.includes("/no-such-")), wanted);
});

const given = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#define INSTEAD(name) int name(const char *path, int flags, unsigned mode) { \
  int (*next)(const char *, int, unsigned) = (int (*)(const char *, int, unsigned))dlsym(RTLD_NEXT, #name); \
  return next(strcmp(path, "asked") ? path : "given", flags, mode); }
`;
const instead = {
  open: "INSTEAD(open)",
  open64: "INSTEAD(open64)",
  both: `INSTEAD(open)
int open64(const char *, int, unsigned) __attribute__((alias("open")));`,
};
for (const [name, body] of Object.entries(instead)) {
  Deno.test(`a library that stands between the tracer and libc's open is not passed over (${name})`, () => {
    const dir = scratch(), asked = name === "both" ? "open" : name;
    Deno.writeTextFileSync(`${dir}/given`, "");
    const between = build(`instead-of-${name}.so`, `${given}${body}`, ["-shared", "-fPIC"]);
    const program = build(
      `linked-${name}`,
      `#include <fcntl.h>
int ${asked}(const char *, int, ...);
int main(void) { for (int i = 0; i < 3; i++) { open("nothing", O_RDONLY); if (${asked}("asked", O_RDONLY) < 0) return 1; } return 0; }`,
      ["-Wl,--no-as-needed", between],
    );
    const run = traced([program], { cwd: dir });
    assertEquals([run.code, run.doubts, run.problem], [0, 0, undefined]);
  });
}
