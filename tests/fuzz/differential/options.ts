/**
 * What command lines are drawn from: options of compilers, linkers and archivers, as one table.
 *
 * A row is words that belong together; of one group at most `most` rows are drawn, each with the group's chance. In
 * words `{out}` is the output without its suffix. Keeps true: most lines that are drawn run without an error, so that
 * there is something to compare; what fails is compared as well.
 *
 * @module
 */

/** What a command does, which decides the options that make sense. */
export type Work = "compile" | "assembly" | "preprocess" | "link";

export interface OptionRow {
  group: keyof typeof groups;
  words: readonly string[];
  /** Only for this family. */
  family?: "gcc" | "clang";
  /** Only for this language. */
  language?: "c" | "cxx";
  weight?: number;
}

export interface Group {
  chance: number;
  /** 1 where nothing is said. */
  most?: number;
  work: readonly Work[];
}

const compiling: readonly Work[] = ["compile", "assembly"];
const reading: readonly Work[] = ["compile", "assembly", "preprocess"];

// deno-fmt-ignore: a table
export const groups = {
  optimise: { chance: 0.45, work: [...compiling, "link"] },
  debug:    { chance: 0.4, work: compiling },
  standard: { chance: 0.15, work: reading },
  define:   { chance: 0.5, most: 3, work: reading },
  search:   { chance: 0.4, most: 3, work: reading },
  code:     { chance: 0.4, most: 3, work: compiling },
  lto:      { chance: 0.07, work: ["compile", "link"] },
  profile:  { chance: 0.08, work: ["compile", "link"] },
  side:     { chance: 0.25, most: 2, work: compiling },
  depfile:  { chance: 0.5, work: ["compile", "assembly"] },
  warn:     { chance: 0.3, most: 2, work: reading },
  speak:    { chance: 0.12, work: reading },
  text:     { chance: 0.4, most: 2, work: ["preprocess"] },
  link:     { chance: 0.7, most: 4, work: ["link"] },
  misc:     { chance: 0.12, work: [...reading, "link"] },
} as const satisfies Record<string, Group>;

type Common = Omit<OptionRow, "group" | "words">;

/** Rows of one group; each text is a row, its words parted by spaces (a `~` is a space within a word). */
function rows(group: keyof typeof groups, texts: readonly string[], common: Common = {}): OptionRow[] {
  return texts.map((text) => ({
    group,
    words: text.split(" ").map((word) => word.replaceAll("~", " ")),
    ...common,
  }));
}

const gcc = { family: "gcc" } as const;
const clang = { family: "clang" } as const;

