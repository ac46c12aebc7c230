import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import { c, close, connectTo, libc, send } from "../os/mod.ts";
import { encode, maxFrameBytes } from "../protocol/mod.ts";
import { receiveFrame } from "./client.ts";
import type { ServerOptions } from "./server.ts";
import { ask, build, connect, outcomeIn, serving, turns } from "./testing.ts";

libc(); // opened before the tests, which would call it a leak

Deno.test("Server answers a frame that arrives byte by byte", () =>
  serving(async ({ socket, taken }) => {
    const client = connect(socket);
    for (const byte of ask) {
      send(client, new Uint8Array([byte]));
      if (byte === ask[5]) await turns(30);
    }
    await turns();
    assertEquals(outcomeIn(client), "answer 1");
    assertEquals(taken, [ask]);
    close(client);
  }));

Deno.test("Server answers two frames that arrive at once, in order", () =>
  serving(async ({ socket }) => {
    const client = connect(socket), both = new Uint8Array(ask.length * 2);
    both.set(ask), both.set(ask, ask.length);
    send(client, both);
    await turns();
    const first = receiveFrame(client, performance.now() + 200)!;
    const size = encode({ name: "pass", outcome: "answer 1" }, build).length;
    assertEquals(first.length, size);
    close(client);
  }));

Deno.test("Server takes a frame that is larger than its first buffer", () =>
  serving(async ({ socket, taken }) => {
    const long = encode({ name: "admin", verb: "x".repeat(300_000), args: [] }, build);
    const client = connect(socket);
    for (let at = 0; at < long.length;) {
      const sent = send(client, long.subarray(at));
      if (sent > 0) at += sent;
      else await turns(5);
    }
    await turns();
    assertEquals(taken.map((frame) => frame.length), [long.length]);
    close(client);
  }));

Deno.test("Server hands on at once what claims to be larger than any frame", () =>
  serving(async ({ socket, taken }) => {
    const client = connect(socket), head = new Uint8Array(16);
    new DataView(head.buffer).setUint32(0, maxFrameBytes + 1, true);
    send(client, head);
    await turns();
    assertEquals(taken.map((frame) => frame.length), [16]);
    close(client);
  }));

Deno.test("Server sends an answer that does not fit the socket at once", async () => {
  const text = new Uint8Array(5 << 20).fill(7);
  const large = encode({ name: "answer", json: text }, build);
  await serving(async ({ socket }) => {
    const client = connect(socket);
    send(client, ask);
    let got = 0;
    const into = new Uint8Array(1 << 20);
    for (const until = performance.now() + 5000; got < large.length && performance.now() < until;) {
      const count = Number(libc().recv(client, into, BigInt(into.length), c.MSG_DONTWAIT));
      if (count > 0) got += count;
      else await turns(1);
    }
    assertEquals(got, large.length);
    close(client);
  }, {
    open: () => ({
      receive: () => ({ frame: large, close: true }),
      end: () => {},
      patienceMs: 1e9,
      running: false,
      follow: () => "none" as const,
    }),
  });
});

Deno.test("Server goes on after a conversation that throws, and ends it", async () => {
  let ended = 0, opened = 0;
  await serving(async ({ socket, warned }) => {
    for (let i = 0; i < 2; i++) {
      const client = connect(socket);
      send(client, ask);
      await turns();
      assertEquals(outcomeIn(client), undefined, "the broken connection is closed");
      close(client);
    }
    assertEquals([opened, ended, warned.length], [2, 2, 2]);
  }, {
    open: () => {
      opened++;
      const receive = () => {
        throw new Error("broken");
      };
      return {
        receive,
        end: () => void ended++,
        patienceMs: 1e9,
        running: false,
        follow: () => "none" as const,
      };
    },
  });
});

Deno.test("Server drops a client that stays silent for too long", async () => {
  let ended = 0;
  const open = () => ({
    receive: () => ({ close: false }),
    end: () => void ended++,
    patienceMs: 50,
    running: false,
    follow: () => "none" as const,
  });
  await serving(async ({ socket }) => {
    const client = connect(socket);
    await turns(300);
    assertEquals(ended, 1);
    close(client);
  }, { open });
});

Deno.test("Server sends an answer that is ready later, then closes", async () => {
  const later = () =>
    turns(50).then(() => ({ frame: encode({ name: "pass", outcome: "late" }, build), close: true }));
  const open = () => ({
    receive: () => ({ later: later(), close: true }),
    end: () => {},
    patienceMs: 1e9,
    running: false,
    follow: () => "none" as const,
  });
  await serving(async ({ socket }) => {
    const client = connect(socket);
    send(client, ask);
    await turns(150);
    assertEquals(outcomeIn(client), "late");
    assertEquals(receiveFrame(client, performance.now() + 100), undefined);
    close(client);
  }, { open });
});

