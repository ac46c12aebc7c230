/**
 * Tables: what of a trace counts as an input, what is ignored, what keeps a run from being stored, each with its reason.
 *
 * The reasons are experiments (soundness.md 2.3 and 3). Whatever no row names counts: a variable by its value, a
 * file by its content, a question to the clock as a refusal.
 *
 * @module
 */

/** Programs that read the environment by getenv alone, so that the names they ask are all that can matter. */
const namesAsked = new Set([
  ...[
    "gcc",
    "g++",
    "cc",
    "c++",
    "cpp",
    "cc1",
    "cc1plus",
    "cc1obj",
    "collect2",
    "lto1",
    "lto-wrapper",
    "lto-dump",
    "f951",
  ],
  ...[
    "as",
    "ld",
    "ld.bfd",
    "ld.gold",
    "ar",
    "ranlib",
    "nm",
    "strip",
    "objcopy",
    "gcc-ar",
    "gcc-ranlib",
    "gcc-nm",
  ],
  ...[
    "clang",
    "clang++",
    "lld",
    "ld.lld",
    "llvm-ar",
    "llvm-ranlib",
    "llvm-objcopy",
    "mold",
    "ld.mold",
    "rustc",
    "tcc",
  ],
]);

/**
 * Interpreters: they read `environ` directly, and ask for the user's id and a random seed for reasons of their own. Each
 * with the clocks that it asks at its start; what else it asks is the script's doing.
 */
const interpreters: ReadonlyMap<string, readonly string[] | "all"> = new Map<
  string,
  readonly string[] | "all"
>([
  ["sh", []],
  ["dash", []],
  ["bash", ["gettimeofday"]],
  ["zsh", ["gettimeofday"]],
  ["env", []],
  ["perl", ["time"]],
  ["python", ["time", "localtime"]],
  // For times of files; what a recipe or a script does with a time is asked by another program, or shows in its text.
  ["make", "all"],
  ["gmake", "all"],
  ["node", "all"],
  ["ruby", "all"],
]);

/**
 * Words by which a script asks for time or chance without a call that tells it from its interpreter's start. A script
 * that merely mentions one is run each time.
 */
const tellsTime =
  /EPOCH(?:SECONDS|REALTIME)|\bS?RANDOM\b|%\([^)]*\)T|\b(?:time|datetime|random|uuid|secrets|localtime|gmtime|s?rand|Time|Date|hrtime)\b/;

/** Whether the text of a script, or of what it loads, may ask for time or chance. */
export function asksForTime(text: string): boolean {
  return tellsTime.test(text);
}

/** Where interpreters keep what comes with them; whatever else they open may be a script. */
export function belongsToSystem(path: string): boolean {
  return /^\/(?:usr\/(?:lib|lib64|share|libexec)|lib|lib64|etc|dev|proc|sys)\//.test(path);
}

/** Name of the program in an executable's path: no folder, target prefix or version. */
export function programName(executable: string): string {
  const base = executable.slice(executable.lastIndexOf("/") + 1), plain = base.replace(/-[\d.]+$/, "");
  // cc1 and collect2 end in a digit that is part of the name, python3 in one that is not.
  for (const name of [base, plain, plain.slice(plain.lastIndexOf("-") + 1), base.replace(/[\d.]+$/, "")]) {
    if (namesAsked.has(name) || interpreters.has(name)) return name;
  }
  return plain;
}

export type ProgramClass = "compiler" | "interpreter" | "unknown";

/** What is known of a program's habits. */
export function classOf(executable: string): ProgramClass {
  const name = programName(executable);
  return namesAsked.has(name) ? "compiler" : interpreters.has(name) ? "interpreter" : "unknown";
}

/**
 * Variables under which a run is never kept: libraries and tables that no hook sees being loaded, texts of the loader
 * itself, and a server that says what files are like.
 */
const unmodelledVariables: readonly string[] = [
  ...["LD_AUDIT", "LD_DEBUG", "LD_DEBUG_OUTPUT", "LD_SHOW_AUXV", "LD_TRACE_LOADED_OBJECTS", "LD_PROFILE"],
  ...["MALLOC_TRACE", "FAKEROOTKEY"],
];

/** Variables that libc and the loader read inside themselves, where no hook sees it: always inputs. */
export const alwaysAsked: readonly string[] = [
  ...[
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_NUMERIC",
    "LC_TIME",
    "LOCPATH",
    "NLSPATH",
  ],
  ...["LD_LIBRARY_PATH", "LD_PRELOAD", "POSIXLY_CORRECT", "TZ"],
  ...["LD_BIND_NOW", "LD_HWCAP_MASK", "LD_ASSUME_KERNEL", "LD_ORIGIN_PATH", "LD_WARN", "LD_VERBOSE"],
  ...["GCONV_PATH", "GETCONF_DIR", "TZDIR", "GLIBC_TUNABLES"],
  ...unmodelledVariables,
];

/** Whether a run with this variable is never kept. */
export function isUnmodelled(variable: string): boolean {
  return unmodelledVariables.includes(variable);
}

/** Variables that reach no byte of a result. */
export const ignoredVariables: Readonly<Record<string, string>> = {
  TMPDIR:
    "names of temporary files; whether it is a folder is a fact of its own (lib/lookup/circumstances.ts)",
  TMP: "as TMPDIR",
  TEMP: "as TMPDIR",
  TEMPDIR: "as TMPDIR",
  MAKEFLAGS: "the jobserver: how many processes, never what they write",
  MFLAGS: "as MAKEFLAGS",
  MAKELEVEL: "how deep make runs",
  MAKE_TERMOUT: "what make's output is; ours has rules of its own for terminals",
  MAKE_TERMERR: "as MAKE_TERMOUT",
  CARGO_MAKEFLAGS: "as MAKEFLAGS",
  NUM_JOBS: "how many processes",
  OLDPWD: "where the shell was before",
  SHLVL: "how deep shells run",
  _: "how the shell spelled the command",
  COLUMNS: "a fact of the terminal, kept with it",
};
const ignoredPrefixes = ["COLLECT_", "OFFLOAD_TARGET_", "ZCCACHE_"]; // set by gcc for its own children; ours

