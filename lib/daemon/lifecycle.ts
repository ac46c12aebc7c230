/**
 * The daemon's life: one owner per cache, from its lock to its last flush.
 *
 *     lock -> stale socket away -> cache opened -> socket bound -> serving
 *     SIGTERM, SIGINT, `stop`, idle -> socket away -> running conversations end (bounded) -> flush -> lock released
 *
 * The socket appears only when everything behind it is ready, so a connection that succeeds is readiness. The lock
 * is taken first and released last: two daemons that race to start end as one, and whoever waits for the lock
 * waits for the last flush. A socket file left by a kill -9 is harmless, since the lock's holder removes it.
 *
 * @module
 */
import type { Log } from "../base/log.ts";
import { shown } from "../base/bytes.ts";
import { c, close, connectTo, listenAt, raiseLimits, statx, userId } from "../os/mod.ts";
import { protocolVersion } from "../protocol/mod.ts";
import { Conversation, type Deciding } from "./conversation.ts";
import { ownFileTree, seesSameFiles } from "./file_tree.ts";
import { ownerOf, type Places, takeOwnership } from "./places.ts";
import { Server } from "./server.ts";

/** How long a stopping daemon waits for tools that still run: what arrives later is not stored, and costs a miss. */
const drainMs = 2_000;
/** How often idleness is looked at, and while stopping whether the last conversation has ended. */
const lookMs = 250;
const drainLookMs = 5;

/** A cache that is open for deciding: store, decider and tracer together. */
export interface Cache {
  decider: Deciding<unknown>;
  count(outcome: string): void;
  /** Facts for `status`, beside the daemon's own. */
  facts(): Promise<Record<string, unknown>>;
  flush(): Promise<number>;
  clear(): Promise<{ units: number; blobs: number; bytes: number }>;
  /** True while a flush or another long piece of work goes on in slices. */
  busy(): boolean;
  /** Drains, flushes and releases everything. */
  close(): Promise<void>;
}

export interface ServeOptions {
  places: Places;
  version: string;
  buildId: string;
  build: bigint;
  log: Log;
  /** End after this time without a request or running tool, in ms; 0 = never. */
  idleMs: number;
  /** How long to wait for an owner that has stopped serving, in ms. */
  handoverMs?: number;
  /** Ends the daemon in order. */
  stop: AbortSignal;
  /** Monotonic ms. */
  now(): number;
  open(): Cache;
}

/** How serving ended: in order; or another daemon owns the cache; or the socket is in use by somebody else. */
export type Ending = "ended" | "owned" | "socket_in_use" | { problem: string };

/** Serves until told to stop or idle for too long. */
export async function serve(options: ServeOptions): Promise<Ending> {
  let lock = takeOwnership(options.places);
  if (lock === "held") lock = await handedOver(options);
  if (lock === "held") return "owned";
  if (typeof lock === "number") {
    return { problem: `Cannot lock ${shown(options.places.lock)}: errno ${lock}` };
  }
  try {
    const stale = removeStale(options.places.socket);
    if (stale === "foreign") {
      return { problem: `Cannot listen at ${shown(options.places.socket)}: what is there is no socket` };
    }
    if (stale === "in use") return "socket_in_use";
    raiseLimits();
    const cache = options.open();
    try {
      await new Daemon(options, cache).run();
    } finally {
      await cache.close();
    }
    options.log.info("daemon ended");
    return "ended";
  } finally {
    lock.release();
  }
}

/** The lock, from an owner that has stopped serving and is about to end. */
async function handedOver(
  { places, handoverMs = 0, now }: ServeOptions,
): Promise<ReturnType<typeof takeOwnership>> {
  for (
    const until = now() + handoverMs;
    now() < until && !isServed(ownerOf(places));
    await delay(drainLookMs)
  ) {
    const lock = takeOwnership(places);
    if (lock !== "held") return lock;
  }
  return "held";
}

function isServed(socket: string | undefined): boolean {
  const descriptor = socket ? connectTo(socket) : -1;
  if (descriptor >= 0) close(descriptor);
  return descriptor >= 0;
}

/**
 * Removes a socket that nobody serves, and nothing else: ZCCACHE_ENDPOINT may name anything by mistake. One that is
 * served belongs to another cache with the same ZCCACHE_ENDPOINT.
 */
