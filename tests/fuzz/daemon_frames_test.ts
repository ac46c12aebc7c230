/**
 * Whatever clients send, a daemon neither dies nor grows, and the next compile is served as if nothing had been.
 *
 * The frames are those of true conversations (asks that hit, asks that run, reports, rows of kept files), damaged,
 * out of order, repeated, cut off and left open, sent to the executable as it is shipped.
 */
import { assert, assertEquals } from "@std/assert";
import { fromText } from "../../lib/base/bytes.ts";
import { close, connectTo, libc, send } from "../../lib/os/mod.ts";
import { askAdmin, receiveFrame } from "../../lib/daemon/client.ts";
import { ownFileTree } from "../../lib/daemon/file_tree.ts";
import { type AnyMessage, decode, encode } from "../../lib/protocol/mod.ts";
import { Compiling } from "../crash/compiling.ts";
import { until } from "../process/engine.ts";
import { damaged, Random, randomFor, sized, steps } from "./frames.ts";

libc(); // opened before the tests, which would call it a leak

/** Conversations; each sends some three frames. */
const conversations = steps(2_500);
/** The daemon's heap and buffers have their size after so many. */
const warmUp = 2_500;
/** What resident memory may vary by: V8 collects when it likes. 40,000 conversations were seen to add 47 MB, all in the first thousands. */
const mostGrowthBytes = 64 << 20;
/** Connections that are left open in the middle of a frame, at most. */
const mostLingering = 24;
const build = 0n;

/** Frames as a true client sends them, of a compile that hits, one that runs, a link and an archive. */
function trueFrames(world: Compiling): { asks: Frame[]; later: Frame[]; odd: Frame[] } {
  const tree = ownFileTree()!, tool = which("cc");
  const ask = (...argv: string[]): AnyMessage => ({
    name: "ask",
    pid: Deno.pid,
    flags: 16,
    umask: 0o22,
    window: 0,
    namespace: tree.namespace,
    root: tree.root,
    cwd: fromText(world.work),
    tool: argv[0] === "cc" ? tool : which(argv[0]),
    argv,
    env: Object.entries(world.env).map(([name, value]) => `${name}=${value}\0`).join(""),
  });
  const texts = { out: new Uint8Array([111, 117, 116]), err: new Uint8Array(300) };
  const asks = [
    ask("cc", "-c", "right.c", "-o", "right.o"),
    ask("cc", "-c", "right.c", "-o", "other.o"),
    ask("cc", "@words", "right.o", "-o", "right"),
    ask("ar", "rcs", "right.a", "right.o", "missing.o"),
  ];
  const later: AnyMessage[] = [
    { name: "report", status: 0, flags: 0, wall_us: 12n, ...texts },
    { name: "report", status: 256, flags: 0, wall_us: 12n, ...texts },
    { name: "kept", files: Array.from({ length: 3 }, () => ({ errno: 0, mode: 0o100644, size: 912n })) },
    { name: "cannot", errno: 17, path: "right.o" },
  ];
  const odd: AnyMessage[] = [
    { name: "admin", verb: "status", args: ["a", "b"] },
    { name: "admin", verb: "flush", args: [] },
    { name: "admin", verb: "no such verb", args: ["x".repeat(300)] },
    { name: "done", outcome: "hit" },
    { name: "pass", outcome: "" },
    { name: "keep", wait: 1, files: [{ path: "right.o", to: "/nowhere" }] },
    { name: "answer", json: new Uint8Array([123, 125]) },
  ];
  const frames = (messages: AnyMessage[]) => messages.map((message) => encode(message, build));
  return { asks: frames(asks), later: frames(later), odd: frames(odd) };
}
type Frame = Uint8Array<ArrayBuffer>;

function which(name: string): string {
  const { stdout } = new Deno.Command("sh", { args: ["-c", `command -v ${name}`] }).outputSync();
  return fromText(new TextDecoder().decode(stdout).trim());
}

/** The frames of one conversation: mostly in order, mostly sound, seldom both. */
function conversation(random: Random, { asks, later, odd }: ReturnType<typeof trueFrames>): Frame[] {
  if (random.once(8)) return [random.bytes(random.below(3_000))];
  if (random.once(40)) return [sized(new Uint8Array(1 << 20).fill(random.below(256)))];
  const frames = [random.of(random.once(5) ? odd : asks)];
  while (!random.once(3)) frames.push(random.of(random.once(6) ? [...asks, ...odd] : later));
  const ordered = random.once(4) ? random.shuffled(frames) : frames;
  return ordered.flatMap((frame) => {
    const one = random.once(3) ? ofOldBuild(damaged(random, frame)) : frame;
    return random.once(10) ? [one, one] : [one];
  });
}

/** With a newer build in its head a frame would be right, and the daemon right to hand over to that build. */
function ofOldBuild(frame: Frame): Frame {
  return frame.fill(0, 8, 16);
}

