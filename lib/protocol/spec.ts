/**
 * The conversation between the launcher and its decider (daemon or one-shot engine), as data.
 *
 *     frame := size:u32 version:u16 id:u16 build:u64 field*       ; size counts everything after itself
 *     u8 u16 u32 u64 i32   little-endian, unaligned
 *     bytes text           length:u32, then the bytes, no terminator; `text` is a byte string in TypeScript (lib/base/bytes.ts)
 *     list                 count:u32, then that many `text`
 *     rows                 count:u32, then that many rows of the named shape
 *
 * One connection serves one run of one tool:
 *
 *     ask -> hit                       the launcher delivers, replays, ends
 *         -> hit, cannot -> run        ... or says it cannot deliver: the compiler shall run, so that we learn
 *         -> run, report -> keep, kept -> done
 *         -> run, report -> keep, kept     where nobody need wait for the end
 *         -> run, left -> done         what is to be kept was foreseen
 *         -> run, report -> done       nothing to keep
 *         -> pass                      the launcher becomes the tool
 *         -> read, input -> hit, run, pass   ... once the source on standard input is known
 *         -> wait ... -> hit, run, pass   an equal run is under way: its result may serve; or there is no place to run
 *     admin -> answer                  status, stop, stats, clear: see `adminVerbs`
 *
 * A frame larger than `maxFrameBytes`, a field beyond the frame's end, an unknown id or another `version`: the
 * launcher passes, the decider answers `pass` and closes. `build` is the first 8 bytes of the build id (hash of bundle and C sources).
 *
 * `lib/native/protocol.h` is generated from this file by scripts/generate.ts.
 *
 * @module
 */

export const protocolVersion = 4;
/** 200 KB of arguments and a megabyte of environment fit many times; a longer frame is nonsense. */
export const maxFrameBytes = 64 << 20;
/** Captured text beyond this is passed on but not stored. */
export const maxTextBytes = 16 << 20;

export type FieldType = "u8" | "u16" | "u32" | "u64" | "i32" | "bytes" | "text" | "list" | `rows:${string}`;
export interface MessageRow {
  id: number;
  from: "client" | "decider";
  fields: Record<string, FieldType>;
}

// deno-fmt-ignore: a row stays a line
export const messages = {
  /** First frame. `tool` as found (PATH walked by the client; absolute unless typed relative), `argv` with argv[0], `env` as NUL-terminated strings. `flags`: askFlags. `window`: rows | columns << 16. `namespace`, `root`: mount and inode of the root folder, by which file trees are told apart. */
  ask: { id: 1, from: "client", fields: { pid: "u32", flags: "u32", umask: "u32", window: "u32", namespace: "u64", root: "u64", cwd: "text", tool: "text", argv: "list", env: "text" } },
  /** Put `files` in place (side files first, the object last), replay the texts, end with `status` (exit code). */
  hit: { id: 2, from: "decider", fields: { status: "u32", flags: "u32", out: "bytes", err: "bytes", files: "rows:file" } },
  /** The target of `path` does not allow delivery (errno); nothing was changed. The decider answers run or pass. */
  cannot: { id: 3, from: "client", fields: { errno: "u32", path: "text" } },
  /** Run the tool traced: LD_PRELOAD gets `tracer`, the record is `record`. Empty `tracer`: run it captured, not traced (declared way); `extra` are arguments to add before the user's own. `priority`: of `priorities`. `deploy`: nothing, or a program and the linked file to be run with, if the tool succeeds and the file is there. `foreseen`: as keep's files, should the tool succeed in silence and leave a regular file at each path: then the client says `left`. */
  run: { id: 4, from: "decider", fields: { tracer: "text", record: "text", extra: "list", priority: "u32", deploy: "list", foreseen: "rows:stage" } },
  /** Become the tool; `outcome` is for logs only. Also how a client reads any id it does not know. */
  pass: { id: 5, from: "decider", fields: { outcome: "text" } },
  /** Several sources: attend to each compile alone, in order, as if asked for it; the words of each are ours without the other `sources`. */
  parts: { id: 15, from: "decider", fields: { sources: "list" } },
  /** The tool has ended: `status` as of waitpid; `flags`: reportFlags. */
  report: { id: 6, from: "client", fields: { status: "u32", flags: "u32", wall_us: "u64", out: "bytes", err: "bytes" } },
  /** Clone or copy each path into the staging name beside it, 0444 once it is whole. `wait` 0: after `kept` the client exits as the tool did, else it waits for `done`. */
  keep: { id: 7, from: "decider", fields: { wait: "u32", files: "rows:stage" } },
  /** One row for each of keep's, in order: errno (0 = staged), mode and size as staged. */
  kept: { id: 8, from: "client", fields: { files: "rows:staged" } },
  /** The tool has succeeded in silence, and each of run's `foreseen` is staged; a row for each as in `kept`. */
  left: { id: 16, from: "client", fields: { wall_us: "u64", files: "rows:staged" } },
  /** The end: the client exits as the tool did. `outcome` for logs. */
  done: { id: 9, from: "decider", fields: { outcome: "text" } },
  /** The next frame (another `wait`, or the answer) comes within `ms`. */
  wait: { id: 12, from: "decider", fields: { ms: "u32" } },
  /** The source is on standard input: read it to its end, and give it to the tool should that run. `most`: bytes to send. */
  read: { id: 13, from: "decider", fields: { most: "u32" } },
  /** What was read. `flags`: inputFlags. */
  input: { id: 14, from: "client", fields: { flags: "u32", bytes: "bytes" } },
  /** An administrative question: a verb of `adminVerbs` and its arguments. */
  admin: { id: 10, from: "client", fields: { verb: "text", args: "list" } },
  /** Its answer: UTF-8 JSON. */
  answer: { id: 11, from: "decider", fields: { json: "bytes" } },
} as const satisfies Record<string, MessageRow>;

