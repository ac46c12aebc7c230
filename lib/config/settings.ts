/**
 * Every setting as a row: its variable, its default, what is allowed, and what it is for.
 *
 * Names, defaults and limits are those that users of zccache know. An empty variable counts as unset. The launcher
 * reads a few of these itself (lib/native/places.h), by the same rules.
 *
 * @module
 */

interface Common {
  variable: string;
  /** The flag that stands above the variable, without dashes, where a command has it. */
  flag?: string;
  /** One line for help, at most 60 characters. */
  help: string;
}

/** On: 1, true, yes, on. Off: 0, false, no, off. */
export interface SwitchRow extends Common {
  kind: "switch";
  default: boolean;
  /** What the flag, a switch too, makes of it. */
  flagMeans?: boolean;
}

/** Any text; byte strings are read by whoever uses them. */
export interface TextRow extends Common {
  kind: "text";
  default: string | undefined;
}

export interface ChoiceRow extends Common {
  kind: "choice";
  default: string;
  allowed: readonly string[];
  /** Other words for those. */
  means?: Readonly<Record<string, string>>;
  flagMeans?: string;
}

/** A whole number of `unit`; the value is `factor` times that. */
export interface CountRow extends Common {
  kind: "count";
  unit: "seconds" | "milliseconds" | "records" | "bytes" | "runs";
  /** Words that stand for a number. */
  words?: Readonly<Record<string, number>>;
  factor: number;
  /** In `unit`; undefined where whoever uses it knows better. */
  default: number | undefined;
  /** In `unit`. */
  min: number;
}

export type SettingRow = SwitchRow | TextRow | ChoiceRow | CountRow;

const allPriorities = ["auto", "low", "normal", "idle", "high"];

