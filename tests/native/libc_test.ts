/**
 * The launcher's own libc against the system's: every function, on edge cases and on noise, and the launcher built
 * with it by whatever compilers are here.
 */
import { assertEquals } from "@std/assert";
import { commonOptions, parts } from "../../lib/native/parts.ts";

const native = new URL("../../lib/native/", import.meta.url).pathname;
const folder = Deno.makeTempDirSync();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

function built(words: string[]): string {
  const { code, stdout, stderr } = new Deno.Command(words[0], { args: words.slice(1) }).outputSync();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return code === 0 ? text : `exit code ${code}\n${text}`;
}

function has(compiler: string): boolean {
  try {
    return new Deno.Command(compiler, { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

// deno-fmt-ignore: names in lines
const functions = [
  "memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strcpy", "strchr", "strrchr", "strncmp", "strcmp",
  "strcasecmp", "strspn", "strcspn", "strtoull", "getenv", "malloc", "free", "calloc", "realloc", "strdup",
  "snprintf", "asprintf", "dprintf", "strerror", "bcmp",
];

/** The C program that compares: ours under another name, in one program with the system's. */
const program = `
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
${functions.map((name) => `#undef ${name}\n#define ${name} own_${name}`).join("\n")}
#include "${native}libc_text.h"
${functions.map((name) => `#undef ${name}`).join("\n")}

static int wrong;
#define SAME(what, a, b) do { long long x_ = (long long)(a), y_ = (long long)(b); \
    if (x_ != y_ && wrong++ < 20) printf("%s: %lld, the system says %lld (line %d)\\n", what, x_, y_, __LINE__); } while (0)
#define SIGN(x) (((x) > 0) - ((x) < 0))
#define FORMAT(size, ...) do { char a_[64] = "?", b_[64] = "?"; size_t size_ = size; \
    SAME("snprintf", own_snprintf(a_, size_, __VA_ARGS__), snprintf(b_, size_, __VA_ARGS__)); \
    SAME("snprintf's text", strcmp(a_, b_), 0); } while (0)

static unsigned long state = 1;
static unsigned noise(unsigned below) { state = state * 6364136223846793005u + 1442695040888963407u; return (unsigned)(state >> 33) % below; }

static void texts(void)
{
    static const char letters[] = "aAbB%/=:\\xff\\x80";
    for (int turn = 0; turn < 20000; turn++) {
        char a[40] = {0}, b[40] = {0}, x[40], y[40];
        unsigned la = noise(24), lb = noise(24), most = noise(26);
        for (unsigned i = 0; i < la; i++) a[i] = letters[noise(sizeof letters - 1)];
        for (unsigned i = 0; i < lb; i++) b[i] = noise(3) ? a[i] : letters[noise(sizeof letters - 1)];
        char c = letters[noise(sizeof letters)];
        SAME("strlen", own_strlen(a), strlen(a));
        SAME("strcmp", SIGN(own_strcmp(a, b)), SIGN(strcmp(a, b)));
        SAME("strncmp", SIGN(own_strncmp(a, b, most)), SIGN(strncmp(a, b, most)));
        SAME("strcasecmp", SIGN(own_strcasecmp(a, b)), SIGN(strcasecmp(a, b)));
        SAME("memcmp", SIGN(own_memcmp(a, b, most)), SIGN(memcmp(a, b, most)));
        SAME("bcmp", !own_bcmp(a, b, most), !bcmp(a, b, most));
        SAME("strchr", own_strchr(a, c), strchr(a, c));
        SAME("strrchr", own_strrchr(a, c), strrchr(a, c));
        SAME("memchr", own_memchr(a, c, most), memchr(a, c, most));
        SAME("strspn", own_strspn(a, b), strspn(a, b));
        SAME("strcspn", own_strcspn(a, b), strcspn(a, b));
        memset(x, 7, sizeof x), memset(y, 7, sizeof y);
        SAME("strcpy", own_strcpy(x, a) - x, strcpy(y, a) - y);
        SAME("strcpy's text", memcmp(x, y, sizeof x), 0);
        unsigned from = noise(12), to = noise(12);
        SAME("memmove", (char *)own_memmove(x + to, x + from, most) - x, (char *)memmove(y + to, y + from, most) - y);
        SAME("memmove's bytes", memcmp(x, y, sizeof x), 0);
        SAME("memset", (char *)own_memset(x + to, c, most) - x, (char *)memset(y + to, c, most) - y);
        SAME("memcpy", (char *)own_memcpy(x + 20, b, most % 20) - x, (char *)memcpy(y + 20, b, most % 20) - y);
        SAME("memset's and memcpy's bytes", memcmp(x, y, sizeof x), 0);
        FORMAT(sizeof a_, "%.*s.zc-%d-%u-%lx.tmp", (int)most, a, (int)state, (unsigned)state, state & 0xffffff);
        FORMAT(noise(64), "%s/zccache/%016llx.sock", a, (unsigned long long)state);
        FORMAT(noise(30), "%s%s%s%.3s|", a, b, "", "four");
    }
}

static void numbers(void)
{
    static const long edges[] = {0, 1, -1, 9, 10, 99, 2147483647, -2147483648L, 9223372036854775807L, -9223372036854775807L - 1};
    static const char *const texts[] = {"", "0", "12", "ffffFFFF00000000", "1844674407370955", "12zz", "g", "0123"};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        FORMAT(sizeof a_, "%d %ld %lld %u %lu %lx", (int)edges[i], edges[i], (long long)edges[i], (unsigned)edges[i], edges[i], edges[i]);
        FORMAT(sizeof a_, "%016llx%03u", (unsigned long long)edges[i], (unsigned)(edges[i] & 15));
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int base = 10; base <= 16; base += 6) {
            char *a, *b;
            SAME("strtoull", own_strtoull(texts[i], &a, base), strtoull(texts[i], &b, base));
            SAME("strtoull's end", a, b);
        }
    for (int i = 1; i < 130; i++)
        if (strncmp(own_strerror(i), "Unknown", 7)) SAME(own_strerror(i), strcmp(own_strerror(i), strerror(i)), 0);
    SAME("strerror", strcmp(own_strerror(9999), strerror(9999)), 0);
}

static void environment(void)
{
    static char *variables[] = {"A=1", "AB=2", "EMPTY=", "A=second", NULL};
    char **before = environ;
    static const char *const names[] = {"A", "AB", "EMPTY", "ABC", "E"};
    environ = variables;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) SAME(names[i], own_getenv(names[i]), getenv(names[i]));
    environ = before;
}

