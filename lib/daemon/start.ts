/**
 * Starting a daemon from a client, once however many clients want it at the same moment.
 *
 * The one that gets the start lock spawns; the others wait for the same socket. Nobody waits longer than
 * `waitMs`: a build's first compiles rather run uncached. The daemon gets nothing of the client: a session, an
 * environment, a folder and descriptors of its own, since what it inherited would live for hours (a make would wait
 * for its jobserver pipe, a terminal for its session, a mount for its folder).
 *
 * The launcher does the same in C for the usual case (lib/native/start.h), by the same lock, note and names.
 *
 * @module
 */
import { cString, fromText, shown } from "../base/bytes.ts";
import {
  c,
  close,
  connectTo,
  ended,
  environment,
  errno,
  libc,
  realNow,
  spawn,
  statx,
  takeLock,
} from "../os/mod.ts";
import type { Places } from "./places.ts";

/** How often the socket is tried while we wait. A daemon needs some 60 ms. */
const tryEveryMs = 4;
/** How long a client waits for a daemon that is being started (decisions.md 7). */
export const startWaitMs = 500;
/** For how long nobody tries again after a daemon did not come in time. */
export const startNoteMs = 10_000;
/** What makes the engine a daemon that a client started. */
export const daemonWords = ["--serve", "--spawned"] as const;
/** A log longer than this begins anew with the next daemon. */
const maxLogBytes = 1 << 20;
/**
 * A shell starts it in the background, so that it is nobody's child: this process becomes the launcher, which must
 * not meet a child that it never started.
 */
const shell = "/bin/sh";
const nothing = new Uint8Array(8);
/** How the variables begin that a daemon may know of the environment of the client that started it. */
export const keptVariables = ["ZCCACHE_", "HOME=", "XDG_", "PATH=", "LANG="] as const;

/** Whether a daemon may know this of the environment: `text` is "NAME=value". */
export function isKept(text: string): boolean {
  return keptVariables.some((beginning) => text.startsWith(beginning));
}

export interface StartOptions {
  places: Places;
  /** The engine and the arguments that make it a daemon (byte strings). */
  command: readonly string[];
  waitMs: number;
  /** Try also right after a daemon did not come: a person asks. */
  insist?: boolean;
}

/** What became of it: it was there, it came, it does not answer yet, or it cannot be started. */
export type Started = "running" | "started" | "starting" | { problem: string };

/** Whether a daemon accepts connections at `socket` (byte string). */
export function answers(socket: string): boolean {
  const descriptor = connectTo(socket);
  if (descriptor < 0) return descriptor === -c.EAGAIN; // a full backlog has somebody behind it
  close(descriptor);
  return true;
}

/** Makes sure that a daemon runs, waiting at most `waitMs`. */
export function startDaemon({ places, command, waitMs, insist }: StartOptions): Started {
  if (answers(places.socket)) return "running";
  const until = performance.now() + waitMs;
  const lock = takeLock(places.startLock);
  if (typeof lock === "number") return { problem: `Cannot lock ${shown(places.startLock)}: errno ${lock}` };
  if (lock === "held") return waitFor(places.socket, until);
  try {
    if (answers(places.socket)) return "running"; // another client was quicker, and is done
    const late = `${places.startLock}-late`;
    if (!insist && isYoung(late)) return "starting";
    const problem = spawnDaemon(places.log, command);
    if (problem !== undefined) return { problem };
    const started = waitFor(places.socket, until);
    if (started === "starting") note(late);
    return started;
  } finally {
    lock.release();
  }
}

/** Notes that a daemon did not come in time: otherwise each compile of a build would wait for it, and start one. */
function note(path: string): void {
  const descriptor = libc().open(cString(path), c.O_WRONLY | c.O_CREAT | c.O_CLOEXEC | c.O_NOFOLLOW, 0o600);
  if (descriptor < 0) return; // then the next client waits as well
  libc().write(descriptor, new Uint8Array(1), 1n); // writing renews the time also of an old note
  close(descriptor);
}

function isYoung(path: string): boolean {
  const state = statx(path);
  if (typeof state === "number") return false;
  // Not by the coarse clock: kernels may give a file a time that is ahead of that by a tick.
  const age = realNow() - state.mtime;
  return age >= 0n && age < BigInt(startNoteMs) * 1_000_000n;
}

function waitFor(socket: string, until: number): "started" | "starting" {
  while (performance.now() < until) {
    if (answers(socket)) return "started";
    libc().poll(nothing, 0n, tryEveryMs);
  }
  return "starting";
}

/** Spawns `command` on its own; what went wrong, or undefined. */
function spawnDaemon(log: string, command: readonly string[]): string | undefined {
  const l = libc(), flags = c.O_WRONLY | c.O_CREAT | c.O_APPEND | c.O_CLOEXEC | c.O_NOFOLLOW;
  const output = l.open(cString(log), flags, 0o600);
  if (output < 0) return `Cannot write ${shown(log)}: errno ${errno()}`;
  const input = l.open(cString("/dev/null"), c.O_RDWR | c.O_CLOEXEC, 0);
  const mask = l.umask(0o077);
  try {
    if (Number(l.lseek(output, 0n, 2)) > maxLogBytes) l.ftruncate(output, 0n);
    const pid = spawn(shell, [shell, "-c", 'cd / && "$@" &', shell, ...command], {
      environ: environment().filter(isKept).map(fromAnywhere),
      stdio: [input, output, output],
      closeOthers: true,
      newSession: true,
    });
    if (pid < 0) return `Cannot start ${shown(command[0])}: errno ${-pid}`;
    while (ended(pid) === undefined) l.poll(nothing, 0n, 1);
    return undefined;
  } finally {
    l.umask(mask);
    for (const descriptor of [output, input]) if (descriptor >= 0) close(descriptor);
  }
}

/** A variable as it means the same in the daemon's folder: paths that count from ours become absolute. */
function fromAnywhere(text: string): string {
  const [, name, path] = /^(ZCCACHE_(?:CACHE_DIR|ENDPOINT)=)([^/].*)$/s.exec(text) ?? [];
  return path === undefined ? text : `${name}${fromText(Deno.cwd())}/${path}`;
}
