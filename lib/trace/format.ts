/**
 * The trace record: what the processes of one run asked of the system, in the order they asked.
 *
 * One file of fixed size, preallocated by the decider, mapped MAP_SHARED by every process of the run and
 * by nobody else while it runs. All integers are little-endian; everything is a whole number of 4-byte words.
 *
 *     file    := header event*                         ; zero-filled at first
 *     header  := 64 words (see `header` below)
 *     event   := w0 w1 payload                         ; w0 = kind | answer << 8 | words << 16
 *                                                      ; w1 = number of the process image
 *
 * A process takes room with one atomic add to `cursor`, so one order holds over all processes and threads and
 * no descriptor, buffer or flush exists that a tool could close, inherit or lose by a kill.
 *
 * Paths are (folder id, name id): the folder's text (without the last component, no trailing slash, "" for
 * the root folder) and the last component. Ids are scoped by process image and start at 1; a definition stands
 * before its first use. A path is absolute and as the program gave it (`..` and `.` stay; only cwd or the
 * dirfd's path is put in front), since a textual shortening is wrong behind symbolic links. A path that ends
 * in "/" or is "/" has the empty name.
 *
 * Always true: an event that could not be written sets `overflow`; one that could not be understood sets a
 * `doubt` bit or is an `odd` event. A reader that meets either must not store the run.
 *
 * `lib/native/trace_format.h` is generated from this file by scripts/generate.ts.
 *
 * @module
 */

/** Changes whenever any number below changes meaning. */
export const traceVersion = 4;
export const traceMagic = 0x5254435a; // "ZCTR"

/** Words of the header, by index. Written by the decider unless said otherwise. */
export const header = {
  magic: 0,
  version: 1,
  /** Bytes of the whole file. */
  capacity: 2,
  /** Offset in bytes of the next event; starts at 256. Tracer, atomic. May exceed `capacity` (then `overflow`). */
  cursor: 3,
  /** Number of the last process image; starts at 0. Tracer, atomic. */
  images: 4,
  /** Not 0: events were dropped. Tracer. */
  overflow: 5,
  /** Bits of `doubts`. Tracer, atomic or. */
  doubts: 6,
  /** Raised by every event that changes the file system, so that other processes forget what they know. Tracer, atomic. */
  epoch: 7,
  /** Bit n: descriptor n (0 to 2) is a terminal for the client. The tracer answers isatty with it. */
  ttys: 8,
  /** Window size as rows | columns << 16, of `ttys`; 0 = none. */
  window: 9,
  /** How many of `interpreters` are in use (at most 4). */
  interpreterCount: 10,
  /** 1: the tool has succeeded in silence, and what was foreseen of its outputs is staged. Launcher, once all that is so. */
  left: 11,
  /** Inodes of the pipes that catch descriptors 1 and 2 (2 words each, 0 = none). Launcher, before the tool starts. */
  captures: 12,
  /** From here 4 x (dev low, dev high, ino low, ino high): program interpreters that passed the self-test. */
  interpreters: 16,
  /** With `left`: how long the tool ran in us (2 words), and the mode of each output (`mostForeseen`). Launcher. */
  wall: 32,
  modes: 34,
  /** Not 0: compilers may list the folders in which they search for headers, and need not ask for each name. */
  lists: 36,
} as const;
export const headerWords = 64;
/** An object and its dependency list. */
export const mostForeseen = 2;

/** Bits of header.doubts: why the record cannot be the whole truth. */
export const doubts = {
  /** A program was started that the tracer cannot enter: static, other class, other interpreter, sanitizer, set-id. An `ungated` event names it. */
  ungated: 1,
  /** A question was asked in a signal handler inside a question. */
  reentered: 2,
  /** A relative path could not be made absolute. */
  lost_path: 4,
  /** The record could not be mapped in a child. */
  unmapped: 8,
  /** A system call that nobody models (io_uring, a raw execve by number ...). */
  unmodelled: 16,
} as const;

/**
 * Kinds of events. `payload` in words; P = folder id, name id (2 words); G = signature (11 words, see
 * `signatureWords`); T = length in bytes, then the bytes padded to words with zeros.
 * `answer` is 0 for success, else the errno (< 256).
 */
