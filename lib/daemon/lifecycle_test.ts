import { assert, assertEquals } from "@std/assert";
import { CacheError } from "../base/errors.ts";
import { close, connectTo, isHeld, libc, listenAt, send, takeLock, userId } from "../os/mod.ts";
import { decode, encode } from "../protocol/mod.ts";
import { runPlainly as run } from "../protocol/testing.ts";
import { askAdmin, receiveFrame } from "./client.ts";
import type { Deciding } from "./conversation.ts";
import { ownFileTree } from "./file_tree.ts";
import { type Cache, type Ending, serve, type ServeOptions } from "./lifecycle.ts";
import { findPlaces, ownerOf, type Places } from "./places.ts";

libc(); // opened before the tests, which would call it a leak
const build = 1n;

interface Scene {
  places: Places;
  events: string[];
  stop: AbortController;
  ending: Promise<Ending>;
}

function placesIn(folder: string): Places {
  const found = findPlaces({ uid: userId(), cwd: folder, home: folder, runtimeDir: folder });
  if (found instanceof CacheError) throw found;
  return found;
}

function fakeCache(events: string[]): Cache {
  const decider: Deciding<unknown> = {
    ask: () => ({ reply: run, job: {} }),
    input: () => ({ reply: run, job: {} }),
    again: () => run,
    cannot: () => run,
    report: () => ({ reply: { name: "done", outcome: "miss_new" }, after: () => {} }),
    kept: () => ({ reply: { name: "done", outcome: "miss_new" }, after: () => {} }),
    left: () => ({
      reply: { name: "done", outcome: "miss_new" },
      after: () => {},
      *slices() {
        yield;
        events.push("stored");
      },
    }),
    ended: () => void events.push("job ended"),
  };
  return {
    decider,
    count: (outcome) => void events.push(outcome),
    facts: () => {
      events.push("told");
      return Promise.resolve({ units: 3 });
    },
    flush: () => Promise.resolve(5),
    clear: () => Promise.resolve({ units: 1, blobs: 2, bytes: 3 }),
    busy: () => false,
    close: () => {
      events.push("flushed");
      return Promise.resolve();
    },
  };
}

function begin(places: Places, more: Partial<ServeOptions> = {}): Scene {
  const events: string[] = [], stop = new AbortController();
  const ending = serve({
    places,
    version: "0",
    buildId: "00",
    build,
    log: { info: () => {}, warn: (text: string) => void events.push(text) },
    idleMs: 0,
    stop: stop.signal,
    now: () => performance.now(),
    open: () => fakeCache(events),
    ...more,
  });
  return { places, events, stop, ending };
}

async function serving(
  body: (scene: Scene) => Promise<void>,
  more: Partial<ServeOptions> = {},
): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const scene = begin(placesIn(folder), more);
  try {
    await body(scene);
  } finally {
    scene.stop.abort();
    await scene.ending;
    Deno.removeSync(folder, { recursive: true });
  }
}

function turns(ms = 80): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks from another thread's point of view: sends, lets the loop turn, then reads. */
async function admin(socket: string, verb: string): Promise<unknown> {
  const client = connectTo(socket);
  assert(client >= 0, `connect: errno ${-client}`);
  send(client, encode({ name: "admin", verb, args: [] }, build));
  await turns();
  const frame = receiveFrame(client, performance.now() + 500);
  close(client);
  if (frame === undefined) return undefined;
  const decoded = decode(frame);
  if ("problem" in decoded || decoded.message.name !== "answer") throw new Error("no answer");
  return JSON.parse(new TextDecoder().decode(decoded.message.json));
}

