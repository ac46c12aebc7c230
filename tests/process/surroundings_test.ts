/**
 * What surrounds a run and decides what comes of it: descriptors, variables of the loader, catalogs of messages, and each
 * interpreter's own way to read the environment. Each script runs plainly and through the cache; both must end alike.
 */
import { can, canMount, hasCompiler, type Hazard, registerHazards, settle } from "./alike.ts";

/** Makes `mycc` of a script's lines. */
const script = (...lines: string[]) =>
  `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} >mycc; chmod 755 mycc`;
const worded = `printf '#define S(x) S_(x)\\n#define S_(x) #x\\nconst char word[] = S(WORD);\\n' >a.c`;
const see = "strings -a a.o | grep word-; rm -f a.o";

// deno-fmt-ignore: a row stays a line
const hazards: Hazard[] = [
  { name: "a script that reads descriptor 3", times: 1, counts: { pass_descriptor: 2 }, script: `
    ${script("#!/bin/sh", "read word <&3", 'exec gcc -DWORD=$word "$@"')}; ${worded}; echo word-1 >one; echo word-2 >two; ${settle}
    for f in one two; do $Z ./mycc -c a.c 3<$f; ${see}; done` },
  { name: "a script that finds descriptor 3 at times", times: 1, counts: { miss_new: 1, hit: 1, pass_descriptor: 1 }, script: `
    ${script("#!/bin/sh", "read word 2>/dev/null <&3 || word=word-0", 'exec gcc -DWORD=$word "$@"')}; ${worded}; echo word-1 >one; ${settle}
    $Z ./mycc -c a.c; ${see}; $Z ./mycc -c a.c; ${see}; $Z ./mycc -c a.c 3<one; ${see}` },
  { name: "a compiler that inherits descriptor 3", counts: { miss_new: 1, hit: 1 }, script: `
    echo 'int v;' >a.c; ${settle}; $Z gcc -c a.c 3<a.c; cksum <a.o; rm a.o` },
  { name: "a script under make -j", needs: can("command -v make"), counts: { miss_new: 2, hit: 2 }, script: `
    ${script("#!/bin/sh", 'exec gcc "$@"')}; echo 'int a;' >a.c; echo 'int b;' >b.c; ${settle}
    printf 'all: a.o b.o\\n%%.o: %%.c\\n\\t+@$(Z) ./mycc -c $< </dev/null\\n' >Makefile; make -s -j2 Z="$Z"; cksum a.o b.o; rm a.o b.o` },
  { name: "a library that audits the loader", times: 1, counts: { pass_unmodelled: 1, miss_new: 1, hit: 1 }, script: `
    printf '#include <unistd.h>\\nunsigned la_version(unsigned v) { if (write(2, "audited", 7)) {} return v; }\\n' >l.c; gcc -shared -fPIC l.c -o l.so
    echo 'int v;' >a.c; ${settle}; for i in 1 2; do LD_AUDIT=$PWD/l.so $Z gcc -c a.c; $Z gcc -c a.c; rm a.o; done` },
  { name: "texts of the loader", times: 1, counts: { pass_unmodelled: 1, miss_new: 1, hit: 1 }, script: `
    echo 'int v;' >a.c; ${settle}; $Z gcc -c a.c; LD_DEBUG=statistics $Z gcc -c a.c 2>/dev/null; $Z gcc -c a.c; rm a.o` },
  { name: "a folder of libraries that is named", times: 1, counts: { miss_new: 1, miss_environment: 1, hit: 2 }, script: `
    mkdir -p l; echo 'int v;' >a.c; ${settle}; for i in 1 2; do $Z gcc -c a.c; LD_LIBRARY_PATH=$PWD/l $Z gcc -c a.c; rm a.o; done` },
  { name: "a program of another loader", times: 1, needs: Deno.build.arch === "x86_64", counts: { pass_untraceable: 2 }, script: `
    cp /lib64/ld-linux-x86-64.so.2 ld.so; printf '#include <unistd.h>\\nint main(int c, char **v) { return execvp(*v = "gcc", v); }\\n' >m.c
    gcc m.c -o mycc -Wl,--dynamic-linker=$PWD/ld.so; echo 'int v;' >a.c; ${settle}; for i in 1 2; do $Z ./mycc -c a.c; cksum <a.o; rm a.o; done` },
  { name: "a header that comes where the compiler looks by itself, without a tracer", times: 1, needs: canMount, counts: { miss_new: 1, hit: 2, miss_input: 1 }, script: `
    export ZCCACHE_TRACE=off; mkdir -p d; echo 'int v = 1;' >d/zc_v.h; echo '#include <zc_v.h>' >a.c
    unshare -m sh -c 'mount -t tmpfs none /usr/local/include; build() { ${settle}; $Z gcc -idirafter d -MD -c a.c; cksum <a.o; cat a.d; rm a.o a.d; }
      build; build; f=/usr/local/include/$(gcc -print-multiarch); mkdir -p $f; echo "int v = 2;" >$f/zc_v.h; build; build; $S stop >/dev/null 2>&1'; true` },
  { name: "a catalog of messages that comes, changes and goes", times: 1, needs: canMount && can("command -v msgfmt"), counts: { miss_new: 1, miss_input: 2, hit: 5 }, script: `
    export LC_ALL=C.UTF-8 LANGUAGE=fr; echo 'static int f(int a) { return a; }' >a.c
    unshare -m sh -c 'mount -t tmpfs none /usr/share/locale; d=/usr/share/locale/fr/LC_MESSAGES; mkdir -p $d
      say() { printf "msgid \\"\\"\\nmsgstr \\"Content-Type: text/plain; charset=UTF-8\\\\\\\\n\\"\\nmsgid \\"warning: \\"\\nmsgstr \\"$1: \\"\\n" | msgfmt - -o m; for n in gcc gcc-12 gcc-13 gcc-14; do cp m $d/$n.mo; done; }
      build() { ${settle}; for i in 1 2; do $Z gcc -Wall -c a.c; done; }
      build; say alarme; build; say avertissement; build; rm $d/*; build; $S stop >/dev/null 2>&1'; rm -f m a.o` },
];

