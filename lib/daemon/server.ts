/**
 * The accept loop: one thread that waits for all connections at once and answers each frame as it becomes whole.
 *
 * While there is work the wait blocks the thread in slices (FFI poll: the shortest way from a frame to its
 * answer); after each slice one wait stands aside on another thread, so that timers, the WAL's ticker and signal
 * listeners get a turn of the event loop, and no frame waits for it. While a flush works on this thread, a turn for its
 * next slice comes before each wait, and the waits are short: a frame that comes in between waits for one slice, and
 * costs no change of threads. What is left to do for runs that have ended (backlog.ts) comes in the same way, where
 * nobody asks. When nothing came for a while, or when something else needs the event loop, every wait
 * stands aside.
 *
 * Always true: no connection's trouble ends the loop, running out of descriptors only pauses accepting, and
 * every descriptor is closed.
 *
 * @module
 */
import { traceOf } from "../base/errors.ts";
import { setImmediate } from "node:timers";
import type { Log } from "../base/log.ts";
import { accept, c, close, giveWay, peerOf, PollSet, receive, send, Waker } from "../os/mod.ts";
import { frameSize, maxFrameBytes } from "../protocol/mod.ts";
import { Backlog } from "./backlog.ts";
import type { Conversation } from "./conversation.ts";

/** How long clients may keep the thread before the event loop gets a turn. */
const sliceMs = 20;
/** The same while nobody wants anything: a turn costs 0.3 ms, which compilers could use, and timers can wait so long. */
const restMs = 100;
/** The same while other work takes turns with us, slice by slice. */
const turnMs = 1;
/** Silence after which waiting stands aside: the gaps of a build are shorter, and standing aside costs 50 µs a frame. */
const busyMs = 2_000;
/** Longest wait aside; deadlines are looked at this often. */
const asideMs = 1_000;
/** How soon we look what tools that run have done, while they do something, and when they seem to rest. */
const followMs = 2, mostFollowMs = 200;
/**
 * Whoever was answered goes first: what can wait waits until somebody asks, or so long. A kernel that is a guest may have
 * him wait for our processor while another is idle, 3 ms (measured; it seems to take one that sleeps for one that is away).
 */
const giveWayMs = 1;
/** How often clients that stay silent are looked for. */
const lookMs = 100;
/** Pause after accept found no descriptor left; some connection ends sooner or later. */
const acceptPauseMs = 50;
/** More connections than any machine runs compilers; the rest wait in the backlog until their own deadline. */
const maxConnections = 4_096;
/** Received at once; an ask is 4 to 10 KB. */
const firstBufferBytes = 64 << 10;

export interface ServerOptions {
  /** A listening socket (listenAt); stays the caller's. */
  listener: number;
  log: Log;
  /** Monotonic milliseconds. */
  now(): number;
  /** A new connection's conversation, or undefined to close it at once. */
  open(
    peer: { pid: number; uid: number },
  ): Pick<Conversation<unknown>, "receive" | "end" | "patienceMs" | "running" | "follow"> | undefined;
  /** True while something else needs the event loop at full speed. */
  elsewhereBusy?(): boolean;
  /** True while other work on this thread gives way to us after each short slice (a flush). */
  sharing?(): boolean;
  /** As `restMs`, where whoever asks us sits on this thread, too. */
  restMs?: number;
}