/** A connection that asked and was told to run. */
async function running(
  socket: string,
  tree = ownFileTree()!,
  from = build,
): Promise<{ client: number; reply: string }> {
  const client = connectTo(socket);
  const ask = {
    pid: Deno.pid,
    flags: 0,
    umask: 0,
    window: 0,
    cwd: "/",
    tool: "/bin/cc",
    argv: ["cc"],
    env: "",
  };
  send(client, encode({ name: "ask", ...ask, namespace: tree.namespace, root: tree.root }, from));
  await turns();
  const decoded = decode(receiveFrame(client, performance.now() + 500)!);
  if ("problem" in decoded) throw new Error(decoded.problem);
  const { message } = decoded;
  return { client, reply: message.name === "pass" ? message.outcome : message.name };
}

Deno.test("serve() answers status with its own facts and the cache's", () =>
  serving(async ({ places }) => {
    const status = await admin(places.socket, "status") as Record<string, unknown>;
    assertEquals([status.pid, status.units, status.cache_dir], [Deno.pid, 3, places.cache]);
  }));

Deno.test("serve() flushes and clears on request, and names a verb that it does not know", () =>
  serving(async ({ places }) => {
    assertEquals(await admin(places.socket, "flush"), { committed: 5 });
    assertEquals(await admin(places.socket, "clear"), { units: 1, blobs: 2, bytes: 3 });
    assertEquals(await admin(places.socket, "dance"), { error: 'unknown verb "dance"' });
  }));

Deno.test("serve() ends in order on `stop`: flushed, socket gone, lock free", () =>
  serving(async ({ places, ending, events }) => {
    assert(isHeld(places.lock));
    assertEquals(await admin(places.socket, "stop"), { pid: Deno.pid });
    assertEquals(await ending, "ended");
    assertEquals(events, ["flushed"]);
    assert(connectTo(places.socket) < 0);
    assert(!isHeld(places.lock));
  }));

Deno.test("serve() waits for a running tool before it ends, and lets go of the socket first", () =>
  serving(async ({ places, ending, events, stop }) => {
    const { client } = await running(places.socket);
    stop.abort();
    await turns();
    assert(connectTo(places.socket) < 0, "it still accepts");
    assertEquals(events, []);
    close(client);
    await ending;
    assertEquals(events, ["job ended", "flushed"]);
  }));

Deno.test("serve() does not wait for a running tool for ever", () =>
  serving(async ({ places, ending, events, stop }) => {
    const { client } = await running(places.socket);
    const started = performance.now();
    stop.abort();
    await ending;
    assert(performance.now() - started < 4_000);
    assertEquals(events, ["job ended", "flushed"]);
    close(client);
  }));

Deno.test("serve() ends when nobody asks for the idle time", async () => {
  const started = performance.now();
  await serving(async ({ ending, events }) => {
    assertEquals(await ending, "ended");
    assertEquals(events, ["flushed"]);
  }, { idleMs: 300 });
  assert(performance.now() - started >= 300);
});

Deno.test("serve() has stored what clients have left with it before it tells of itself", () =>
  serving(async ({ places: { socket }, events }) => {
    const { client } = await running(socket), asker = connectTo(socket);
    await turns(); // else the asker might be let in, and heard, in the same moment as the client comes to be heard
    send(client, encode({ name: "left", wall_us: 1n, files: [] }, build));
    send(asker, encode({ name: "admin", verb: "status", args: [] }, build));
    await turns();
    close(client), close(asker);
    assertEquals(events, ["stored", "job ended", "told"]);
  }));

Deno.test("serve() is not idle while a tool runs", () =>
  serving(async ({ places, events }) => {
    const { client } = await running(places.socket);
    await turns(900);
    assertEquals(events, []);
    close(client);
  }, { idleMs: 300 }));

Deno.test("serve() leaves a cache alone that another daemon owns", () =>
  serving(async ({ places }) => {
    assertEquals(await begin(places).ending, "owned");
    assert(connectTo(places.socket) >= 0, "the first one no longer serves");
  }));

