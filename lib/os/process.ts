/**
 * Becoming, starting and ending as another program, exactly.
 *
 * Deno.Command collapses duplicate variables, drops names without "=", changes their order and leaves SIGPIPE
 * ignored; so here execve and posix_spawn get libc's own `environ` untouched, and every signal that Deno or we
 * handle is put back to its default first. What our own parent ignored stays ignored (nohup, background jobs).
 *
 * @module
 */
import { cString } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

// deno-fmt-ignore: a table
export const signals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGTERM: 15, SIGXFSZ: 25 } as const;
const rlimitFileSize = 1, rlimitCore = 4, rlimitFiles = 7;
const pidfdOpen = 434n;
const spawnSignalDefaults = 4, spawnNewSession = 0x80;
/** Larger than any libc's sigset_t, posix_spawnattr_t and posix_spawn_file_actions_t. */
const structBytes = 512;

/** Pointers to NUL-terminated copies, ended by a null pointer: argv or envp. Keep the result until the call is over. */
interface Vector {
  pointers: Uint8Array<ArrayBuffer>;
  kept: Uint8Array<ArrayBuffer>[];
}

function vector(texts: readonly string[]): Vector {
  const kept = texts.map(cString), pointers = new BigUint64Array(texts.length + 1);
  kept.forEach((bytes, i) => pointers[i] = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes))));
  return { pointers: new Uint8Array(pointers.buffer), kept };
}

function environment(texts: readonly string[] | undefined): { at: Deno.PointerValue; vector?: Vector } {
  if (texts === undefined) return { at: new Deno.UnsafePointerView(libc().environ!).getPointer(0) };
  const made = vector(texts);
  return { at: Deno.UnsafePointer.of(made.pointers), vector: made };
}

/** Gives the variable \`to\`, in its old place, the value of \`from\`, byte for byte, and removes \`from\`. */
export function moveVariable(from: string, to: string): void {
  const name = cString(from), value = libc().getenv(name);
  if (value === null) return;
  if (libc().setenv(cString(to), value, 1) !== 0) throw new Error(`Cannot set ${to}: no memory`);
  libc().unsetenv(name);
}

/** Sleeps for some 0.1 ms, so that whoever waits for this processor can go on. */
export function giveWay(): void {
  libc().usleep(50);
}

/** Signals that this process ignores, as of /proc/self/status; empty where that cannot be read. */
export function ignoredSignals(): Set<number> {
  const ignored = new Set<number>();
  let status = "";
  try {
    status = Deno.readTextFileSync("/proc/self/status");
  } catch {
    return ignored; // no /proc: treated as if nothing was ignored
  }
  const mask = BigInt("0x" + (/^SigIgn:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"));
  for (let signal = 1; signal <= 64; signal++) if (mask >> BigInt(signal - 1) & 1n) ignored.add(signal);
  return ignored;
}

/** Gives `signal` its default action. */
export function defaultSignal(signal: number): void {
  libc().signal(signal, null);
}

/** Ignores `signal` until told otherwise; children that are to have it must be spawned with it in `defaults`. */
export function ignoreSignal(signal: number): void {
  libc().signal(signal, Deno.UnsafePointer.create(1n));
}

/**
 * Becomes `program` (byte string; no search in PATH) with `argv`. Returns only where that failed: the errno.
 *
 * @param environ Strings "NAME=value"; default: exactly what we were given.
 */
export function become(program: string, argv: readonly string[], environ?: readonly string[]): number {
  // The runtime ignores SIGPIPE, and ignored signals outlive execve. Handled ones turn to default by themselves.
  defaultSignal(signals.SIGPIPE);
  const args = vector(argv), env = environment(environ);
  libc().execve(cString(program), args.pointers, env.at);
  const problem = errno();
  ignoreSignal(signals.SIGPIPE);
  return problem;
}

export interface SpawnOptions {
  /** Strings "NAME=value"; default: exactly our own. */
  environ?: readonly string[];
  /** Signals that are put to their default beside SIGPIPE. */
  defaults?: readonly number[];
  /** Descriptors for 0, 1, 2; default: our own. */
  stdio?: readonly [number, number, number];
  /** Leave no descriptor above 2 open. Else those without close-on-exec stay (jobserver pipes must). */
  closeOthers?: boolean;
  /** A session of its own, without a terminal. */
  newSession?: boolean;
}

/**
 * Starts `program` (byte string; no search in PATH): its pid, or minus the errno.
 * The umask and folder are ours at the moment of the call.
 */
export function spawn(program: string, argv: readonly string[], options: SpawnOptions = {}): number {
  const attributes = new Uint8Array(structBytes), actions = new Uint8Array(structBytes);
  const set = new Uint8Array(structBytes), pid = new Int32Array(1);
  const l = libc();
  l.posix_spawnattr_init(attributes);
  l.posix_spawn_file_actions_init(actions);
  try {
    l.sigemptyset(set);
    for (const signal of [signals.SIGPIPE, ...options.defaults ?? []]) l.sigaddset(set, signal);
    l.posix_spawnattr_setsigdefault(attributes, set);
    l.posix_spawnattr_setflags(attributes, spawnSignalDefaults | (options.newSession ? spawnNewSession : 0));
    options.stdio?.forEach((from, to) => l.posix_spawn_file_actions_adddup2(actions, from, to));
    if (options.closeOthers) {
      for (const descriptor of openDescriptors()) {
        if (descriptor > 2) l.posix_spawn_file_actions_addclose(actions, descriptor);
      }
    }
    const args = vector(argv), env = environment(options.environ), path = cString(program);
    const problem = l.posix_spawn(
      new Uint8Array(pid.buffer),
      path,
      actions,
      attributes,
      args.pointers,
      env.at,
    );
    return problem === 0 ? pid[0] : -problem;
  } finally {
    l.posix_spawn_file_actions_destroy(actions);
    l.posix_spawnattr_destroy(attributes);
  }
}

function openDescriptors(): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].map((entry) => Number(entry.name));
}

