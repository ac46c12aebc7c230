/**
 * One call, one event: what the tracer writes for each way of asking, writing and failing.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { build, scratch, traced } from "./traced.ts";

const includes = `#define _GNU_SOURCE
#include <dirent.h>
#include <glob.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>
extern char **environ;
`;

/** One program holds every case, chosen by its number: compiling is the slow part. */
function casesOf(name: string, cases: readonly string[]): string {
  const rows = cases.map((text, number) => `case ${number}: { ${text}; break; }`).join("\n");
  return build(
    name,
    `${includes}int main(int c, char **v) { (void)c; switch (atoi(v[1])) {\n${rows}\n} return 0; }`,
    ["-w"],
  );
}

/** A folder with file `old`, folder `sub`, link `link` to `old`. */
function furnished(): string {
  const dir = scratch();
  Deno.writeTextFileSync(`${dir}/old`, "text");
  Deno.mkdirSync(`${dir}/sub`);
  Deno.symlinkSync("old", `${dir}/link`);
  return dir;
}

// deno-fmt-ignore: a row stays a line
const files: readonly [call: string, ...events: string[]][] = [
  ['open("old", O_RDONLY)', "open_read old"],
  ['open("sub", O_RDONLY)', "probe sub"],
  ['open("no", O_RDONLY)', "absent no"],
  ['open("old/x", O_RDONLY)', "absent old/x"],
  ['open("old", O_RDONLY | O_DIRECTORY)', "refused old"],
  ['open("", O_RDONLY)'],
  ['open("old", O_PATH)', "probe old"],
  ['open("old", O_WRONLY)', "update old was"],
  ['open("old", O_RDWR)', "update old was"],
  ['open("old", O_WRONLY | O_TRUNC)', "truncate old was"],
  ['open("old", O_WRONLY | O_APPEND)', "append old was"],
  ['open("old", O_RDWR | O_APPEND)', "update old was"],
  ['open("old", O_RDONLY | O_CREAT, 0666)', "open_read old"],
  ['open("new", O_WRONLY | O_CREAT, 0666)', "create new"],
  ['open("new", O_WRONLY | O_CREAT | O_EXCL, 0666)', "create new"],
  ['open("old", O_WRONLY | O_CREAT | O_EXCL, 0666)', "write_refused old"],
  ['open("no/new", O_WRONLY | O_CREAT, 0666)', "write_refused no/new"],
  ['open(".", O_TMPFILE | O_RDWR, 0600)', "odd O_TMPFILE"],
  ['creat("new", 0666)', "truncate new"],
  ['open64("old", O_RDONLY)', "open_read old"],
  ['openat(AT_FDCWD, "old", O_RDONLY)', "open_read old"],
  ['fopen("old", "r")', "open_read old"],
  ['fopen("old", "r+")', "update old was"],
  ['fopen("old", "w")', "truncate old was"],
  ['fopen("new", "wx")', "create new"],
  ['fopen("old", "ae")', "append old was"],
  ['fopen("old", "a+")', "update old was"],
  ['fopen("no", "r")', "absent no"],
  ['freopen("old", "r", stdin)', "open_read old"],
  ['char t[] = "tXXXXXX"; mkstemp(t); rename(t, "made")', "create *", "rename * made"],
  ['char t[] = "tXXXXXX"; mkdtemp(t); rename(t, "made")', "mkdir *", "rename * made"],
  ['struct stat s; stat("old", &s)', "stat old"],
  ['struct stat s; stat("link", &s)', "stat link"],
  ['struct stat s; lstat("link", &s)', "lstat link"],
  ['struct stat s; stat("no", &s)', "absent no"],
  ['struct stat s; fstatat(AT_FDCWD, "link", &s, AT_SYMLINK_NOFOLLOW)', "lstat link"],
  ['struct stat s; fstatat(0, "", &s, AT_EMPTY_PATH)'],
  ['struct statx s; statx(AT_FDCWD, "old", 0, STATX_ALL, &s)', "stat old"],
  ['access("old", R_OK)', "probe old"],
  ['euidaccess("old", R_OK)', "probe old"],
  ['char b[99]; readlink("link", b, 99)', "read_link link"],
  ['char b[99]; readlink("old", b, 99)', "refused old"],
  ['char *p = realpath("link", 0)', "real_path link"],
  ['opendir("sub")', "list sub"],
  ['opendir("old")', "refused old"],
  ['fdopendir(open("sub", O_RDONLY))', "probe sub", "list sub"],
  ['struct dirent **l; scandir("sub", &l, 0, 0)', "list sub"],
  ['glob_t g; glob("sub/*.c", 0, 0, &g)', "list sub"],
  ['glob_t g; glob("no/*.c", 0, 0, &g)', "absent no"],
  ['glob_t g; glob("su*/x", 0, 0, &g)', "odd glob"],
  ['glob_t g; glob("sub/*", GLOB_MARK, 0, &g)', "odd glob"],
  ['char b[999]; getdents64(open("sub", O_RDONLY), b, 999)', "probe sub", "list sub"],
  ['glob_t g; glob("*", 0, 0, &g)', "list ."],
  ['rename("old", "new")', "rename old new"],
  ['rename("no", "new")', "absent no"],
  ['rename("old", "no/new")', "write_refused no/new"],
  ['renameat2(AT_FDCWD, "old", AT_FDCWD, "link", RENAME_EXCHANGE)', "odd renameat2 with flags", "rename old link"],
  ['renameat2(AT_FDCWD, "old", AT_FDCWD, "new", RENAME_NOREPLACE)', "absent new", "rename old new"],
  ['renameat2(AT_FDCWD, "old", AT_FDCWD, "link", RENAME_NOREPLACE)', "write_refused link"],
  ['link("old", "new")', "link old new"],
  ['link("old", "link")', "write_refused link"],
  ['symlink("x", "new")', "symlink new"],
  ['symlink("x", "old")', "write_refused old"],
  ['unlink("old")', "unlink old"],
  ['unlink("no")', "absent no"],
  ['unlinkat(AT_FDCWD, "sub", AT_REMOVEDIR)', "rmdir sub"],
  ['remove("old")', "unlink old"],
  ['rmdir("sub")', "rmdir sub"],
  ['mkdir("new", 0777)', "mkdir new"],
  ['mkdir("sub", 0777)', "write_refused sub"],
  ['chmod("old", 0600)', "change old"],
  ['chmod("no", 0600)', "absent no"],
  ['fchmod(open("old", O_RDONLY), 0600)', "open_read old", "change old"],
  ['truncate("old", 1)', "change old"],
  ['utimes("old", 0)', "change old"],
  ['utimensat(AT_FDCWD, "old", 0, 0)', "change old"],
  ['futimens(open("old", O_RDONLY), 0)', "open_read old", "change old"],
  ['setxattr("old", "user.a", "b", 1, 0); char b[9]; getxattr("old", "user.a", b, 9)', "change old", "odd getxattr"],
  ['char b[9]; getxattr("old", "user.none", b, 9)'],
  ['mkfifo("new", 0666)', "odd mkfifo"],
  ['syscall(SYS_openat, AT_FDCWD, "old", O_RDONLY)', "open_read old"],
  ['struct stat s; syscall(SYS_stat, "no", &s)', "absent no"],
  ['char b[99]; syscall(SYS_readlink, "link", b, 99)', "read_link link"],
];

