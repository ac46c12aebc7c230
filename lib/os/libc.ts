/**
 * libc by FFI: the calls that Deno has no exact counterpart for, as one table.
 *
 * Rules that hold for every user: a path is a byte string turned by `cString`; errno is read at once after a
 * failed call, never after an await; sizes and offsets are bigint or number as Deno's FFI gives them.
 * Opened at first use, so that commands which need no libc pay nothing.
 *
 * @module
 */

const symbols = {
  __errno_location: { parameters: [], result: "pointer" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** The address of libc's own `environ`, to be read at the moment of use. */
  environ: { type: "pointer" },
  execve: { parameters: ["buffer", "buffer", "pointer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  fsync: { parameters: ["i32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  getenv: { parameters: ["buffer"], result: "pointer" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  getuid: { parameters: [], result: "u32" },
  getpwuid: { parameters: ["u32"], result: "pointer" },
  geteuid: { parameters: [], result: "u32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  inotify_init1: { parameters: ["i32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  closedir: { parameters: ["pointer"], result: "i32" },
  opendir: { parameters: ["buffer"], result: "pointer" },
  readdir: { parameters: ["pointer"], result: "pointer" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  /** The same, on a thread of its own: the event loop goes on. */
  poll_aside: { name: "poll", parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  posix_fallocate: { parameters: ["i32", "i64", "i64"], result: "i32" },
  posix_spawn: { parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "pointer"], result: "i32" },
  posix_spawn_file_actions_addclose: { parameters: ["buffer", "i32"], result: "i32" },
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: { parameters: ["buffer", "buffer"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  realpath: { parameters: ["buffer", "buffer"], result: "pointer" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  setenv: { parameters: ["buffer", "pointer", "i32"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  signal: { parameters: ["i32", "pointer"], result: "pointer" },
  sigaddset: { parameters: ["buffer", "i32"], result: "i32" },
  sigemptyset: { parameters: ["buffer"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  statfs: { parameters: ["buffer", "buffer"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  /** Two arguments suffice for pidfd_open, which glibc has under its own name only since 2.36. */
  syscall: { parameters: ["i64", "i64", "i64"], result: "i64" },
  umask: { parameters: ["u32"], result: "u32" },
  unsetenv: { parameters: ["buffer"], result: "i32" },
  usleep: { parameters: ["u32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const satisfies Deno.ForeignLibraryInterface;

export type Libc = Deno.DynamicLibrary<typeof symbols>["symbols"];

const library = "libc.so.6";
let opened: Libc | undefined;
let isFrugal = false;
/** This thread's errno, as memory. */
let lastError: Int32Array | undefined;

/**
 * From here on each call is opened when it is first made: that takes 0.15 ms of every call in the table, and most processes
 * need a few. To be asked for before {@linkcode libc}; tests do without, for the runner takes what they open for a leak.
 */
export function openCallsOneByOne(): void {
  isFrugal = true;
}

/** The table with a getter in place of each call, which gives way to the call itself. */
function callsOneByOne(): Libc {
  const table = {};
  for (const [name, symbol] of Object.entries(symbols)) {
    const get = () => {
      const { symbols: { [name]: value } } = Deno.dlopen(library, { [name]: symbol });
      Object.defineProperty(table, name, { value });
      return value;
    };
    Object.defineProperty(table, name, { get, configurable: true });
  }
  return table as Libc;
}

/** The table of calls. @throws {Error} where there is no glibc under that name. */
export function libc(): Libc {
  if (opened === undefined) {
    opened = isFrugal ? callsOneByOne() : Deno.dlopen(library, symbols).symbols;
    const place = opened.__errno_location()!;
    lastError = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(place, Int32Array.BYTES_PER_ELEMENT));
  }
  return opened;
}

/**
 * errno of the call made just before, in this same turn. It is read from memory: to call anything for it (or to make
 * an object) gives V8 the chance of a system call of its own in between.
 */
export function errno(): number {
  return lastError === undefined ? 0 : lastError[0];
}

/** Numbers of <fcntl.h>, <errno.h> and friends on x86-64 Linux, as far as we use them. */
// deno-fmt-ignore: a table
export const c = {
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_EXCL: 0o200, O_TRUNC: 0o1000, O_APPEND: 0o2000, O_NONBLOCK: 0o4000, O_NOFOLLOW: 0o400000, O_CLOEXEC: 0o2000000,
  AT_FDCWD: -100, AT_SYMLINK_NOFOLLOW: 0x100, AT_EMPTY_PATH: 0x1000, STATX_BASIC: 0x7ff, STATX_MNT_ID: 0x1000,
  S_IFMT: 0o170000, S_IFREG: 0o100000, S_IFDIR: 0o040000, S_IFLNK: 0o120000, S_IFCHR: 0o020000, S_IFIFO: 0o010000, S_IFSOCK: 0o140000,
  X_OK: 1, W_OK: 2,
  PROT_READ: 1, PROT_WRITE: 2, MAP_SHARED: 1,
  LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8,
  CLOCK_REALTIME: 0, CLOCK_MONOTONIC: 1, CLOCK_REALTIME_COARSE: 5,
  EPERM: 1, ENOENT: 2, EINTR: 4, EAGAIN: 11, EACCES: 13, EEXIST: 17, ENOTDIR: 20, EISDIR: 21, ENOSPC: 28, EROFS: 30, EMFILE: 24,
  ENOMEM: 12,
  POLLIN: 1, POLLPRI: 2, POLLOUT: 4, POLLERR: 8, POLLHUP: 16, WNOHANG: 1, EINPROGRESS: 115, ECONNREFUSED: 111, ESRCH: 3, AF_UNIX: 1, SOCK_STREAM: 1, SOCK_CLOEXEC: 0o2000000, SOCK_NONBLOCK: 0o4000, MSG_DONTWAIT: 0x40, MSG_NOSIGNAL: 0x4000, SOL_SOCKET: 1, SO_PEERCRED: 17,
} as const;