Deno.test("serve() replaces a socket that a killed daemon left behind", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), places = placesIn(folder);
  close(listenAt(places.socket)); // the file stays, and nobody listens
  const scene = begin(places);
  await turns();
  assertEquals((await admin(places.socket, "status") as { pid: number }).pid, Deno.pid);
  scene.stop.abort();
  assertEquals(await scene.ending, "ended");
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("serve() does not take a socket from somebody who serves another cache", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), places = placesIn(folder);
  const other = listenAt(places.socket);
  assertEquals(await begin(places).ending, "socket_in_use");
  close(other);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("serve() removes nothing but a socket from its socket's path", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), places = placesIn(folder);
  Deno.writeTextFileSync(places.socket, "precious");
  assertEquals(await begin(places).ending, {
    problem: `Cannot listen at ${places.socket}: what is there is no socket`,
  });
  assertEquals(Deno.readTextFileSync(places.socket), "precious");
  assert(!isHeld(places.lock));
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("serve() keeps the lock until the flush is over", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), places = placesIn(folder);
  const flush = Promise.withResolvers<void>();
  const scene = begin(places, { open: () => ({ ...fakeCache([]), close: () => flush.promise }) });
  await turns();
  scene.stop.abort();
  await turns();
  assertEquals(takeLock(places.lock), "held");
  flush.resolve();
  await scene.ending;
  assert(!isHeld(places.lock));
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("serve() passes a client that sees another file tree, and counts it", () =>
  serving(async ({ places, events }) => {
    const tree = ownFileTree()!;
    for (const other of [{ ...tree, namespace: 1n }, { ...tree, root: 1n }]) {
      const { client, reply } = await running(places.socket, other);
      assertEquals(reply, "pass_other_file_tree");
      close(client);
    }
    assertEquals(events, ["pass_other_file_tree", "pass_other_file_tree"]);
  }));

Deno.test("askAdmin() says absent where nobody listens and silent where nobody answers", async () => {
  const folder = Deno.makeTempDirSync(), socket = `${folder}/s`;
  const question = { verb: "status", build, deadlineMs: 50 };
  assertEquals(askAdmin(socket, question), "absent");
  const listener = listenAt(socket);
  assertEquals(askAdmin(socket, question), "silent");
  close(listener);
  await Promise.resolve();
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("serve() hands over to a newer build: serves what it asks, ends, and the next owner waits for its flush", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), places = placesIn(folder);
  const flush = Promise.withResolvers<void>();
  const old = begin(places, { open: () => ({ ...fakeCache([]), close: () => flush.promise }) });
  const same = await running(places.socket);
  assertEquals(same.reply, "run");
  close(same.client);
  const newer = await running(places.socket, undefined, build + 1n);
  assertEquals(newer.reply, "run");
  assert(connectTo(places.socket) < 0, "it still accepts");
  const next = begin(places, { handoverMs: 5_000 });
  close(newer.client);
  await turns();
  assert(connectTo(places.socket) < 0, "two at once");
  flush.resolve();
  assertEquals(await old.ending, "ended");
  await turns();
  assertEquals((await admin(places.socket, "status") as { pid: number }).pid, Deno.pid);
  next.stop.abort();
  assertEquals(await next.ending, "ended");
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("serve() lets older clients be", () =>
  serving(async ({ places }) => {
    const { client, reply } = await running(places.socket, undefined, build - 1n);
    assertEquals(reply, "run");
    close(client);
    assert(connectTo(places.socket) >= 0);
  }));

Deno.test("ownerOf() names the owner's socket, also from another runtime folder", () =>
  serving(async ({ places }) => {
    const other = Deno.makeTempDirSync();
    const elsewhere = findPlaces({ uid: userId(), cwd: "/", cacheDir: places.cache, runtimeDir: other });
    assert(!(elsewhere instanceof CacheError));
    assertEquals(ownerOf(elsewhere), places.socket);
    assertEquals(await begin(elsewhere).ending, "owned");
    Deno.removeSync(other, { recursive: true });
  }));
