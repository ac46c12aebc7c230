/**
 * Every way a run can end, as rows: the counter's name, its class, and the sentence shown to people.
 *
 * Deciding not to cache is a value, never an exception. runs = hits + misses + passed (decisions.md 3, 4).
 *
 * @module
 */

export interface OutcomeRow {
  class: "hit" | "miss" | "pass" | "error";
  text: string;
  /** What a person can do about it, for the hint under `stats`. */
  remedy?: string;
}

// deno-fmt-ignore: a row stays a line
export const outcomes = {
  hit: { class: "hit", text: "Everything an earlier run depended on is as it was" },
  hit_comment: { class: "hit", text: "Only comments, or blanks at ends of lines, differ from an earlier run" },
  miss_new: { class: "miss", text: "The first run of this command line here, or on these sources" },
  miss_input: { class: "miss", text: "A file, folder or missing file differs from all earlier runs" },
  miss_environment: { class: "miss", text: "An environment variable or the terminal differs from all earlier runs" },
  miss_target: { class: "miss", text: "The existing output did not allow delivery" },
  miss_damaged: { class: "miss", text: "A stored output was missing or damaged" },
  miss_not_stored: { class: "miss", text: "Ran, but the result could not be stored", remedy: "Look for the reason in the log; is the disk full or the cache folder read-only?" },
  pass_failed: { class: "pass", text: "The tool failed, in a way that may not repeat" },
  pass_query: { class: "pass", text: "A question about the tool, not work" },
  pass_stdin: { class: "pass", text: "Standard input is the source, or a script around the compiler may read it", remedy: "Give the source as a file; give scripts </dev/null" },
  pass_prints_now: { class: "pass", text: "Prints what happens now (-v, -###, -ftime-report)", remedy: "Leave the option out of CFLAGS" },
  pass_descriptor: { class: "pass", text: "Names an open descriptor (/dev/fd, /dev/stdin), or a script around the compiler may read one", remedy: "Give the source as a file; close descriptors above 2 for scripts (3<&-)" },
  pass_unknown_tool: { class: "pass", text: "Not a tool that is cached by name" },
  pass_time: { class: "pass", text: "Asked for the time, or holds a file's time (__DATE__, __TIME__, __TIMESTAMP__)", remedy: "Set SOURCE_DATE_EPOCH and take the time macros out of the source" },
  pass_random: { class: "pass", text: "A program whose habits are not known asked for chance" },
  pass_untraced_program: { class: "pass", text: "Started a program that cannot be watched (static, set-id, other libc)", remedy: "Use a dynamically linked build of the compiler" },
  pass_incomplete_trace: { class: "pass", text: "The record of the run is not complete" },
  pass_unmodelled: { class: "pass", text: "Did something that is not understood" },
  pass_irregular_input: { class: "pass", text: "Read a device, pipe or kernel file" },
  pass_irregular_output: { class: "pass", text: "Wrote to a device, pipe or kernel file" },
  pass_input_changed: { class: "pass", text: "An input changed while the tool ran, or just before" },
  pass_appends: { class: "pass", text: "Appended to an existing file" },
  pass_unforeseen: { class: "pass", text: "Left other files than runs with the same options had; the next run is stored" },
  pass_removes: { class: "pass", text: "Removed a file that was there before" },
  pass_overwrites_input: { class: "pass", text: "Overwrote a file that it had read and that nobody had looked at before" },
  pass_lists_outputs: { class: "pass", text: "Listed a folder that it writes to" },
  pass_leaves_temporary: { class: "pass", text: "Left a file with a random name behind" },
  pass_identity: { class: "pass", text: "Asked for the name of the machine or user" },
  pass_unreadable: { class: "pass", text: "Met a file that could not be read" },
  pass_left_behind: { class: "pass", text: "Left a process behind" },
  pass_lost_text: { class: "pass", text: "The text could not be passed on, or was too long to keep" },
  pass_no_tracer: { class: "pass", text: "Runs cannot be watched here", remedy: "`zccache status` says why; a C compiler or the release executable mends it" },
  pass_untraceable: { class: "pass", text: "The tool itself cannot be watched, or the launcher ended early" },
  pass_other_file_tree: { class: "pass", text: "The caller sees another file tree (container, chroot)", remedy: "Set ZCCACHE_DAEMON=off there" },
  pass_daemon_starting: { class: "pass", text: "The daemon was not ready in time" },
  pass_daemon_stopping: { class: "pass", text: "The daemon was about to end" },
  pass_mode: { class: "pass", text: "An output has permissions that no umask explains" },
  pass_deploy: { class: "pass", text: "What ZCCACHE_LINK_DEPLOY_CMD names failed, or could not be watched", remedy: "Run that program by hand with the linked file" },
  error_internal: { class: "error", text: "A fault in zccache; the tool was run" },
} as const satisfies Record<string, OutcomeRow>;

/**
 * Why a result is not shared between trees although ZCCACHE_PATH_REMAP asks for it, as rows. Names that users of zccache
 * know are theirs.
 */
// deno-fmt-ignore: a row stays a line
export const fallbacks = {
  unsupported_language: "Neither C nor C++ into a file: compiled as without remap",
  toolchain_mismatch: "The compiler is not known to take -ffile-prefix-map: as without remap",
  git_root_unavailable: "No .git upwards of the working folder, which is the root then",
  path_outside_root: "The working folder is not in the tree, or its name cannot be mapped",
  path_sensitive_arg: "A word names the tree where it cannot be mapped, or may let it in",
  path_sensitive_environment: "A variable that the compiler asked for names the tree",
  path_through_link: "A symbolic link leads into or out of the tree",
  path_in_input: "A file that was read names the tree",
  path_in_output: "What was made names the tree, or may do so compressed",
  path_in_text: "What the compiler said names the tree",
  unknown_program: "The run was not watched, or a program took part whose habits are not known",
} as const satisfies Record<string, string>;

export type Fallback = keyof typeof fallbacks;

export type Outcome = keyof typeof outcomes;

/** A run is over: how it counts, and what that is about. */
export interface Ended {
  outcome: Outcome;
  what: string;
}