/** Interpreters, and a tool that writes what $WORD holds into its argument, without asking for it by getenv. */
const readers: { program: string; lines: string[]; counts?: Record<string, number> }[] = [
  { program: "sh", lines: ['echo "$WORD" >"$1"'] },
  { program: "dash", lines: ['echo "$WORD" >"$1"'] },
  { program: "bash", lines: ['echo "$WORD" >"$1"'] },
  { program: "zsh", lines: ['echo "$WORD" >"$1"'] },
  { program: "make", lines: ["%:; @echo $(WORD) >$@"] },
  { program: "perl", lines: ["open F, q(>), $ARGV[0]; print F $ENV{WORD}"] },
  {
    program: "python3",
    lines: [
      "import os, sys",
      "open(sys.argv[1], chr(119)).write(os.environ.get(chr(87) + 'ORD', ''))".replaceAll("'", '"'),
    ],
  },
  { program: "ruby", lines: ["File.write(ARGV[0], ENV[%q(WORD)].to_s)"] },
  {
    program: "node",
    lines: ["require(`fs`).writeFileSync(process.argv[2], process.env.WORD ?? ``)"],
    counts: {},
  },
];
for (const { program, lines, counts } of readers) {
  // A version manager's script stands in front of the real one.
  const path = ["/usr/bin", "/bin", "/usr/local/bin"].map((folder) => `${folder}/${program}`).find((path) =>
    can(`test -x ${path}`)
  );
  hazards.push({
    name: `${program} reads the environment`,
    needs: path !== undefined,
    times: 1,
    counts: counts ?? { miss_new: 1, miss_environment: 2, hit: 3 },
    script: `printf '%s\\n' '#!${path}${program === "make" ? " -f" : ""}' ${
      lines.map((line) => `'${line}'`).join(" ")
    } >strip
      chmod 755 strip; ${settle}; for w in one one two two; do WORD=$w $Z ./strip out; cat out; rm out; done
      $Z ./strip out; cat out; rm out; $Z ./strip out; cat out; rm out`,
  });
}

if (hasCompiler) registerHazards(hazards);
