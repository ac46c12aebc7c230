/** What is left to do for clients that have gone, between the questions of others. */
import { assert, assertEquals } from "@std/assert";
import { close, libc, PollSet, send } from "../os/mod.ts";
import { encode } from "../protocol/mod.ts";
import { receiveFrame } from "./client.ts";
import type { Server, ServerOptions } from "./server.ts";
import { ask, build, connect, outcomeIn, serving, turns } from "./testing.ts";

libc(); // opened before the tests, which would call it a leak

/** Conversations of which the first leaves pieces to do, and what happens. */
function leaving(count: number, happens: (what: string) => void): ServerOptions["open"] {
  let opened = 0;
  return () => {
    const name = `${++opened}`, isFirst = opened === 1;
    const slices = function* () {
      for (let i = 0; i < count; i++) {
        for (const until = performance.now() + 4; performance.now() < until;);
        happens(`piece ${i}`);
        yield;
      }
    };
    return {
      receive: () => {
        happens(`asked ${name}`);
        const frame = encode({ name: "pass", outcome: name }, build);
        return isFirst
          ? { frame, after: () => happens("at once"), slices, close: true }
          : { frame, close: false };
      },
      end: () => happens(`end ${name}`),
      patienceMs: 1e9,
      running: false,
      follow: () => "none" as const,
    };
  };
}

Deno.test("Server answers who asks between the pieces of what is left to do", async () => {
  const order: string[] = [];
  let second = -1;
  const happens = (what: string) => {
    order.push(what);
    if (what === "piece 1") send(second, ask);
  };
  await serving(async ({ socket }) => {
    const first = connect(socket);
    second = connect(socket);
    send(first, ask), send(second, ask);
    await turns(200);
    assertEquals([outcomeIn(first), outcomeIn(second)], ["1", "2"]);
    close(second);
    await turns();
    close(first);
  }, { open: leaving(4, happens) });
  const pieces = ["asked 2", "piece 1", "asked 2", "piece 2", "piece 3", "end 1"];
  assertEquals(order, ["asked 1", "piece 0", ...pieces, "end 2"]);
});

/** Has `body` run while every wait of a server is told: whether it sleeps or only looks. */
async function spyingOnWaits(happens: (what: string) => void, body: () => Promise<void>): Promise<void> {
  const { wait } = PollSet.prototype;
  PollSet.prototype.wait = function (ms) {
    happens(ms > 0 ? "sleeps" : "looks");
    return wait.call(this, ms);
  };
  try {
    await body();
  } finally {
    PollSet.prototype.wait = wait;
  }
}

Deno.test("Server sleeps before it goes on with what is left, so that whoever was answered can run", async () => {
  const order: string[] = [];
  let second = -1;
  const happens = (what: string) => {
    order.push(what);
    if (what === "piece 0") send(second, ask);
  };
  await spyingOnWaits(happens, () =>
    serving(async ({ socket }) => {
      const first = connect(socket);
      second = connect(socket);
      send(first, ask);
      await turns(100);
      close(first), close(second);
    }, { open: leaving(3, happens) }));
  const at = order.indexOf("asked 1");
  const then = ["looks", "asked 2", "sleeps", "piece 1", "looks", "piece 2"];
  assertEquals(order.slice(at, at + 8), ["asked 1", "piece 0", ...then]);
});

Deno.test("Server does not sleep while somebody may be told what he waits for", async () => {
  const order: string[] = [], happens = (what: string) => void order.push(what);
  let tell = (): void => {};
  const told = async () => {
    await new Promise<void>((resolve) => tell = resolve);
    for (let i = 0; i < 9; i++) await null; // from one function to the next
    happens("told");
    return { frame: encode({ name: "pass", outcome: "told" }, build), close: true };
  };
  let opened = 0;
  const open: ServerOptions["open"] = () => {
    const isFirst = ++opened === 1;
    return {
      receive: () => {
        if (isFirst) return { later: told(), close: false };
        happens("ended"), tell();
        return { close: true };
      },
      end: () => {},
      patienceMs: 1e9,
      running: false,
      follow: () => "none" as const,
    };
  };
  await spyingOnWaits(happens, () =>
    serving(async ({ socket }) => {
      const first = connect(socket);
      send(first, ask);
      await turns(50);
      const second = connect(socket);
      send(second, ask);
      await turns(100);
      assertEquals(outcomeIn(first), "told");
      close(first), close(second);
    }, { open }));
  assertEquals(order.slice(order.indexOf("ended"), order.indexOf("told") + 1), ["ended", "told"]);
});

