/**
 * Unix stream sockets by FFI.
 *
 * Deno.listen costs an event loop turn a message, dies of EMFILE in accept and cannot tell who asks. Here every
 * descriptor is non-blocking and close-on-exec, so that no call waits and no child inherits one.
 *
 * Calls on the hot path return a count or descriptor, or minus the errno; those made once throw.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

/** The longest socket path that sockaddr_un holds, without its NUL. */
export const maxSocketPath = 107;
/** Connections that wait while we decide; the kernel cuts it to net.core.somaxconn. */
const backlog = 1024;
const addressBytes = 110;

/** A system call that failed where nothing can go on without it. */
export class SystemError extends Error {
  constructor(readonly call: string, readonly errno: number, readonly subject: string) {
    super(`${call} ${shown(subject)}: errno ${errno}`);
  }
}

function address(path: string): Uint8Array<ArrayBuffer> {
  if (path.length > maxSocketPath) throw new SystemError("bind", 36, /* ENAMETOOLONG */ path);
  const bytes = new Uint8Array(addressBytes);
  bytes[0] = c.AF_UNIX;
  for (let i = 0; i < path.length; i++) bytes[2 + i] = path.charCodeAt(i);
  return bytes;
}

function newSocket(): number {
  const descriptor = libc().socket(c.AF_UNIX, c.SOCK_STREAM | c.SOCK_CLOEXEC | c.SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw new SystemError("socket", errno(), "");
  return descriptor;
}

/**
 * A listening socket at `path` (byte string), mode 0600. Nothing may be at `path`.
 *
 * @throws {SystemError} where it cannot be made; then nothing stays behind.
 */
export function listenAt(path: string): number {
  const where = address(path), descriptor = newSocket();
  const mask = libc().umask(0o177);
  const bound = libc().bind(descriptor, where, addressBytes) === 0 ? 0 : errno();
  libc().umask(mask);
  const problem = bound || (libc().listen(descriptor, backlog) === 0 ? 0 : errno());
  if (problem === 0) return descriptor;
  libc().close(descriptor);
  throw new SystemError("listen", problem, path);
}

/** A connection to the socket at `path` (byte string), or minus the errno (-EAGAIN: the backlog is full). */
export function connectTo(path: string): number {
  if (path.length > maxSocketPath) return -36;
  const descriptor = newSocket();
  if (libc().connect(descriptor, address(path), addressBytes) === 0) return descriptor;
  const problem = errno();
  libc().close(descriptor);
  return -problem;
}

/** The next waiting connection's descriptor, or minus the errno (-EAGAIN: none). */
export function accept(listener: number): number {
  const descriptor = libc().accept4(listener, null, null, c.SOCK_CLOEXEC | c.SOCK_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno();
}

/** Reads what is there into `into`: the count, 0 at the end, or minus the errno (-EAGAIN: nothing yet). */
export function receive(descriptor: number, into: Uint8Array<ArrayBuffer>): number {
  const count = Number(libc().recv(descriptor, into, BigInt(into.length), c.MSG_DONTWAIT));
  return count >= 0 ? count : -errno();
}

/** Writes as much of `bytes` as fits: the count, or minus the errno (-EAGAIN: full). Raises no SIGPIPE. */
export function send(descriptor: number, bytes: Uint8Array<ArrayBuffer>): number {
  const count = Number(
    libc().send(descriptor, bytes, BigInt(bytes.length), c.MSG_NOSIGNAL | c.MSG_DONTWAIT),
  );
  return count >= 0 ? count : -errno();
}

/** Closes a descriptor. */
export function close(descriptor: number): void {
  libc().close(descriptor);
}

const credentials = new Uint32Array(3), credentialBytes = new Uint8Array(credentials.buffer);
const credentialSize = new Uint32Array(1), sizeBytes = new Uint8Array(credentialSize.buffer);

/** Who is at the other end, as the kernel knows; pid 0 is a process that we cannot see (another pid namespace). */
export function peerOf(descriptor: number): { pid: number; uid: number } | undefined {
  credentialSize[0] = credentialBytes.length;
  const got = libc().getsockopt(descriptor, c.SOL_SOCKET, c.SO_PEERCRED, credentialBytes, sizeBytes);
  return got === 0 ? { pid: credentials[0], uid: credentials[1] } : undefined;
}

/** Descriptors to wait for. Filled anew for each wait: that is cheaper than keeping it in step. */
export class PollSet {
  #bytes = new Uint8Array(64 * 8);
  #view = new DataView(this.#bytes.buffer);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  /** Adds a descriptor; returns the place that `ready` is asked with. `events`: of c.POLLIN, c.POLLOUT. */
  add(descriptor: number, events: number): number {
    if ((this.#count + 1) * 8 > this.#bytes.length) this.#grow();
    const at = this.#count++ * 8;
    this.#view.setInt32(at, descriptor, true);
    this.#view.setInt16(at + 4, events, true);
    this.#view.setInt16(at + 6, 0, true);
    return at / 8;
  }

  /** Waits at most `timeoutMs`, blocking the thread. How many are ready; 0 also when a signal came. */
  wait(timeoutMs: number): number {
    return Math.max(0, libc().poll(this.#bytes, BigInt(this.#count), timeoutMs));
  }

  /** The same while the event loop goes on. The set must not be touched until the promise resolves. */
  async waitAside(timeoutMs: number): Promise<number> {
    return Math.max(0, await libc().poll_aside(this.#bytes, BigInt(this.#count), timeoutMs));
  }

  /** What the last wait said of a place; errors and hang-ups count as something to look at. */
  ready(place: number): number {
    return this.#view.getInt16(place * 8 + 6, true);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** A pipe that ends a wait from elsewhere: `wake` from a signal listener, `read` end in the poll set. */
export class Waker {
  readonly descriptor: number;
  readonly #write: number;

  constructor() {
    const pair = new Int32Array(2);
    if (libc().pipe2(new Uint8Array(pair.buffer), c.O_CLOEXEC | c.O_NONBLOCK) !== 0) {
      throw new SystemError("pipe2", errno(), "");
    }
    [this.descriptor, this.#write] = pair;
  }

  /** Ends the wait that is under way, or the next. */
  wake(): void {
    libc().write(this.#write, new Uint8Array(1), 1n); // a full pipe wakes as well
  }

  /** Forgets all wakes so far. */
  drain(): void {
    const scrap = new Uint8Array(64);
    while (libc().read(this.descriptor, scrap, 64n) > 0n);
  }

  close(): void {
    libc().close(this.descriptor);
    libc().close(this.#write);
  }
}