/** A descriptor that becomes readable when process `pid` ends, or minus the errno (-ENOSYS before Linux 5.3). */
export function pidDescriptor(pid: number): number {
  const descriptor = Number(libc().syscall(pidfdOpen, BigInt(pid), 0n));
  return descriptor >= 0 ? descriptor : -errno();
}

/** The wait status of our child `pid` if it has ended (then it is gone), else undefined. */
export function ended(pid: number): number | undefined {
  const status = new Int32Array(1);
  const got = libc().waitpid(pid, new Uint8Array(status.buffer), c.WNOHANG);
  return got === pid ? status[0] : undefined;
}

/** Exit code and signal of a wait status; `signal` is 0 for an ordinary exit. */
export function meaning(status: number): { code: number; signal: number } {
  return { code: status >> 8 & 0xff, signal: status & 0x7f };
}

/** Sends `signal`; false where the process is not there or not ours. Signal 0 only asks. */
export function signalProcess(pid: number, signal: number): boolean {
  return libc().kill(pid, signal) === 0;
}

/**
 * Whether process `pid` can still do anything. A zombie cannot; in a container without an init it may stay one for
 * ever.
 */
export function isAlive(pid: number): boolean {
  if (!signalProcess(pid, 0)) return errno() === c.EPERM;
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch (error) {
    // Only the process itself hides so, or ends at this moment: the next one to ask will know.
    if (!(error instanceof Error)) throw error;
    return true;
  }
}

/**
 * Ends this process by `signal`, as a child of ours did, leaving no core of our own. Returns only where the
 * signal does not end a process.
 */
export function dieBy(signal: number): void {
  libc().setrlimit(rlimitCore, new Uint8Array(16));
  defaultSignal(signal);
  libc().kill(Deno.pid, signal);
}

/**
 * Frees a daemon of the limits of the client that started it, as far as it may: as many descriptors and as large files
 * as the hard limits allow. A write beyond those is an error like that of a full disk, and no death.
 */
export function raiseLimits(): void {
  for (const resource of [rlimitFiles, rlimitFileSize]) {
    const limits = new BigUint64Array(2), bytes = new Uint8Array(limits.buffer);
    if (libc().getrlimit(resource, bytes) !== 0) continue;
    limits[0] = limits[1];
    libc().setrlimit(resource, bytes); // refused: what was allowed before has to do
  }
  ignoreSignal(signals.SIGXFSZ);
}