/* Blocks that grow, shrink and go, each full of a byte of its own that must still be there when it goes. */
static void memory(void)
{
    enum { BLOCKS = 40 };
    unsigned char *blocks[BLOCKS] = {0}, marks[BLOCKS];
    size_t sizes[BLOCKS];
    for (int turn = 0; turn < 30000; turn++) {
        int i = (int)noise(BLOCKS);
        size_t size = noise(50) ? noise(3000) : noise(1 << 20);
        if (blocks[i]) {
            size_t kept = size < sizes[i] ? size : sizes[i];
            bool grown = noise(2);
            if (grown) {
                blocks[i] = own_realloc(blocks[i], size);
            } else {
                kept = sizes[i];
            }
            for (size_t at = 0; at < kept; at++)
                if (blocks[i][at] != marks[i]) { SAME("a byte of a block", blocks[i][at], marks[i]); break; }
            if (!grown) { own_free(blocks[i]); blocks[i] = NULL; continue; }
        } else if (noise(2)) {
            blocks[i] = own_malloc(size);
        } else {
            blocks[i] = own_calloc(1, size);
            for (size_t at = 0; at < size; at++) if (blocks[i][at]) { SAME("a byte of calloc", blocks[i][at], 0); break; }
        }
        SAME("alignment", (uintptr_t)blocks[i] % 16, 0);
        marks[i] = (unsigned char)turn, sizes[i] = size;
        memset(blocks[i], marks[i], size);
    }
    SAME("too much", own_malloc(SIZE_MAX / 2), 0);
    SAME("too many", own_calloc(SIZE_MAX / 2, 4), 0);
    char *made = NULL;
    SAME("asprintf", own_asprintf(&made, "%s-%d", "made", 7), 6);
    SAME("asprintf's text", strcmp(made, "made-7"), 0);
    SAME("strdup", strcmp(own_strdup("again"), "again"), 0);
}