// deno-fmt-ignore: tables
export const options: readonly OptionRow[] = [
  ...rows("optimise", ["-O0", "-O1", "-O2", "-Os", "-Og", "-O3", "-Ofast", "-O2 -O0"]),
  ...rows("debug", ["-g", "-g0", "-g1", "-g3", "-ggdb", "-gdwarf-4", "-gdwarf-5", "-g -gsplit-dwarf", "-g -gz",
    "-g -grecord-gcc-switches", "-g -gno-record-gcc-switches", "-g -fdebug-prefix-map=$WORK=/w",
    "-g -ffile-prefix-map=$WORK/p=.", "-g -fdebug-types-section", "-g -gstrict-dwarf", "-g -gpubnames"]),
  ...rows("debug", ["-gline-tables-only", "-g -fdebug-compilation-dir=/d", "-g -gembed-source",
    "-g -ffile-compilation-dir=.", "-g -fno-standalone-debug"], clang),
  ...rows("debug", ["-gtoggle", "-g -fvar-tracking-assignments", "-fcompare-debug"], gcc),
  ...rows("standard", ["-std=c99", "-std=gnu11", "-std=c17", "-ansi"], { language: "c" }),
  ...rows("standard", ["-std=c++17", "-std=gnu++20", "-std=c++11"], { language: "cxx" }),
  ...rows("define", ["-DM=1", "-DM=2", "-D M=1", "-UM", "-DTIMES", "-DSTAMP", "-DDATA", "-DONCE -I.", "-DNEXT",
    "-DSYSTEM", '-DTEXT="a~b"', '-DTEXT="$#%"', "-D TEXT=__FILE__", "-imacros x.h", '-DTEXT="\u00fc"', "-DTEXT=__BASE_FILE__"]),
  ...rows("search", ["-I.", "-I inc1", "-I$WORK/p/inc1", "-iquote quoted", "-iquotequoted", "-isystem inc3",
    "-idirafter base", "-include x.h", "-include z.h", "-Iinc1/../inc3", "-Ilink/../inc1", "-Iq~uoted", "-Inowhere",
    "-isystem base", "-iprefix base -iwithprefix /", "-nostdinc", "-I=inc1", "-isystem real1/inc2", "-include ./src/x.h"]),
  ...rows("code", ["-fPIC", "-fpie", "-pthread", "-fno-common", "-frandom-seed=7", "-ffunction-sections",
    "-fstack-protector-strong", "-fvisibility=hidden", "-frecord-gcc-switches", "-fno-ident", "-fopenmp",
    "-finstrument-functions", "-march=native", "-mtune=native", "-fsanitize=undefined", "-fverbose-asm",
    "-fmacro-prefix-map=$WORK=/m", "-fshort-enums", "-Wa,-I,inc1", "-Xassembler -I -Xassembler base", "-m32", "-funroll-loops"]),
  ...rows("code", ["-fno-diagnostics-color -fopt-info", "-specs=my.specs", "-specs my.specs", "-Btools/", "-B tools",
    "-no-canonical-prefixes", "-wrapper env", "-fno-working-directory", "-fpch-preprocess", "-masm=intel", "-Wa,--noexecstack"], gcc),
  ...rows("code", ["-emit-llvm", "-fno-integrated-as", "-Btools/ -fno-integrated-as", "-Xclang -fdebug-pass-manager", "-faddrsig",
    "-mllvm -stats", "-fmodules -fmodules-cache-path=out/modules", "--config ./args", "-target x86_64-linux-gnu",
    "-fembed-bitcode", "-Rpass=inline", "-mrelax-all"], clang),
  ...rows("lto", ["-flto", "-flto=2", "-flto -ffat-lto-objects", "-flto=auto", "-flto -fuse-linker-plugin"], gcc),
  ...rows("lto", ["-flto", "-flto=thin", "-flto=full"], clang),
  ...rows("profile", ["--coverage", "-fprofile-arcs", "-ftest-coverage", "-fprofile-generate", "-fprofile-use",
    "-fprofile-generate=out/prof", "--coverage -fprofile-update=atomic"]),
  ...rows("profile", ["--coverage -fprofile-abs-path", "-fprofile-use=deps", "--coverage -fprofile-dir=out/gc", "-p"], gcc),
  ...rows("profile", ["-fprofile-instr-generate -fcoverage-mapping", "-fprofile-instr-generate=x.raw"], clang),
  ...rows("side", ["-save-temps", "-save-temps=obj", "-save-temps=cwd", "-fstack-usage", "-fsave-optimization-record",
    "-Wa,-adhln={out}.lst", "-Wa,-MD,{out}.ad", "-fstack-usage -fverbose-asm"]),
  ...rows("side", ["-fdump-tree-optimized", "-fdump-rtl-expand", "-fdump-tree-optimized=out/dump", "-fdump-ipa-inline", "-dumpbase q",
    "-dumpdir out/d-", "-dumpbase q.c -dumpbase-ext .c", "-fcallgraph-info", "-fdump-tree-original-raw", "-dA",
    "-fdump-lang-all", "-fopt-info-all=out/opt.txt", "-fdump-final-insns", "-da", "-dumpdir deps/",
    "-Wa,-al", "-fdump-noaddr -fdump-tree-gimple", "-fdiagnostics-format=json-file"], gcc),
  ...rows("side", ["-aux-info out/aux.X", "-fdump-go-spec=out/go.spec"], { ...gcc, language: "c" }),
  ...rows("side", ["-ftime-trace", "-MJ out/db.json", "--serialize-diagnostics out/a.dia", "-save-stats=obj", "-save-stats",
    "-foptimization-record-file=out/rec.yaml -fsave-optimization-record", "-gen-cdb-fragment-path out/cdb"], clang),
  ...rows("depfile", ["-MD", "-MMD", "-MD -MF {out}.dep", "-MMD -MFout/d.d", "-MD -MP", "-MMD -MP -MT target", "-MD -MQ $t~g",
    "-MD -MP -MF deps/x.d -MT one -MT two", "-Wp,-MD,out/w.d", "-Wp,-MMD,out/w.d", "-Wp,-MMD,out/w.d -MP", "-MD -MF /dev/null",
    "-MD -MF deps/sp~ace.d", "-MD -MT a:b#c", "-MMD -MF .{out}.d", "-MD -MF $WORK/p/out/abs.d", "-MMD -MT {out}.o -MQ {out}.o",
    "-Xpreprocessor -MD -Xpreprocessor -MF -Xpreprocessor out/xp.d", "-MD -MF -", "-Wp,-MD,out/w.d -MD"]),
  ...rows("warn", ["-Wall", "-Wextra", "-Werror", "-Wno-cpp", "-w", "-Wundef", "-pedantic", "-Wcomment", "-Wsystem-headers",
    "-Wno-unused-variable", "-fmax-errors=1", "-Wunused-macros", "-Wdate-time", "-Wmissing-include-dirs"]),
  ...rows("speak", ["-fdiagnostics-color=always", "-fmessage-length=40", "-H", "-fno-diagnostics-show-option",
    "-fdiagnostics-color=auto", "-fno-diagnostics-show-caret"]),
  ...rows("speak", ["-fdiagnostics-format=json", "-fdiagnostics-urls=always", "-fdiagnostics-generate-patch"], gcc),
  ...rows("speak", ["-fdiagnostics-absolute-paths", "-fdiagnostics-format=msvc", "-fno-color-diagnostics", "-Weverything", "-fdiagnostics-print-source-range-info"], clang),
  ...rows("text", ["-dM", "-dD", "-P", "-C", "-CC", "-dI", "-MD -MF out/e.d", "-fdirectives-only", "-traditional-cpp", "-undef"]),
  ...rows("link", ["-Wl,-Map=out/m.map", "-Wl,-rpath,$ORIGIN/x", "-Wl,--build-id=sha1", "-Wl,--gc-sections", "-Wl,-t",
    "-Wl,--dependency-file=out/l.d", "-s", "-Wl,-soname,x.so", "-Wl,--no-as-needed", "-fuse-ld=gold", "-fuse-ld=lld", "-rdynamic",
    "-Wl,-z,now", "-static-libgcc", "-Wl,--as-needed -lm", "-Wl,--version-script=version.map", "-Wl,--build-id=uuid",
    "-Wl,--cref", "-nostdlib", "-Wl,--emit-relocs", "-pie", "-no-pie", "-Wl,-Bstatic", "-Wl,--hash-style=both", "-Wl,--no-undefined",
    "-Wl,--trace-symbol=a", "-Xlinker -Map -Xlinker out/x.map", "-Wl,@objects"]),
  ...rows("misc", ["-pipe", "-x none", "@args", "@more~args", "-I base @args", "-pass-exit-codes", 
    "-Qunused-arguments"]),
  ...rows("misc", ["@missing", "-ftime-report", "-v", "-###"], { weight: 0.1 }),
  ...rows("depfile", ["-MF out/only.d"], { weight: 0.2 }),
  ...rows("define", ["-DM=3"], { weight: 0.2 }),
];