function removeStale(socket: string): "free" | "in use" | "foreign" {
  const other = connectTo(socket);
  if (other >= 0) {
    close(other);
    return "in use";
  }
  const state = statx(socket, { follow: false });
  if (typeof state === "object" && (state.mode & c.S_IFMT) !== c.S_IFSOCK) return "foreign";
  removeFile(socket);
  return "free";
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(shown(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** One daemon from its bound socket to its last conversation. */
class Daemon {
  readonly #options: ServeOptions;
  readonly #cache: Cache;
  readonly #started: number;
  readonly #tree = ownFileTree();
  readonly #server: Server;
  readonly #listener: number;
  readonly #inode: bigint | undefined;
  #stopping = false;

  constructor(options: ServeOptions, cache: Cache) {
    this.#options = options;
    this.#cache = cache;
    this.#started = options.now();
    this.#listener = listenAt(options.places.socket);
    this.#inode = inodeOf(options.places.socket);
    this.#server = new Server({
      listener: this.#listener,
      log: options.log,
      now: options.now,
      open: (peer) => peer.uid === userId() ? this.#converse(peer.pid) : undefined,
      sharing: () => cache.busy(),
    });
  }

  async run(): Promise<void> {
    const { places, log, stop } = this.#options;
    const begin = () => void this.#drain();
    stop.addEventListener("abort", begin, { once: true });
    const timer = setInterval(() => this.#endWhenIdle(), lookMs);
    log.info(`daemon ${Deno.pid} serves ${shown(places.socket)} for ${shown(places.cache)}`);
    try {
      if (stop.aborted) begin();
      await this.#server.run();
    } finally {
      clearInterval(timer);
      stop.removeEventListener("abort", begin);
      if (!this.#stopping) this.#unbind();
    }
  }

  #endWhenIdle(): void {
    const { now, idleMs, log } = this.#options;
    if (idleMs === 0 || this.#stopping || now() - this.#server.lastActivity < idleMs) return;
    log.info(`nobody asked for ${Math.round(idleMs / 1000)} s`);
    void this.#drain();
  }

  /** Lets go of the socket, waits for running conversations within bounds, then ends the loop. */
  async #drain(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { now } = this.#options, endBy = now() + drainMs;
    this.#server.stopAccepting();
    this.#unbind();
    while (this.#server.connections > 0 && now() < endBy) await delay(drainLookMs);
    this.#server.stop();
  }

  #unbind(): void {
    close(this.#listener);
    const { socket } = this.#options.places;
    if (inodeOf(socket) === this.#inode) removeFile(socket); // never what somebody else put there
  }

  #converse(peer: number): Conversation<unknown> {
    const { build, log } = this.#options, cache = this.#cache;
    return new Conversation<unknown>({
      decider: cache.decider,
      build,
      log,
      peer,
      refuse: (ask) => {
        if (this.#stopping) return "pass_daemon_stopping";
        return seesSameFiles(this.#tree, ask) ? undefined : "pass_other_file_tree";
      },
      count: (outcome) => cache.count(outcome),
      newerClient: () => {
        if (!this.#stopping) log.info("a client of a newer build asks: handing over");
        void this.#drain();
      },
      admin: (verb) => this.#admin(verb),
    });
  }

  async #admin(verb: string): Promise<unknown> {
    this.#server.catchUp();
    switch (verb) {
      case "status":
        return this.#status();
      case "stop":
        void this.#drain();
        return { pid: Deno.pid };
      case "flush":
      case "stats":
        return { committed: await this.#cache.flush() };
      case "clear":
        return await this.#cache.clear();
      default:
        return { error: `unknown verb ${JSON.stringify(verb)}` };
    }
  }

  async #status(): Promise<Record<string, unknown>> {
    const { places, version, buildId, now } = this.#options;
    return {
      pid: Deno.pid,
      version,
      protocol: protocolVersion,
      build: buildId,
      endpoint: shown(places.socket),
      cache_dir: shown(places.cache),
      uptime_secs: Math.floor((now() - this.#started) / 1000),
      connections: this.#server.connections,
      ...await this.#cache.facts(),
    };
  }
}

function inodeOf(path: string): bigint | undefined {
  const state = statx(path, { follow: false });
  return typeof state === "number" ? undefined : state.ino;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