int main(void)
{
    texts();
    numbers();
    environment();
    memory();
    own_dprintf(1, "%s", wrong ? "" : "same\\n");
    return !!wrong;
}
`;

Deno.test("our libc does as the system's", () => {
  const source = `${folder}/compare.c`, path = `${folder}/compare`;
  Deno.writeTextFileSync(source, program.replaceAll("\\\\", "\\"));
  const options = [
    "-O1",
    "-g",
    "-w",
    "-fno-builtin",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
  ];
  assertEquals(built(["cc", ...options, source, "-o", path]), "");
  assertEquals(built([path]), "same\n");
});

/** Paths in a folder with links to files, folders, themselves, nothing, and up. */
// deno-fmt-ignore: words in lines
const paths = [
  ".", "/", "//", "/..", "a", "./a/../b", "a/..", "to_a", "to_a/f", "to_a/../b", "far/f", "loop", "nowhere",
  "to_nowhere", "up/a/f", "a//f", "a/./f/", "root", "root/", "chain", "a/f/..", "",
];

Deno.test("our realpath() does as the system's", () => {
  const place = Deno.makeTempDirSync({ dir: folder }), source = `${place}/real.c`, path = `${place}/real`;
  Deno.writeTextFileSync(
    source,
    `#define _GNU_SOURCE
#include "libc_start.h"
int main(int argc, char **argv)
{
    char real[PATH_MAX];
    for (int i = 1; i < argc; i++) dprintf(1, "%s\\n", realpath(argv[i], real) ? real : "");
    return 0;
}
`.replaceAll("\\\\", "\\"),
  );
  assertEquals(
    built(["cc", ...commonOptions, ...parts.launcher.options[0], "-w", "-I", native, source, "-o", path]),
    "",
  );
  const sh = (script: string) =>
    new Deno.Command("sh", { args: ["-c", script], cwd: place }).outputSync().stdout;
  sh(
    `mkdir a b; touch a/f b/f; ln -s a to_a; ln -s "$PWD/a" far; ln -s loop loop; ln -s nowhere to_nowhere; ln -s .. a/up
    ln -s . up; ln -s / root; ln -s ../to_a b/chain; ln -s b/chain chain`,
  );
  const said = (command: string) => new TextDecoder().decode(sh(command)).split("\n");
  const words = paths.map((word) => `'${word}'`).join(" ");
  const system = said(`for p in ${words}; do realpath -e "$p" 2>/dev/null || echo; done`);
  assertEquals(said(`./real ${words}`), system);
  assertEquals(said("cd /; ./real usr 2>/dev/null || " + `'${path}' usr`), said("realpath -e /usr"));
});

for (const compiler of ["gcc", "clang"]) {
  for (const level of ["-O0", "-O2", "-Os"]) {
    const name = `the launcher without libc runs a tool, built by ${compiler} ${level}`;
    Deno.test({ name, ignore: !has(compiler) }, () => {
      const path = `${folder}/${compiler}${level}/launcher`;
      Deno.mkdirSync(`${folder}/${compiler}${level}`);
      const options = [...commonOptions, ...parts.launcher.options[0], level];
      assertEquals(built([compiler, ...options, `${native}launcher.c`, "-o", path]), "");
      assertEquals(built([path, "--socket", "", "--", "sh", "-c", "echo ran; exit 0"]), "ran\n");
      assertEquals(built([path, "--socket", "", "--", "sh", "-c", "exit 3"]), "exit code 3\n");
    });
  }
}