Deno.test("files: each call leaves the events of its answer", () => {
  const program = casesOf("files", files.map(([call]) => call));
  files.forEach(([call, ...wanted], number) => {
    const dir = furnished();
    const run = traced([program, `${number}`], { cwd: dir });
    const short = (path: string) => path === dir ? "." : path.slice(dir.length + 1).replace(/^t\w{6}$/, "*");
    const seen = run.events.flatMap((event) => {
      if (event.kind === "odd") return [`odd ${event.text}`];
      if (!("path" in event) || !`${event.path}/`.startsWith(dir + "/")) return [];
      const to = "to" in event ? ` ${short(event.to)}` : "";
      const was = event.kind !== "rename" && "before" in event && event.before !== undefined ? " was" : "";
      return [`${event.kind} ${short(event.path)}${to}${was}`];
    });
    assertEquals(seen, wanted, call);
    assertEquals([run.doubts, run.problem, run.err], [0, undefined, ""], call);
  });
});

// deno-fmt-ignore: a row stays a line
const facts: readonly [call: string, event: string][] = [
  ['getenv("ZZ")', "environment ZZ"],
  ['secure_getenv("ZZ")', "environment ZZ"],
  ["char b[9999]; getcwd(b, 9999)", "cwd"],
  ["get_current_dir_name()", "cwd"],
  ["time(0)", "clock time"],
  ["struct timeval t; gettimeofday(&t, 0)", "clock gettimeofday"],
  ["struct timespec t; clock_gettime(CLOCK_REALTIME, &t)", "clock clock_realtime"],
  ["struct timespec t; timespec_get(&t, TIME_UTC)", "clock clock_realtime"],
  ["time_t t = 0; localtime(&t)", "clock localtime"],
  ["time_t t = 0; struct tm m; gmtime_r(&t, &m)", "clock gmtime"],
  ["struct tm m = {0}; asctime(&m)", "clock asctime"],
  ["time_t t = 0; ctime(&t)", "clock localtime"],
  ["char b[4]; getrandom(b, 4, 0)", "random"],
  ["char b[4]; getentropy(b, 4)", "random"],
  ["struct utsname u; uname(&u)", "identity"],
  ["char b[99]; gethostname(b, 99)", "identity"],
  ["getuid()", "identity"],
  ["getpwuid(0)", "identity"],
  ["socket(AF_INET, SOCK_STREAM, 0)", "odd socket"],
  ['struct addrinfo *a; getaddrinfo("127.0.0.1", 0, 0, &a)', "odd getaddrinfo"],
  ['system("true")', "odd system"],
  ['popen("true", "r")', "odd popen"],
  ['chroot("/")', "odd chroot"],
  ["unshare(0)", "odd unshare"],
  ['char *a[] = {"true", 0}; if (!fork()) { fexecve(open("/bin/true", O_RDONLY), a, environ); _exit(1); } wait(0)', "odd fexecve"],
];