Deno.test("Server does what is left although clients never stop asking", async () => {
  const order: string[] = [], clients: number[] = [];
  const happens = (what: string) => {
    order.push(what);
    // In each round there is somebody who asks.
    if (what === "asked 2" && !order.includes("end 1")) send(clients[2], ask);
    if (what === "asked 3" && !order.includes("end 1")) send(clients[1], ask);
  };
  await serving(async ({ socket }) => {
    for (let i = 0; i < 3; i++) clients.push(connect(socket));
    send(clients[0], ask), send(clients[1], ask);
    await turns(500);
    clients.forEach(close);
    const pieces = order.filter((what) => !what.startsWith("asked"));
    assertEquals(pieces.slice(0, 4), ["piece 0", "piece 1", "piece 2", "end 1"]);
    assert(order.indexOf("end 1") > 10, "they asked for nothing");
  }, { open: leaving(3, happens) });
});

Deno.test("Server does what is left once, also where there is nothing to say", async () => {
  const order: string[] = [], leaves = leaving(2, (what) => void order.push(what));
  const open: ServerOptions["open"] = (peer) => {
    const conversation = leaves(peer)!, { receive } = conversation;
    return Object.assign(conversation, {
      receive: (frame: Uint8Array) => ({ ...receive(frame), frame: undefined }),
    });
  };
  await serving(async ({ socket }) => {
    const client = connect(socket);
    send(client, ask);
    await turns(100);
    assertEquals(receiveFrame(client, performance.now() + 100), undefined, "it is closed");
    close(client);
  }, { open });
  assertEquals(order, ["asked 1", "piece 0", "piece 1", "end 1"]);
});

Deno.test("Server does what is left for a client that has gone, and ends its conversation once", async () => {
  const order: string[] = [];
  await serving(async ({ socket }) => {
    const client = connect(socket);
    send(client, ask);
    close(client);
    await turns(150);
  }, { open: leaving(2, (what) => void order.push(what)) });
  assertEquals(order, ["asked 1", "piece 0", "piece 1", "end 1"]);
});

Deno.test("Server does what is left before it has stopped", async () => {
  const order: string[] = [];
  await serving(async (scene) => {
    const client = connect(scene.socket);
    send(client, ask);
    while (order.length === 0) await turns(1);
    scene.server.stop();
    close(client);
  }, { open: leaving(20, (what) => void order.push(what)) });
  assertEquals([order.length, order.at(-2), order.at(-1)], [22, "piece 19", "end 1"]);
});

Deno.test("Server.catchUp() does what is left; until then somebody was active", async () => {
  const order: string[] = [], idle: number[] = [];
  let server: Server | undefined;
  const happens = (what: string) => {
    if (what === "piece 3") idle.push(performance.now() - server!.lastActivity);
    if (what === "asked 2") server!.catchUp();
    order.push(what);
  };
  await serving(async (scene) => {
    server = scene.server;
    const first = connect(scene.socket), second = connect(scene.socket);
    send(first, ask), send(second, ask);
    await turns(200);
    assert(performance.now() - server.lastActivity > 50, "nothing is left");
    close(first), close(second);
  }, { open: leaving(5, happens) });
  assertEquals(order.slice(0, 8), [
    "asked 1",
    "piece 0",
    ...[1, 2, 3, 4].map((i) => `piece ${i}`),
    "end 1",
    "asked 2",
  ]);
  assert(idle[0] < 3, `idle for ${idle[0]} ms`);
});