// deno-fmt-ignore: a row stays a line
export const events = {
  define_folder: { id: 1, payload: "id T" }, // text of a folder id, with relativeMark where a path was spelled from the working folder
  define_name: { id: 2, payload: "id T" },
  hello: { id: 3, payload: "pid ppid P(executable) T(cwd)" }, // first event of an image: after exec, or of a forked child
  forked: { id: 4, payload: "pid" }, // written by the child after its hello: it has the program of its parent, no exec
  library: { id: 5, payload: "P G" }, // loaded into the image
  exec: { id: 6, payload: "pid P" }, // about to execute P in this process; the same pid says hello, or exec_failed follows
  exec_failed: { id: 7, payload: "pid P" }, // answer = errno
  spawn: { id: 8, payload: "P" }, // about to posix_spawn P
  spawned: { id: 9, payload: "pid" }, // ... and this child must say hello
  ungated: { id: 10, payload: "pid P" }, // P started without the tracer; answer = reason of `gates`
  script: { id: 11, payload: "P G" }, // a #! file whose interpreter was started: its content is an input
  goodbye: { id: 12, payload: "pid" }, // orderly end of the image (not after exec)
  open_read: { id: 16, payload: "P G" }, // opened for reading; G by fstat of the descriptor just opened
  stat: { id: 17, payload: "P G" }, // follows links; G from what the program was given
  lstat: { id: 18, payload: "P G" },
  probe: { id: 19, payload: "P" }, // access, realpath, readlink, O_PATH ...: exists
  absent: { id: 20, payload: "P" }, // any question answered with ENOENT or ENOTDIR (answer says which)
  absent_in: { id: 25, payload: "name folder... 0..." }, // the same name in one folder after another; while it is the last event it may grow; zeros: room that it did not need
  refused: { id: 21, payload: "P" }, // any question answered with another errno
  list: { id: 22, payload: "P" }, // folder listed
  read_link: { id: 23, payload: "P T" }, // readlink: text of the link
  real_path: { id: 24, payload: "P T" }, // realpath: its result
  create: { id: 32, payload: "P G(before)" }, // made new: O_EXCL, mkstemp. G(before) all zero = nothing was there (lstat just before)
  truncate: { id: 33, payload: "P G(before)" }, // opened with O_TRUNC, or creat
  update: { id: 34, payload: "P G(before)" }, // opened for writing without truncation
  append: { id: 35, payload: "P G(before)" },
  write_refused: { id: 36, payload: "P" }, // could not be opened for writing; answer = errno
  rename: { id: 37, payload: "P P G(target before)" },
  link: { id: 38, payload: "P P" },
  symlink: { id: 39, payload: "P T(target text)" },
  unlink: { id: 40, payload: "P" },
  mkdir: { id: 41, payload: "P" },
  rmdir: { id: 42, payload: "P" },
  change: { id: 43, payload: "P" }, // of a file by path or descriptor: answer = id of `changes`
  environment: { id: 48, payload: "name" }, // getenv(name id)
  cwd: { id: 49, payload: "" }, // getcwd
  clock: { id: 50, payload: "" }, // answer = id of `clocks`
  random: { id: 51, payload: "" },
  identity: { id: 52, payload: "" }, // uname, gethostname, getlogin, getuid: answer = id of `identities`
  odd: { id: 53, payload: "T" }, // something the model has no place for, named: socket, mkfifo, system ...
} as const satisfies Record<string, { id: number; payload: string }>;

export type EventName = keyof typeof events;

/**
 * Stands between the working folder and a path that a program spelled from there. A path leads to the same file with it;
 * nobody spells one so. What was spelled in full names one folder of the machine, wherever the run takes place.
 */
export const relativeMark = "/.//";

/** G: dev (2 words), ino (2), size (2), mtime in ns (2), ctime in ns (2), mode (1). All zero = unknown or nothing. */
export const signatureWords = 11;

/** mode: chmod. bytes: truncate(2), touched now. kept_apart: owner, times, attributes, which are no part of a result. */
export const changes = { mode: 1, bytes: 2, kept_apart: 3 } as const;

export const gates = {
  unreadable: 1,
  not_elf: 2,
  other_class: 3,
  static: 4,
  other_interpreter: 5,
  sanitizer: 6,
  set_id: 7,
  /** Makes system calls without libc, as Go's programs do. */
  no_libc_calls: 8,
} as const;
export const clocks = {
  time: 1,
  gettimeofday: 2,
  clock_realtime: 3,
  localtime: 4,
  asctime: 5,
  gmtime: 6,
} as const;
export const identities = { uname: 1, hostname: 2, login: 3, uid: 4 } as const;

/** Environment variables by which a traced process finds the record and, in LD_PRELOAD, the tracer. Hidden from the tool. */
export const traceVariable = "ZCCACHE_TRACE_RECORD";
