/**
 * Where other caches serve a stale result or lose a file, and this one does not: `zccache help stale`.
 *
 * Every row is a scenario of tests/scripts, which our tests run with this cache; scripts/peers.ts runs the same ones with
 * the others in its place. What it saw, with which version, stands here.
 *
 * @module
 */
import { folded } from "../folded.ts";

/** Another cache, and the version that was seen. */
export const seenPeers = {
  "ccache": "4.14.2",
  "sccache": "0.16.0",
  "zccache 1.15.8": "1.15.8",
  "zccache 1.11.6": "1.11.6",
} as const;
export type PeerName = keyof typeof seenPeers;

export interface StaleRow {
  /** What changes between two compiles, or which file is to come back. */
  what: string;
  /** Of tests/scripts, without its ending. */
  scenario: string;
  /** stale: bytes that the compiler would not write; lost: a file that it would leave. */
  shows: "stale" | "lost";
  /** On whom that was seen. */
  on: readonly PeerName[];
}

const c = "ccache", s = "sccache", z15 = "zccache 1.15.8", z11 = "zccache 1.11.6";
const everyone: readonly PeerName[] = [c, s, z15, z11];

// deno-fmt-ignore: a row stays a line
export const staleRows: readonly StaleRow[] = [
  { what: "A header that comes to stand before another one in the search path", scenario: "shadowing_header", shows: "stale", on: everyone },
  { what: "A file for which `__has_include` was false", scenario: "has_include_appears", shows: "stale", on: everyone },
  { what: "Two equal headers with `#pragma once`, of which one is touched", scenario: "pragma_once_times", shows: "stale", on: everyone },
  { what: "A header with `#pragma once` that becomes a link to another", scenario: "pragma_once_link", shows: "stale", on: [c, z15, z11] },
  { what: "A file behind `.incbin`, also where macros paste that word", scenario: "incbin", shows: "stale", on: everyone },
  { what: "A file behind `.include`", scenario: "asm_include", shows: "stale", on: [c, s, z11] },
  { what: "A file that comes to stand before another one for the assembler", scenario: "assembler_shadowed", shows: "stale", on: [s, z15, z11] },
  { what: "A system header that -MMD does not list", scenario: "system_header_mmd", shows: "stale", on: [z15, z11] },
  { what: "A symbolic link on the way to a header, turned elsewhere", scenario: "symlink_flipped", shows: "stale", on: [z15, z11] },
  { what: "A folder of headers put in another's place", scenario: "folder_renamed", shows: "stale", on: [z15, z11] },
  { what: "A header written through another name of it", scenario: "hard_linked_header", shows: "stale", on: [z11] },
  { what: "A precompiled header that comes into a folder of them", scenario: "pch_gcc_variants", shows: "stale", on: [s, z15, z11] },
  { what: "A profile of gcc made, or made anew", scenario: "profile_gcda", shows: "stale", on: [z11] },
  { what: "The compiler proper behind its driver replaced", scenario: "compiler_cc1_replaced", shows: "stale", on: everyone },
  { what: "The assembler that the driver finds replaced", scenario: "compiler_as_replaced", shows: "stale", on: everyone },
  { what: "A link that leads to the compiler proper, turned elsewhere", scenario: "compiler_program_link_turned", shows: "stale", on: everyone },
  { what: "A compiler that comes to stand before another one on PATH", scenario: "compiler_appears_on_path", shows: "stale", on: [c, z15, z11] },
  { what: "Another compiler proper named by COMPILER_PATH", scenario: "compiler_path_variables", shows: "stale", on: everyone },
  { what: "A file of -specs", scenario: "compiler_specs", shows: "stale", on: [s, z15, z11] },
  { what: "A file of options that clang reads by itself", scenario: "clang_config", shows: "stale", on: [z15, z11] },
  { what: "Another assembler by PATH", scenario: "env_other_path", shows: "stale", on: everyone },
  { what: "The variable C_INCLUDE_PATH, or a header that it leads to", scenario: "env_c_include_path", shows: "stale", on: [z11] },
  { what: "The variable CPATH", scenario: "env_cpath", shows: "stale", on: [z11] },
  { what: "The variable SOURCE_DATE_EPOCH", scenario: "env_source_date_epoch", shows: "stale", on: [s, z11] },
  { what: "The record of -fsave-optimization-record", scenario: "side_opt_record", shows: "lost", on: [c, s, z11] },
  { what: "What -dumpdir and -dumpbase name", scenario: "side_dumpdir", shows: "lost", on: [c, z11] },
  { what: "One of several side files: -fstack-usage, -aux-info, -Wa,-al=FILE", scenario: "side_stack_usage", shows: "lost", on: [c, s, z11] },
  { what: "Dumps of passes", scenario: "side_dumps", shows: "lost", on: [s, z11] },
  { what: "The listing of -Wa,-a=FILE", scenario: "assembler_listing_order", shows: "lost", on: [s, z11] },
  { what: "The file of -ftime-trace", scenario: "side_clang_time_trace", shows: "lost", on: [z11] },
  { what: "The file of -MJ", scenario: "side_clang_json", shows: "lost", on: [z11] },
];

const letters: Record<PeerName, string> = { [c]: "C", [s]: "S", [z15]: "Z", [z11]: "z" };
const headings = {
  stale: "The old object is served after a change of:",
  lost: "A hit does not bring back:",
} as const;

/** What `zccache help stale` prints. */
export function stalePage(): string {
  const scenarioWidth = Math.max(...staleRows.map(({ scenario }) => scenario.length));
  const rows = (shows: StaleRow["shows"]) =>
    staleRows.filter((row) => row.shows === shows).flatMap(({ what, scenario, on }) => [
      ...folded(what, "  "),
      `      ${everyone.map((name) => on.includes(name) ? letters[name] : "-").join("")}  ${
        scenario.padEnd(scenarioWidth)
      }`.trimEnd(),
    ]);
  const names = everyone.map((name) => `${letters[name]} ${name.split(" ")[0]} ${seenPeers[name]}`).join(
    ", ",
  );
  return [
    ...folded(
      "Other caches guess what a compile depends on, this one watches. Each row is a scenario in tests/scripts that " +
        `this cache passes; a letter tells that ${names} was seen to fail it (scripts/peers.ts runs it). A dash: it gave ` +
        "the right result, or did not cache such a compile.",
      "",
    ),
    "",
    headings.stale,
    ...rows("stale"),
    "",
    headings.lost,
    ...rows("lost"),
    "",
  ].join("\n");
}