export function ignoresVariable(name: string): boolean {
  return Object.hasOwn(ignoredVariables, name) || ignoredPrefixes.some((prefix) => name.startsWith(prefix));
}

/**
 * What a compiler hands on to its next step, and leaves under a plain name with -save-temps. Before it writes such a
 * file it asks whether that is a file, and one other than the source; nothing else of the answer is used.
 */
const handedOn = /\.(?:i|ii|s|bc)$/;

export function isHandedOn(path: string): boolean {
  return handedOn.test(path);
}

/** Devices and kernel files that decide speed or names of temporary files, never bytes (soundness.md 2.3, "facts"). */
const ignoredFacts =
  /^\/(?:dev\/(?:null|zero|tty|urandom|random|shm)$|dev\/pts(?:\/|$)|proc\/(?:self|thread-self|\d+)\/(?:maps|statm?|status|cgroup|exe|mountinfo|mounts|auxv|oom_score_adj|task|comm|cmdline|limits|fd)\b|proc\/(?:cpuinfo|meminfo|stat|filesystems|loadavg|version|mounts|self)$|proc\/sys\/(?:vm\/overcommit_memory|kernel\/(?:ngroups_max|cap_last_cap|osrelease|random\/(?:boot_id|entropy_avail|poolsize))|crypto\/fips_enabled)$|sys\/fs\/cgroup\b|sys\/devices\/system\/(?:cpu|node)\b|sys\/kernel\/mm\b)/;
const kernelFolders = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** Whether a path is no input: "ignore", "refuse" where its content cannot be an input, undefined for ordinary files. */
export function factRule(path: string): "ignore" | "refuse" | undefined {
  if (!kernelFolders.test(path)) return undefined;
  if (path === "/dev" || path === "/proc" || path === "/sys") return undefined;
  if (path.startsWith("/dev/shm/")) return undefined; // files like any other, in memory
  return ignoredFacts.test(path) ? "ignore" : "refuse";
}

/** Whether `factRule` may have a rule for something in `folder`. */
export function mayHoldFacts(folder: string): boolean {
  return folder === "/" || kernelFolders.test(folder);
}

/**
 * Files that libc opens inside itself, where no hook sees it (soundness.md 2.3): standing inputs of every run. Their
 * folders are replaced as wholes by the package manager, so existence, size and mtime tell enough.
 */
export const standingInputs: readonly string[] = [
  "/etc/ld.so.cache",
  "/etc/ld.so.preload",
  "/usr/lib/locale/locale-archive",
];

/** A file behind an open descriptor: asking for its name is a fact, reading it is reading an unknown file. */
export function isDescriptor(path: string): boolean {
  return /^\/proc\/(?:self|thread-self|\d+)\/fd\//.test(path);
}

/** "ignore": the answer reaches no byte of the result. "refuse": what it says counts, or forbids to store. */
export type Rule = "ignore" | "refuse";

/** gmtime turns SOURCE_DATE_EPOCH, an input by its value, into a date; the hour itself comes from time(). */
const harmlessClocks = new Set(["gettimeofday", "gmtime"]);

/**
 * What a question of the program called `name` to the clock means. gettimeofday: every cc1 and lto1 asks it for a random
 * seed (soundness.md 3).
 */
export function clockRule(clock: string, program: ProgramClass, name: string): Rule {
  const own = interpreters.get(name);
  if (own !== undefined) return own === "all" || own.includes(clock) ? "ignore" : "refuse";
  return program === "compiler" && harmlessClocks.has(clock) ? "ignore" : "refuse";
}

/** Devices of chance: which names or seeds a compiler draws from them does not matter; another program may print it. */
export function isChance(path: string): boolean {
  return path === "/dev/random" || path === "/dev/urandom";
}

/** They ask who runs them to know whether files can keep their owners, never for a byte. gcc's LTO has make run mv. */
const movers = new Set(["mv", "cp"]);

/** What a question for the user's or the machine's name means. `name` as programName() gives it. */
export function identityRule(name: string, program: ProgramClass): Rule {
  return program === "unknown" && !movers.has(name) ? "refuse" : "ignore";
}

/**
 * Whether `name` is the make that gcc's lto-wrapper starts: it has a makefile of commands alone, written by lto-wrapper,
 * for files with random names and a phony target. What folders it lists as for any other makefile reaches no byte, and
 * the makefile is no script of somebody's.
 */
export function isMakeOfLto(name: string, programs: Iterable<string>): boolean {
  if (name !== "make" && name !== "gmake") return false;
  return [...programs].some((path) => programName(path) === "lto-wrapper");
}

/** Outcomes under which a run that was watched is passed on, not stored. */
export type Refusal =
  | "pass_time"
  | "pass_random"
  | "pass_untraced_program"
  | "pass_incomplete_trace"
  | "pass_unmodelled"
  | "pass_irregular_input"
  | "pass_input_changed"
  | "pass_appends"
  | "pass_removes"
  | "pass_overwrites_input"
  | "pass_lists_outputs"
  | "pass_leaves_temporary"
  | "pass_identity"
  | "pass_irregular_output"
  | "pass_unforeseen"
  | "pass_unreadable";