Deno.test("Server lets timers run while clients keep it busy", () =>
  serving(async ({ socket }) => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    const client = connect(socket);
    for (const until = performance.now() + 300; performance.now() < until;) {
      send(client, ask);
      await turns(1);
    }
    clearInterval(timer);
    assert(ticks > 5, `${ticks} ticks in 300 ms`);
    close(client);
  }));

/** The longest that a slice of work waits for the next, beside a client that asked a moment ago. */
async function longestGap(options: Partial<ServerOptions>): Promise<number> {
  let longest = 0;
  await serving(async ({ socket, taken }) => {
    const client = connect(socket);
    send(client, ask);
    await turns();
    for (let slice = 0; slice < 60; slice++) {
      for (const until = performance.now() + 0.5; performance.now() < until;);
      const ended = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, performance.now() - ended);
    }
    send(client, ask);
    await turns();
    assertEquals(taken.length, 2);
    close(client);
  }, options);
  return longest;
}

Deno.test("Server lets work in slices go on at once while clients keep it busy, if it shares the thread", async () => {
  assert(await longestGap({}) > 15, "else it blocks the thread for longer");
  let gap = Infinity; // a busy machine may make it longer now and then
  for (let tries = 0; gap > 10 && tries < 10; tries++) gap = await longestGap({ sharing: () => true });
  assert(gap <= 10, `${gap} ms`);
});

Deno.test("Server answers also while it waits aside", () =>
  serving(async ({ socket }) => {
    const client = connect(socket);
    send(client, ask);
    await turns();
    assertEquals(outcomeIn(client), "answer 1");
    close(client);
  }, { elsewhereBusy: () => true }));

Deno.test("Server survives running out of descriptors and serves again afterwards", () =>
  serving(async ({ socket, warned }) => {
    const limits = new BigUint64Array(2), bytes = new Uint8Array(limits.buffer);
    libc().getrlimit(7, bytes);
    const before = limits[0], client = connect(socket);
    await turns(50);
    const waiting = connect(socket);
    const free = libc().open(new TextEncoder().encode("/\0"), c.O_CLOEXEC, 0);
    libc().close(free);
    limits[0] = BigInt(free); // no number is free below it
    libc().setrlimit(7, bytes);
    await turns(200);
    limits[0] = before;
    libc().setrlimit(7, bytes);
    assert(warned.some((line) => line.includes("no descriptor left")), warned.join());
    send(waiting, ask);
    await turns(200);
    assertEquals(outcomeIn(waiting), "answer 1");
    close(waiting), close(client);
  }));

Deno.test("listenAt() makes a socket that only we may use", () =>
  serving(({ socket }) => {
    assertEquals(Deno.lstatSync(socket).mode! & 0o777, 0o600);
    return Promise.resolve();
  }));

Deno.test("connectTo() a path without socket gives the errno", () => {
  assertEquals(connectTo("/nonexistent/socket"), -c.ENOENT);
  assertEquals(connectTo("/tmp/" + "x".repeat(200)), -36);
});

Deno.test("Server follows what runs while nobody needs it, without a pause where more is left", async () => {
  const moments: number[] = [], said = ["some", "more", "more", "some"] as const;
  let running = false;
  const open = () => ({
    receive: () => {
      running = true;
      return { frame: encode({ name: "pass", outcome: "runs" }, build), close: false };
    },
    end: () => void (running = false),
    patienceMs: 1e9,
    get running() {
      return running;
    },
    follow: () => said[moments.push(performance.now()) - 1] ?? "none",
  });
  await serving(async ({ socket }) => {
    const client = connect(socket);
    await turns(100);
    assertEquals(moments.length, 0, "nothing runs");
    send(client, ask);
    await turns(400);
    close(client);
    await turns(50);
    const count = moments.length;
    await turns(100);
    assertEquals(moments.length, count, "the client is gone");
  }, { open });
  assert(moments.length > 6 && moments.length < 60, `${moments.length} looks in 400 ms`);
  // On a busy machine one of the two looks may have been late.
  const pauses = [moments[1] - moments[0], moments[4] - moments[3]];
  assert(Math.max(...pauses) >= 1, "it pauses where all was taken in");
});

/** How often a daemon that waits beside a client gives the event loop a turn, in 400 ms. */
async function turnsGiven(options: Partial<ServerOptions>): Promise<number> {
  let given = 0;
  await serving(async ({ socket }) => {
    const client = connect(socket);
    send(client, ask);
    await turns();
    for (const until = performance.now() + 400; performance.now() < until;) await turns(0), given++;
    close(client);
  }, options);
  return given;
}

Deno.test("Server gives the event loop few turns while nobody wants anything", async () => {
  const [rests, soon] = [await turnsGiven({ restMs: undefined }), await turnsGiven({ restMs: 5 })];
  assert(rests <= 14 && soon > 2 * rests, `${rests} turns in 400 ms, ${soon} where it rests for 5 ms`);
});