// deno-fmt-ignore: a row stays a line
export const rows = {
  /** `path` absolute or relative to the ask's cwd; `source` is the blob (regular file) or, for style link, the link's text; `mode` before the umask. `style`: of `styles`, perhaps with `heldStyle`. */
  file: { style: "u8", mode: "u32", path: "text", source: "text" },
  stage: { path: "text", to: "text" },
  staged: { errno: "u32", mode: "u32", size: "u64" },
} as const satisfies Record<string, Record<string, FieldType>>;

/** Facts of the asker. */
export const askFlags = {
  tty0: 1,
  tty1: 2,
  tty2: 4,
  one_output: 8,
  stdin_null: 16,
  stdin_closed: 32,
  stdout_closed: 64,
  stderr_closed: 128,
} as const;
/** too_long: more than `most` bytes came, and `bytes` is empty. */
export const inputFlags = { too_long: 1 } as const;
/** `hit.flags`: `err` is empty and `out` holds both texts in order, because the run had one file for both. */
export const hitFlags = { one_output: 1 } as const;
/** left_behind: a process of the run still lives. lost_text: a text could not be passed on or was too long. unsure_children: there were children before. rerun: the tool was run again uncaptured. deploy_failed: what was to be run after the tool failed, or could not be traced. */
export const reportFlags = {
  left_behind: 1,
  lost_text: 2,
  unsure_children: 4,
  rerun: 8,
  deploy_failed: 16,
} as const;
/** How the tool is run beside others; normal: as we were started. */
export const priorities = { normal: 0, low: 1, idle: 2, high: 3 } as const;
/**
 * What the tool does with an existing target, as seen in the trace (soundness.md 5.1):
 * replace: unlinks or renames over it; write_through: O_TRUNC on it; unknown: nothing was there, so deliver only
 * onto nothing or onto a plain, singly linked file of the default mode; folder: mkdir; link: symbolic link.
 */
export const styles = { replace: 1, write_through: 2, unknown: 3, folder: 4, link: 5 } as const;

/** Added to the style of a regular file: `source` is no path but what the file holds, and has no NUL. */
export const heldStyle = 16;

export const adminVerbs = ["status", "stop", "stats", "clear", "flush"] as const;