interface Connection {
  descriptor: number;
  conversation: NonNullable<ReturnType<ServerOptions["open"]>>;
  /** Received and not yet answered. */
  into: Uint8Array<ArrayBuffer>;
  filled: number;
  /** Still to be sent. */
  out: Uint8Array<ArrayBuffer>[];
  /** Close when `out` is empty. */
  closing: boolean;
  /** An answer is on its way. */
  later: boolean;
  /** What is left to do for it goes on without it. */
  isLeft: boolean;
  /** When the client last did something. */
  heard: number;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #connections = new Map<number, Connection>();
  readonly #set = new PollSet();
  readonly #waker = new Waker();
  #accepting = true;
  #acceptAgain = 0;
  #lastActivity: number;
  /** When the event loop last had a turn, and when silent clients were last looked for. */
  #lastTurn: number;
  #lastLook = 0;
  /** When what tools do is looked at next, and how long after that again. */
  #nextFollow = 0;
  #followMs = followMs;
  /** How long the next wait is at least, since something was sent. */
  #leastWaitMs = 0;
  #over = false;
  readonly #backlog: Backlog;
  /** What comes is received here: a buffer for each connection would be most of what a hit allocates. */
  readonly #scratch = new Uint8Array(firstBufferBytes);

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#lastActivity = this.#lastTurn = options.now();
    this.#backlog = new Backlog(options.log, options.now);
  }

  /** When a frame or connection last came, or a tool was last known to run. Of `now()`. */
  get lastActivity(): number {
    return this.#running() || this.#backlog.length > 0 ? this.#options.now() : this.#lastActivity;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Does what is left to do for connections that have ended: what they said is known to all from then on. */
  catchUp(): void {
    this.#backlog.finish();
  }

  /** Takes no new connection from now on. */
  stopAccepting(): void {
    this.#accepting = false;
    this.#waker.wake();
  }

  /** Makes `run` return soon; connections that are still there are closed. */
  stop(): void {
    this.#over = true;
    this.#waker.wake();
  }

  /** Serves until `stop`. */
  async run(): Promise<void> {
    try {
      while (!this.#over) await this.#round();
    } finally {
      this.#backlog.finish();
      for (const connection of [...this.#connections.values()]) this.#drop(connection);
      this.#waker.close();
    }
  }

  async #round(): Promise<void> {
    const sharing = this.#options.sharing?.() ?? false;
    if (sharing) await turn();
    const places = this.#fill(), started = this.#options.now();
    const busy = started - this.#lastActivity < busyMs && !this.#options.elsewhereBusy?.();
    const tillWork = this.#tillWork(started);
    let ready: number;
    if (busy && started - this.#lastTurn < sliceMs) {
      const longest = sharing ? turnMs : this.#isAnyLater() ? sliceMs : this.#options.restMs ?? restMs;
      const least = sharing ? 0 : this.#leastWaitMs;
      ready = this.#set.wait(Math.min(longest, Math.max(least, tillWork)));
    } else {
      const longest = this.#acceptAgain > started ? acceptPauseMs : busy ? 1 : asideMs;
      ready = await this.#set.waitAside(Math.min(longest, tillWork));
      this.#lastTurn = this.#options.now();
    }
    if (this.#over) return;
    this.#leastWaitMs = 0;
    this.#look(places);
    const slices = ready === 0 ? this.#backlog.length > 0 : this.#backlog.isLate;
    if (slices) this.#backlog.slice();
    else if (ready === 0) this.#follow();
    // What others wait for may have come about just now, and is told by promises.
    if ((slices || ready > 0) && this.#isAnyLater()) await turn();
    if (started - this.#lastLook >= lookMs) this.#dropSilent(this.#lastLook = started);
  }

  /** How long nobody but clients needs us. */
  #tillWork(now: number): number {
    if (this.#backlog.length > 0) return 0;
    return this.#running() ? Math.max(0, Math.ceil(this.#nextFollow - now)) : Infinity;
  }

  #followSoon(): void {
    this.#followMs = followMs;
    this.#nextFollow = this.#options.now() + followMs;
  }

  /** Nobody waits for us: whoever runs a tool will, once it ends. */
  #follow(): void {
    const now = this.#options.now();
    if (now < this.#nextFollow || !this.#running()) return;
    const found = new Set<string>();
    for (const { conversation } of this.#connections.values()) found.add(conversation.follow());
    const none = !found.has("some") && !found.has("more");
    this.#followMs = none ? Math.min(mostFollowMs, this.#followMs * 1.5) : followMs;
    this.#nextFollow = found.has("more") ? now : now + this.#followMs;
  }

  /** Fills the poll set; the places of the listener and of each connection. */
  #fill(): { listener: number; connections: Connection[] } {
    this.#set.clear();
    this.#set.add(this.#waker.descriptor, c.POLLIN);
    const connections = [...this.#connections.values()];
    for (const { descriptor, out } of connections) {
      this.#set.add(descriptor, out.length > 0 ? c.POLLIN | c.POLLOUT : c.POLLIN);
    }
    const open = this.#accepting && this.#acceptAgain <= this.#options.now() &&
      connections.length < maxConnections;
    return { listener: open ? this.#set.add(this.#options.listener, c.POLLIN) : -1, connections };
  }

  #look({ listener, connections }: { listener: number; connections: Connection[] }): void {
    if (this.#set.ready(0)) this.#waker.drain();
    connections.forEach((connection, i) => {
      const ready = this.#set.ready(i + 1);
      // It may have gone while we waited aside, and its number may be another's by now.
      if (ready && this.#connections.get(connection.descriptor) === connection) {
        this.#guard(connection, () => this.#serve(connection, ready));
      }
    });
    if (listener >= 0 && this.#set.ready(listener)) this.#accept();
  }

  /** Takes one connection: to be told that none is left costs as much as the next wait, which tells it as well. */
  #accept(): void {
    const descriptor = accept(this.#options.listener);
    if (descriptor >= 0) return this.#welcome(descriptor);
    if (descriptor !== -c.EMFILE && descriptor !== -23 /* ENFILE */) {
      return; // a client that gave up while it waited (ECONNABORTED) concerns nobody
    }
    this.#options.log.warn(`no descriptor left for a connection (errno ${-descriptor}): accepting pauses`);
    this.#acceptAgain = this.#options.now() + acceptPauseMs;
  }

  #welcome(descriptor: number): void {
    const peer = peerOf(descriptor), conversation = peer && this.#options.open(peer);
    if (!conversation) return close(descriptor);
    const now = this.#options.now();
    const connection: Connection = {
      descriptor,
      conversation,
      into: this.#scratch,
      filled: 0,
      out: [],
      closing: false,
      later: false,
      isLeft: false,
      heard: now,
    };
    this.#connections.set(descriptor, connection);
    this.#lastActivity = now;
    this.#guard(connection, () => this.#serve(connection, c.POLLIN)); // its frame is mostly there already
  }

  #guard(connection: Connection, body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#options.log.warn(`a connection failed: ${traceOf(error)}`);
      this.#drop(connection);
    }
  }

  #serve(connection: Connection, ready: number): void {
    if (ready & c.POLLOUT && !this.#flush(connection)) return;
    if (ready & ~c.POLLOUT) this.#read(connection);
  }

  #read(connection: Connection): void {
    for (;;) {
      if (connection.filled === 0) connection.into = this.#scratch;
      const count = receive(connection.descriptor, connection.into.subarray(connection.filled));
      if (count === -c.EAGAIN || count === -c.EINTR) return;
      if (count <= 0) return this.#drop(connection);
      connection.filled += count;
      connection.heard = this.#lastActivity = this.#options.now();
      if (connection.closing) {
        connection.filled = 0; // whatever still comes after the last answer
        continue;
      }
      if (!this.#frames(connection)) return;
      // A part of a frame waits in memory of its own.
      if (connection.filled > 0 && connection.into === this.#scratch) connection.into = this.#scratch.slice();
    }
  }

  /** Answers each whole frame; false when the connection is gone. */
  #frames(connection: Connection): boolean {
    for (;;) {
      const size = frameSize(connection.into.subarray(0, connection.filled));
      if (size === undefined) return true;
      // A size beyond all bounds is answered from the first bytes alone: decode names it as nonsense.
      const whole = size > maxFrameBytes + 4 ? connection.filled : size;
      if (connection.filled < whole) return makeRoom(connection, whole);
      const frame = connection.into.slice(0, whole);
      connection.into.copyWithin(0, whole, connection.filled);
      connection.filled -= whole;
      this.#take(connection, connection.conversation.receive(frame));
      if (connection.conversation.running) this.#followSoon();
      if (connection.closing) connection.filled = 0;
      if (!this.#connections.has(connection.descriptor)) return false;
    }
  }

  #take(connection: Connection, step: ReturnType<Connection["conversation"]["receive"]>): void {
    const { conversation } = connection;
    connection.closing = step.close;
    connection.isLeft = step.close && step.slices !== undefined;
    connection.later = step.later !== undefined || step.after !== undefined;
    if (step.frame) this.#send(connection, step.frame);
    if (step.frame && step.after) giveWay(); // whoever was answered may be waiting for this processor
    if (connection.isLeft) {
      this.#backlog.begin(step.slices!(), () => conversation.end());
    }
    if (this.#connections.get(connection.descriptor) !== connection) return;
    if (step.after) {
      if (!connection.isLeft) step.after();
      connection.later = step.later !== undefined;
      this.#flush(connection);
    }
    if (step.later) {
      void step.later.then((next) => {
        connection.later = false;
        if (this.#connections.get(connection.descriptor) !== connection) return;
        connection.heard = this.#options.now();
        this.#guard(connection, () => this.#take(connection, next));
      });
    }
  }

  #send(connection: Connection, frame: Uint8Array<ArrayBuffer>): void {
    connection.out.push(frame);
    this.#flush(connection);
  }

  /** Sends what fits; false when the connection is gone. */
  #flush(connection: Connection): boolean {
    while (connection.out.length > 0) {
      const sent = send(connection.descriptor, connection.out[0]);
      if (sent === -c.EAGAIN) {
        this.#waker.wake(); // the poll set that is being waited on may not ask for room yet
        return true;
      }
      if (sent < 0) {
        this.#drop(connection);
        return false;
      }
      if (!connection.isLeft) this.#leastWaitMs = giveWayMs;
      if (sent === connection.out[0].length) connection.out.shift();
      else connection.out[0] = connection.out[0].subarray(sent);
    }
    if (!connection.closing || connection.later) return true;
    this.#drop(connection);
    return false;
  }

  #drop(connection: Connection): void {
    if (this.#connections.get(connection.descriptor) !== connection) return;
    this.#connections.delete(connection.descriptor);
    try {
      if (!connection.isLeft) connection.conversation.end();
    } finally {
      close(connection.descriptor);
    }
  }

  #dropSilent(now: number): void {
    for (const connection of this.#connections.values()) {
      if (!connection.later && now - connection.heard > connection.conversation.patienceMs) {
        this.#drop(connection);
      }
    }
  }

  #isAnyLater(): boolean {
    for (const { later } of this.#connections.values()) if (later) return true;
    return false;
  }

  #running(): boolean {
    for (const { conversation } of this.#connections.values()) if (conversation.running) return true;
    return false;
  }
}

/** A turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Room for more of a frame of `size` bytes. It follows what has come, not what is claimed: a claim costs nobody anything. */
function makeRoom(connection: Connection, size: number): true {
  const { into, filled } = connection;
  if (filled < into.length) return true;
  const larger = new Uint8Array(Math.min(size, into.length * 2));
  larger.set(into);
  connection.into = larger;
  return true;
}