/** Sends as much as the daemon takes at once; the rest is lost, as of a client that dies. */
function say(socket: string, frames: Frame[]): number {
  const descriptor = connectTo(socket);
  assert(descriptor >= 0, `connect: errno ${-descriptor}`);
  for (const frame of frames) if (send(descriptor, frame) < frame.length) break;
  return descriptor;
}

/** Where the daemon has answered, it has answered with a sound frame. */
function listen(descriptor: number): void {
  const frame = receiveFrame(descriptor, performance.now() + 2);
  const read = frame && decode(frame);
  if (read !== undefined && "problem" in read) throw new Error(`the daemon sent nonsense: ${read.problem}`);
}

/** What a process has open, sorted. */
function descriptorsOf(pid: number): string[] {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "closed since";
      throw error;
    }
  }).sort();
}

/** The file of debts, which a daemon opens with the first one and keeps open. */
function holdsDebts(descriptors: readonly string[]): boolean {
  return descriptors.some((path) => /\/owed-\d+-\d+$/.test(path));
}

function residentBytes(pid: number): number {
  const line = /^VmRSS:\s*(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return Number(line![1]) * 1024;
}

class Onslaught {
  readonly #lingering: number[] = [];
  readonly #frames: ReturnType<typeof trueFrames>;

  constructor(readonly world: Compiling, readonly random: Random, readonly socket: string) {
    this.#frames = trueFrames(world);
  }

  /** Some conversations. The daemon must still answer in time after every hundred of them. */
  go(count: number): void {
    for (let i = 1; i <= count; i++) {
      const descriptor = say(this.socket, conversation(this.random, this.#frames));
      if (this.random.once(20)) listen(descriptor);
      if (this.random.once(12)) this.#lingering.push(descriptor);
      else close(descriptor);
      if (this.#lingering.length > mostLingering) close(this.#lingering.shift()!);
      if (i % 100 === 0) this.ask();
    }
  }

  ask(): void {
    const answer = askAdmin(this.socket, { verb: "status", build, deadlineMs: 5_000 });
    assert(typeof answer === "object", `after damaged frames the daemon is ${answer}`);
  }

  end(): void {
    for (const descriptor of this.#lingering.splice(0)) close(descriptor);
  }
}

Deno.test(`${conversations} damaged conversations leave a daemon as it was`, async () => {
  const random = randomFor("daemon");
  await using world = new Compiling("daemon");
  await world.source("right", 400);
  Deno.writeTextFileSync(`${world.work}/words`, "-g @words -O1");
  for (let i = 0; i < 2; i++) await world.build("right");
  const pid = await world.daemon(), socket = fromText(`${world.runtime}/${world.inRuntime(".sock")[0]}`);
  const onslaught = new Onslaught(world, random, socket), descriptors = descriptorsOf(pid);
  onslaught.go(warmUp);
  const before = residentBytes(pid);
  onslaught.go(conversations);
  const growth = residentBytes(pid) - before;
  onslaught.end();
  console.log(`resident ${before >> 20} MB after ${warmUp}, ${growth >> 20} MB more after ${conversations}`);
  assert(growth < mostGrowthBytes, `resident memory grew by ${growth >> 20} MB`);
  assertEquals(await world.daemon(), pid, "it is another daemon");
  // A record in reserve for each run that there was at a time; nothing else stays open.
  const reserve = () => world.inRuntime("").filter((name) => name.startsWith("record-")).length;
  const most = descriptors.length + (holdsDebts(descriptors) ? 0 : 1);
  try {
    await until("connections are closed", () => descriptorsOf(pid).length - reserve() <= most);
  } catch (error) {
    throw new Error(`before: ${descriptors.join(" ")}\nnow: ${descriptorsOf(pid).join(" ")}`, {
      cause: error,
    });
  }
  assertEquals(await world.outcome("right"), "hit", world.log().slice(-2_000));
  await world.stop();
  assertEquals(world.inRuntime("").filter((name) => /^record-|\.sock$/.test(name)), []);
  assertEquals(world.temporary(), []);
});

Deno.test("what clients only claim to send costs a daemon no memory", async () => {
  await using world = new Compiling("daemon");
  await world.run(["start"]);
  const pid = await world.daemon(), socket = fromText(`${world.runtime}/${world.inRuntime(".sock")[0]}`);
  const ask = () => askAdmin(socket, { verb: "status", build, deadlineMs: 5_000 });
  const claim = new Uint8Array(64);
  new DataView(claim.buffer).setUint32(0, 16 << 20, true);
  const before = residentBytes(pid);
  for (let round = 0; round < 20; round++) {
    const open = Array.from({ length: 40 }, () => say(socket, [claim]));
    assert(typeof ask() === "object", "the daemon is silent"); // and has therefore read them all
    open.forEach(close);
  }
  assert(typeof ask() === "object", "the daemon is silent");
  const growth = residentBytes(pid) - before;
  assert(growth < mostGrowthBytes, `resident memory grew by ${growth >> 20} MB`);
});