/** Kinds of compile: what the option does to the work and to the output. */
// deno-fmt-ignore: a table
export const phases: readonly { words: readonly string[]; work: Work; suffix: string; weight?: number }[] = [
  { words: ["-c"], work: "compile", suffix: ".o", weight: 14 },
  { words: ["-S"], work: "assembly", suffix: ".s", weight: 2 },
  { words: ["-E"], work: "preprocess", suffix: ".i", weight: 2 },
  { words: ["-M"], work: "preprocess", suffix: ".m", weight: 0.5 },
  { words: ["-MM"], work: "preprocess", suffix: ".m", weight: 0.5 },
  { words: ["-MM", "-MG", "-MP"], work: "preprocess", suffix: ".m", weight: 0.3 },
  { words: ["-fsyntax-only"], work: "preprocess", suffix: ".none", weight: 0.7 },
  { words: ["-shared", "-fPIC"], work: "link", suffix: ".so", weight: 1 },
];

/** Archivers and other tools on objects; `{a}` and `{b}` are objects, `{lib}` an archive. */
// deno-fmt-ignore: a table
export const objectTools: readonly { text: string; weight?: number }[] = [
  { text: "ar rcs {lib} {a} {b}", weight: 6 }, { text: "ar r {lib} {a}", weight: 2 }, { text: "ar rc {lib} {b} {a}", weight: 2 },
  { text: "ar d {lib} {a}" }, { text: "ar t {lib}" }, { text: "ar rcsU {lib} {a} {b}" }, { text: "ar rcT {lib} {a} {b}" },
  { text: "ar rcu {lib} {a}" }, { text: "ar q {lib} {a}" }, { text: "ar m {lib} {a}" }, { text: "ar x {lib}", weight: 0.5 },
  { text: "ar -M <script", weight: 0.2 }, { text: "ar s {lib}" }, { text: "gcc-ar rcs {lib} {a}" }, { text: "llvm-ar rcs {lib} {a} {b}" },
  { text: "ranlib {lib}", weight: 2 }, { text: "ranlib -U {lib}" }, { text: "strip {a}" }, { text: "strip -g {a}" },
  { text: "strip -o out/stripped.o {a}" }, { text: "objcopy --only-keep-debug {a} out/debug.o" }, { text: "objcopy -O binary {a} out/flat" },
  { text: "objcopy --add-gnu-debuglink=out/debug.o {a}" }, { text: "objcopy {a} out/copy.o" }, { text: "nm {a}" }, { text: "strip -p {a} {b}" },
  { text: "ld -r -o out/whole.o {a} {b}", weight: 2 }, { text: "ld -shared -o out/ld.so {a}" }, { text: "ld.gold -shared -o out/gold.so {a}" },
  { text: "ld.lld -shared -o out/lld.so {a} {b}" }, { text: "ld -r -Map=out/r.map -o out/whole.o @objects" }, { text: "as -o out/t.o src/t.s" },
  { text: "as -Iinc1 -I. -al=out/t.lst --MD out/t.d -o out/t.o src/t.s" }, { text: "cpp -Ibase src/a.c out/cpp.i" },
  { text: "ar rcs libs1/libp.a {a}", weight: 2 }, { text: "ar rcs libs2/libp.a {b}", weight: 2 }, { text: "gcc -shared -o libs1/libp.so {a}" },
];