// deno-fmt-ignore: a row stays a line or two
export const settingRows = {
  cacheDir: { variable: "ZCCACHE_CACHE_DIR", kind: "text", default: undefined,
    help: "Folder of the cache (~/.zccache)" },
  disable: { variable: "ZCCACHE_DISABLE", kind: "switch", default: false,
    help: "Run tools without the cache" },
  daemon: { variable: "ZCCACHE_DAEMON", kind: "choice", default: "auto", allowed: ["auto", "off"], flag: "no-daemon", flagMeans: "off",
    help: "auto: start a daemon if none runs; off: never" },
  noSpawn: { variable: "ZCCACHE_NO_SPAWN", kind: "switch", default: false,
    help: "Use a daemon that runs, never start one" },
  endpoint: { variable: "ZCCACHE_ENDPOINT", kind: "text", default: undefined,
    help: "Path of the daemon's socket" },
  idleMs: { variable: "ZCCACHE_IDLE_TIMEOUT_SECS", kind: "count", unit: "seconds", factor: 1000, default: undefined, min: 0, flag: "idle-timeout",
    help: "A daemon ends when idle so long, 0 = never (3600)" },
  stopTimeoutMs: { variable: "ZCCACHE_STOP_TIMEOUT_SECS", kind: "count", unit: "seconds", factor: 1000, default: 10, min: 0,
    help: "How long `stop` waits for the daemon's end (10)" },
  walFlushMs: { variable: "ZCCACHE_WAL_FLUSH_MS", kind: "count", unit: "milliseconds", factor: 1, default: 5000, min: 1,
    help: "The index is written this often (5000)" },
  walMaxPending: { variable: "ZCCACHE_WAL_MAX_PENDING", kind: "count", unit: "records", factor: 1, default: 2048, min: 1,
    help: "The index is written at so many new records (2048)" },
  cacheSizeBytes: { variable: "ZCCACHE_CACHE_SIZE_BYTES", kind: "count", unit: "bytes", factor: 1, default: undefined, min: 1,
    help: "Most that is kept (5% of the disk, 40 to 200 GiB)" },
  trace: { variable: "ZCCACHE_TRACE", kind: "choice", default: "auto", allowed: ["auto", "off"],
    help: "auto: watch what tools read; off: never" },
  search: { variable: "ZCCACHE_SEARCH", kind: "choice", default: "list", allowed: ["list", "ask"],
    help: "list: headers are sought in listed folders; ask: never" },
  pathRemap: { variable: "ZCCACHE_PATH_REMAP", kind: "choice", default: "off", allowed: ["off", "auto"],
    help: "auto: checkouts share, paths begin with ./ (off)" },
  worktreeRoot: { variable: "ZCCACHE_WORKTREE_ROOT", kind: "text", default: undefined,
    help: "Root of the tree for that (where .git is)" },
  strictPaths: { variable: "ZCCACHE_STRICT_PATHS", kind: "choice", default: "off", allowed: ["off", "consistent", "absolute"], means: { "0": "off", "1": "absolute" }, flag: "strict-paths",
    help: "Refuse -I that is not consistent, absolute (off)" },
  watch: { variable: "ZCCACHE_WATCH", kind: "choice", default: "auto", allowed: ["auto", "off"],
    help: "auto: inotify tells of edits; off: look each time" },
  comments: { variable: "ZCCACHE_COMMENTS", kind: "choice", default: "auto", allowed: ["auto", "off"],
    help: "auto: an edited comment can hit; off: never" },
  priority: { variable: "ZCCACHE_COMPILE_PRIORITY", kind: "choice", default: "normal", allowed: allPriorities,
    help: "low, normal, idle, high; auto: low when busy (normal)" },
  linkPriority: { variable: "ZCCACHE_COMPILE_PRIORITY_LINK", kind: "choice", default: "normal", allowed: allPriorities,
    help: "The same for links (as for compiles)" },
  maxParallel: { variable: "ZCCACHE_MAX_PARALLEL_COMPILES", kind: "count", unit: "runs", factor: 1, default: 0, min: 0, words: { unlimited: 0 },
    help: "So many tools run at once; hits never wait (unlimited)" },
  linkDeploy: { variable: "ZCCACHE_LINK_DEPLOY_CMD", kind: "text", default: undefined,
    help: "Program run with what was linked; its files count too" },
  fast: { variable: "ZCCACHE_FAST", kind: "switch", default: false,
    help: "No effect: checking headers costs a hit nothing" },
  scanSystemHeaders: { variable: "ZCCACHE_SCAN_SYSTEM_HEADERS", kind: "switch", default: true,
    help: "No effect: system headers always count" },
} as const satisfies Record<string, SettingRow>;

export type SettingName = keyof typeof settingRows;

/** Values by name. Times are in milliseconds; what is undefined is for the one who uses it to decide. */
export interface Settings {
  cacheDir: string | undefined;
  disable: boolean;
  daemon: "auto" | "off";
  noSpawn: boolean;
  endpoint: string | undefined;
  /** Undefined: 600 s for a daemon that a client started, else {@linkcode defaultIdleMs}. */
  idleMs: number | undefined;
  stopTimeoutMs: number;
  walFlushMs: number;
  walMaxPending: number;
  /** Undefined: by the size of the volume. */
  cacheSizeBytes: number | undefined;
  trace: "auto" | "off";
  /** Read by the decider from each asker's environment, as the next two. */
  search: "list" | "ask";
  pathRemap: "auto" | "off";
  worktreeRoot: string | undefined;
  strictPaths: "off" | "consistent" | "absolute";
  watch: "auto" | "off";
  comments: "auto" | "off";
  /** What follows is read from each request (lib/lookup/wishes.ts); here it is checked and shown. */
  priority: string;
  linkPriority: string;
  /** 0: no limit. */
  maxParallel: number;
  linkDeploy: string | undefined;
  fast: boolean;
  scanSystemHeaders: boolean;
}

/** A daemon's idle time when nobody says otherwise. */
export const defaultIdleMs = 3_600_000;

/** Larger numbers are typing errors: 2^53 - 1 bytes are 8192 TiB. */
export const largestCount = Number.MAX_SAFE_INTEGER;
/** Timers of the runtime hold 31 bits of milliseconds. */
export const largestTimeMs = 2 ** 31 - 1;