Deno.test("facts: clock, chance, environment, identity and doors that nobody models", () => {
  const program = casesOf("facts", facts.map(([call]) => call));
  facts.forEach(([call, wanted], number) => {
    const seen = traced([program, `${number}`]).events.map((event) =>
      event.kind === "environment"
        ? `environment ${event.name}`
        : event.kind === "clock"
        ? `clock ${event.clock}`
        : event.kind === "odd"
        ? `odd ${event.text}`
        : event.kind
    );
    assert(seen.includes(wanted), `${call}: ${seen.join()}`);
  });
});

Deno.test("a monotonic clock, a local socket and a kept variable say nothing", () => {
  const program = casesOf("nothing", [
    'struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); socket(AF_UNIX, SOCK_STREAM, 0); setenv("A", "b", 1)',
  ]);
  const odd = traced([program, "0"]).events.filter(({ kind }) =>
    ["clock", "odd", "environment"].includes(kind)
  );
  assertEquals(odd, []);
});

Deno.test("a file that changed between two looks without a change of the run is seen twice", () => {
  const program = casesOf("changed", [
    `struct stat s; int fd = open("old", O_WRONLY); close(open("old", O_RDONLY)); close(open("old", O_RDONLY));
     stat("sub/x", &s); usleep(20000); write(fd, "other", 5); close(open("old", O_RDONLY))`,
  ]);
  const dir = furnished();
  assertEquals(
    traced([program, "0"], { cwd: dir }).of("open_read").filter(({ path }) => path === `${dir}/old`).length,
    2,
  );
});
