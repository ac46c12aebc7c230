/**
 * Whatever the decider does or fails to do, the tool runs and the build goes on; and what is kept of a run.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesOf } from "../../lib/base/bytes.ts";
import { type AnyMessage, encode, styles } from "../../lib/protocol/mod.ts";
import {
  answering,
  blobOf,
  buildId,
  deadlineMs,
  hit,
  launchers,
  newFolder,
  type Peer,
  plain,
  play,
  runPlainly,
  type Scene,
  waitLimitMs,
  zc,
} from "./fake_decider.ts";

const done: AnyMessage = { name: "done", outcome: "" };
const pass: AnyMessage = { name: "pass", outcome: "" };
const report: AnyMessage = {
  name: "report",
  status: 0,
  flags: 0,
  wall_us: 0n,
  out: new Uint8Array(),
  err: new Uint8Array(),
};

/** Says bytes after the first message, then waits for the launcher to leave. */
function saying(bytes: Uint8Array): NonNullable<Scene["decide"]> {
  return async (peer) => {
    await peer.next();
    await peer.raw(bytes).catch(gone);
    while (await peer.next() !== undefined);
  };
}

/** A launcher that has understood enough leaves without reading on. */
function gone(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) throw error;
}

/** Says "wait" so often, 10 ms apart, as long as the launcher listens. */
function saidWait(count: number): NonNullable<Scene["decide"]> {
  return async (peer) => {
    await peer.next();
    let listens = true;
    const left = peer.next().then(() => listens = false);
    for (let i = 0; i < count && listens; i++) {
      await peer.say({ name: "wait", ms: deadlineMs }).catch(gone);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (!listens) await left;
  };
}

function damaged(message: AnyMessage, change: (view: DataView) => void): Uint8Array {
  const frame = encode(message, buildId);
  change(new DataView(frame.buffer, frame.byteOffset, frame.length));
  return frame;
}

const aHit = hit({
  out: bytesOf("wrong"),
  files: [{ style: styles.replace, mode: 0o666, path: "x", source: "/y" }],
});

interface DoubtCase {
  name: string;
  decide?: Scene["decide"];
  silent?: boolean;
}

// deno-fmt-ignore: a row stays a line
const doubts: DoubtCase[] = [
  { name: "nobody listens" },
  { name: "the decider passes", decide: answering(pass) },
  { name: "the decider closes at once", decide: (peer) => Promise.resolve(peer.connection.close()) },
  { name: "the decider closes when asked", decide: async (peer) => { await peer.next(); } },
  { name: "the decider is silent", decide: async (peer) => { while (await peer.next() !== undefined); }, silent: true },
  { name: "the decider stops in the middle of a frame", decide: saying(encode(aHit, buildId).subarray(0, 30)), silent: true },
  { name: "the decider closes in the middle of a frame", decide: async (peer) => { await peer.next(); await peer.raw(encode(aHit, buildId).subarray(0, 30)); } },
  { name: "the frame is of another version", decide: saying(damaged(aHit, (view) => view.setUint16(4, 2, true))) },
  { name: "the message is unknown", decide: saying(damaged(pass, (view) => view.setUint16(6, 99, true))) },
  { name: "the decider says wait and closes", decide: saidWait(1) },
  { name: "the decider says wait and is silent", decide: async (peer) => { await saidWait(1)(peer, ""); while (await peer.next() !== undefined); }, silent: true },
  { name: "the decider says wait for ever", decide: saidWait(1e6), silent: true },
  { name: "the message is out of place", decide: answering(done) },
  { name: "the message is one of ours", decide: answering(report) },
  { name: "the frame is too long", decide: saying(damaged(aHit, (view) => view.setUint32(0, 0x7fffffff, true))) },
  { name: "the frame has no head", decide: saying(damaged(aHit, (view) => view.setUint32(0, 3, true))) },
  { name: "the frame has bytes left over", decide: saying(damaged(aHit, (view) => view.setUint32(24, view.getUint32(24, true) - 1, true))) },
  { name: "there are more files than bytes", decide: saying(damaged(hit({}), (view) => view.setUint32(32, 0xffffffff, true))) },
  { name: "the tracer cannot be used for want of a record", decide: answering({ ...runPlainly, tracer: "/t.so", record: "/nowhere" }) },
];

for (const launcher of launchers) {
  for (const { name, decide, silent } of doubts) {
    Deno.test(`PASS (${launcher.name}) where ${name}`, async () => {
      const told = await play({ launcher, decide, script: `${zc} sh -c 'echo ran; ls; exit 7'` });
      assertEquals([told.out, told.err, told.code], ["ran\n", "", 7]);
      if (silent) assert(told.ms >= deadlineMs, `waited ${told.ms} ms`);
      assert(told.ms < waitLimitMs + 2000, `took ${told.ms} ms`);
    });
  }

  Deno.test(`HIT (${launcher.name}) is delivered after a wait longer than an answer may take`, async () => {
    const delivery = hit({
      files: [{ style: styles.unknown, mode: 0o666, path: "x", source: blobOf("new") }],
    });
    const decide = async (peer: Peer) => {
      for (let waited = 0; waited < deadlineMs * 1.5; waited += 50) {
        if (waited === 0) await peer.next();
        await peer.say({ name: "wait", ms: deadlineMs });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await peer.say(delivery);
    };
    const told = await play({ launcher, decide, script: `${zc} sh -c 'echo ran'; cat x` });
    assertEquals([told.out, told.err, told.code], ["new", "", 0]);
    assert(told.ms > deadlineMs, `${told.ms} ms`);
  });

  Deno.test(`PASS (${launcher.name}) wherever a frame is cut or a byte of it is another`, async () => {
    const blob = blobOf("new");
    const files = [{ style: styles.unknown, mode: 0o666, path: "x", source: blob }];
    const whole = encode(hit({ out: bytesOf("said\n"), files }), buildId);
    const cut = Array.from({ length: whole.length }, (_, size) => resized(whole.slice(0, size)));
    const random = Array.from({ length: 60 }, (_, seed) => noise(seed, whole.length));
    const flipped = Array.from(whole, (byte, at) => whole.with(at, byte ^ 0x11));
    const frames = [...cut, ...random, ...flipped];
    let turn = 0;
    const decide = async (peer: Peer) => {
      const frame = frames[turn++];
      await peer.next();
      await peer.raw(frame).catch(gone);
    };
    const script =
      `for i in $(seq ${frames.length}); do ${zc} echo ran >out 2>err; echo $? $(cat out err); rm out; done`;
    const lines = (await play({ launcher, decide, script })).out.trimEnd().split("\n");
    assertEquals(lines.length, frames.length);
    const sure = cut.length + random.length;
    assertEquals(lines.slice(0, sure), Array(sure).fill("0 ran"));
    // A changed byte may still make a sound frame: of another text, mode, name or status.
    for (const line of lines.slice(sure)) assertMatch(line, /^(0 ran|\d+ .{3,5})$/);
    assert(lines.slice(sure).includes("0 ran"));
  });
}

function resized(frame: Uint8Array): Uint8Array {
  if (frame.length >= 4) new DataView(frame.buffer).setUint32(0, frame.length - 4, true);
  return frame;
}

/** Random bytes behind a sound head, the same for each seed. */
function noise(seed: number, size: number): Uint8Array {
  let state = seed * 2654435761 + 1;
  const bytes = Uint8Array.from(
    { length: size },
    () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 16,
  );
  bytes.set([0, 0, 0, 0, 1, 0, 2 + 2 * (seed & 1), 0]);
  return resized(bytes);
}

Deno.test("RUN ends as the tool where the decider dies or falls silent at any later step", async () => {
  const keep: AnyMessage = { name: "keep", wait: 1, files: [{ path: "x", to: `${newFolder()}/staged` }] };
  const steps: Record<string, Scene["decide"]> = {
    "before the report": async (peer) => {
      await peer.next();
      await peer.say(runPlainly);
    },
    "after the report": async (peer) => {
      await peer.next();
      await peer.say(runPlainly);
      await peer.next();
    },
    "after keep": async (peer) => {
      for (const message of [runPlainly, keep]) {
        await peer.next();
        await peer.say(message);
      }
    },
    "silent after the report": answering(runPlainly),
    "silent after kept": answering(runPlainly, keep),
    "silent where that is agreed": answering(runPlainly, { ...keep, wait: 0 }),
    "mad after the report": answering(runPlainly, aHit),
  };
  for (const [step, decide] of Object.entries(steps)) {
    const told = await play({ launcher: plain, decide, script: `${zc} sh -c 'echo ran | tee x; exit 6'` });
    assertEquals([step, told.out, told.err, told.code], [step, "ran\n", "", 6]);
    assert(told.ms < deadlineMs + 2000, `${step}: took ${told.ms} ms`);
    if (step === "silent after kept") assert(told.ms > deadlineMs, `${step}: took ${told.ms} ms`);
    if (step === "silent where that is agreed") assert(told.ms < deadlineMs, `${step}: took ${told.ms} ms`);
  }
});

for (const launcher of launchers) {
  Deno.test(`KEEP (${launcher.name}) stages outputs and names what it cannot`, async () => {
    const stage = newFolder();
    const names = ["x", "gone", "folder", "again", "ready", "led"];
    const keep = {
      name: "keep",
      wait: 1,
      files: names.map((path) => ({ path, to: `${stage}/${path}` })),
    } as const;
    Deno.writeTextFileSync(`${stage}/again`, "another's");
    Deno.writeTextFileSync(`${stage}/ready`, "", { mode: 0o600 });
    Deno.symlinkSync(`${stage}/else`, `${stage}/led`);
    const made = "printf out >x; chmod 755 x; mkdir folder; echo >again; echo in >ready; echo >led";
    const script = `umask 022; ${zc} sh -c '${made}'`;
    const told = await play({ launcher, script, decide: answering(runPlainly, keep, done) });
    const kept = told.heard.at(-1);
    if (kept?.name !== "kept") throw new Error(`heard ${kept?.name}`);
    assertEquals(kept.files.map(({ errno }) => errno), [0, 2, 22, 17, 0, 40]);
    assertEquals(Deno.readTextFileSync(`${stage}/again`), "another's");
    assertEquals(Deno.readTextFileSync(`${stage}/ready`), "in\n");
    assertEquals(Deno.statSync(`${stage}/ready`).mode! & 0o777, 0o444);
    assertEquals(kept.files[0], { errno: 0, mode: 0o100755, size: 3n });
    assertEquals(Deno.readTextFileSync(`${stage}/x`), "out");
    assertEquals(Deno.statSync(`${stage}/x`).mode! & 0o777, 0o444);
    assertEquals(told.code, 0);
  });

  Deno.test(`CANNOT (${launcher.name}) is followed by a run with the words the decider adds`, async () => {
    const files = [{ style: styles.unknown, mode: 0o666, path: "x", source: blobOf("new") }];
    const run: AnyMessage = { ...runPlainly, extra: ["more", "and\xff"] };
    const decide = answering(hit({ files, out: bytesOf("said") }), run, done);
    const told = await play({ launcher, decide, script: `mkdir x; ${zc} echo ran` });
    assertEquals([told.out, told.code], ["more and\xff ran\n", 0]);
    assertEquals(told.heard.map(({ name }) => name), ["ask", "cannot", "report"]);
  });
}

Deno.test("RUN ends with the engine where it is a one-shot's child", async () => {
  const engine = `sh -c "$Z \\$\\$ -- sh -c 'sleep 1; echo late >late' & sleep 0.3; kill -KILL \\$\\$"`;
  const script = `Z="$L --socket $S --build ${
    buildId.toString(16)
  } --one-shot"; ${engine} >log 2>&1; sleep 1.2; ls`;
  const told = await play({ launcher: plain, script, decide: answering(runPlainly) });
  assertEquals(told.out, "log\n");
});

Deno.test("RUN does not begin where the engine of a one-shot has ended already", async () => {
  const script =
    `dead=$(sh -c 'echo $$'); "$L" --socket "$S" --one-shot $dead -- sh -c 'echo late >late'; echo $?; ls`;
  for (const decide of [answering(runPlainly), undefined]) {
    const told = await play({ launcher: plain, script, decide });
    assertEquals([told.out, told.heard], ["126\n", []]);
  }
});
