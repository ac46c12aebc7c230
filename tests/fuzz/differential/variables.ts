/**
 * The environment as events: variables that compilers, linkers, libc or nobody reads, with values that matter.
 *
 * @module
 */
import type { Drawing } from "./draw.ts";
import { line } from "./sequence.ts";

/** Each variable with its values; to be unset is one of them always. */
// deno-fmt-ignore: a table
const variables: Readonly<Record<string, readonly string[]>> = {
  CPATH: ["inc3", "inc1:base", "", "real2/inc2", ":"],
  C_INCLUDE_PATH: ["inc3", "quoted", "$WORK/p/inc1"],
  CPLUS_INCLUDE_PATH: ["inc3", "quoted"],
  OBJC_INCLUDE_PATH: ["inc3"],
  LIBRARY_PATH: ["libs2", "libs1:libs2", "$WORK/p/libs1"],
  COMPILER_PATH: ["tools", "$WORK/p/tools"],
  GCC_EXEC_PREFIX: ["tools/"],
  GCC_COLORS: ["", "error=01;31", "warning=04"],
  SOURCE_DATE_EPOCH: ["0", "1000000000", "no number"],
  ZERO_AR_DATE: ["1"],
  LANG: ["C", "C.UTF-8", "de_DE.UTF-8"],
  LC_ALL: ["C", "C.UTF-8", "POSIX"],
  LC_MESSAGES: ["C.UTF-8"],
  LC_CTYPE: ["C.UTF-8"],
  LANGUAGE: ["de"],
  TZ: ["UTC", "Asia/Tokyo"],
  TERM: ["dumb", "xterm-256color"],
  COLUMNS: ["40", "200"],
  NO_COLOR: ["1"],
  CLICOLOR_FORCE: ["1"],
  TMPDIR: ["$WORK/../tmp", "$WORK/../home", "$WORK/nowhere"],
  MAKEFLAGS: ["-j2", " -j --jobserver-auth=3,4"],
  PWD: ["$WORK/p", "$WORK/q", "/"],
  DEPENDENCIES_OUTPUT: ["out/env.d", "out/env.d target"],
  SUNPRO_DEPENDENCIES: ["out/sun.d"],
  CCC_OVERRIDE_OPTIONS: ["+-DM=1", "# O0"],
  CC_PRINT_HEADERS: ["1"],
  LD_RUN_PATH: ["/opt/x"],
  LD_LIBRARY_PATH: ["$WORK/p/libs1"],
  COLLECT_NO_DEMANGLE: ["1"],
  GCC_COMPARE_DEBUG: ["-gtoggle"],
  GNUTARGET: ["elf32-i386"],
  LDEMULATION: ["elf_i386"],
  COLLECT_GCC_OPTIONS: ["'-O3'"],
  POSIXLY_CORRECT: ["1"],
  HOME: ["$WORK/p", "$WORK/../home"],
  UNRELATED: ["1", "2"],
};

/** One variable set, or one that is set taken away. */
export function variableEvents({ dice, variables: current }: Drawing): string[] {
  if (current.size > 0 && dice.chance(0.4)) {
    const name = dice.of([...current]);
    current.delete(name);
    return [`env -${name}`];
  }
  const name = dice.of(Object.keys(variables));
  current.add(name);
  return [line("env", `${name}=${dice.of(variables[name])}`)];
}

/** Everything that is set taken away. */
export function withoutVariables({ variables: current }: Drawing): string[] {
  const names = [...current];
  current.clear();
  return names.map((name) => `env -${name}`);
}
