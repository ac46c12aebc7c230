import { assert, assertEquals } from "@std/assert";
import { type AnyMessage, decode, encode, type Message } from "../protocol/mod.ts";
import { Conversation, type Deciding, type Step } from "./conversation.ts";

const build = 7n;
// deno-fmt-ignore: a frame a line
const frames = {
  ask: { name: "ask", pid: 1, flags: 0, umask: 0o22, window: 0, namespace: 1n, root: 2n, cwd: "/", tool: "/usr/bin/cc", argv: ["cc"], env: "" },
  cannot: { name: "cannot", errno: 13, path: "a.o" },
  report: { name: "report", status: 0, flags: 0, wall_us: 5n, out: new Uint8Array(), err: new Uint8Array() },
  kept: { name: "kept", files: [{ errno: 0, mode: 0o644, size: 3n }] },
  left: { name: "left", wall_us: 5n, files: [{ errno: 0, mode: 0o644, size: 3n }] },
  status: { name: "admin", verb: "status", args: [] },
  hit: { name: "hit", status: 0, flags: 0, out: new Uint8Array(), err: new Uint8Array(), files: [] },
  read: { name: "read", most: 9 },
  input: { name: "input", flags: 0, bytes: new Uint8Array([1]) },
  run: { name: "run", tracer: "/t.so", record: "/r", extra: [], priority: 0, deploy: [], foreseen: [] },
  pass: { name: "pass", outcome: "pass_query" },
  keep: { name: "keep", wait: 1, files: [{ path: "a.o", to: "/s/1" }] },
  done: { name: "done", outcome: "miss_new" },
} as const satisfies Record<string, AnyMessage>;

type Sent = "ask" | "input" | "cannot" | "report" | "kept" | "left" | "status" | "hit" | "nonsense";

interface Scene {
  answer?: "read" | "hit" | "run" | "pass";
  cannot?: "run" | "pass";
  afterInput?: "hit" | "run" | "pass";
  report?: "keep" | "done";
  /** An equal run is under way when the request comes. */
  equal?: boolean;
  throwIn?: string;
  /** Nobody waits for the end. */
  leavesEarly?: boolean;
  refusal?: string;
  /** The tool starts before the request has a name. */
  unnamed?: boolean;
}

/** Plays `sent` against a decider that answers as `scene` says; the answers' names and what the decider was told. */
async function play(sent: Sent[], scene: Scene) {
  const told: string[] = [], warned: string[] = [], counted: string[] = [], answers: string[] = [];
  const over = Promise.resolve();
  const tell = <M>(what: string, reply: M): M => {
    told.push(what);
    if (scene.throwIn === what) throw new Error("the store is damaged");
    return reply;
  };
  const decider: Deciding<string> = {
    ask: () =>
      tell(
        "ask",
        scene.equal ? { over, mostMs: 60_000, job: "job" } : {
          reply: frames[scene.answer ?? "run"],
          job: "job",
          after: scene.unnamed ? () => tell("name", undefined) : undefined,
        },
      ),
    input: () => tell("input", { reply: frames[scene.afterInput ?? "run"], job: "job" }),
    again: () => tell("again", frames[scene.answer === "hit" ? "hit" : "run"]),
    cannot: () => tell("cannot", frames[scene.cannot ?? "run"]),
    report: () => ({
      reply: tell("report", frames[scene.report ?? "keep"]),
      after: () => tell("look", undefined),
    }),
    kept: () => {
      const reply = tell("kept", scene.leavesEarly ? undefined : frames.done);
      return { reply, after: () => tell("store", undefined) };
    },
    left: () => ({ reply: tell("left", frames.done), after: () => tell("store", undefined) }),
    ended: () => tell("ended", undefined),
  };
  const conversation = new Conversation<string>({
    decider,
    build,
    log: { info: () => {}, warn: (text: string) => void warned.push(text) },
    refuse: () => scene.refusal,
    count: (outcome) => void counted.push(outcome),
    admin: (verb) => verb === scene.throwIn ? Promise.reject(new Error("no")) : Promise.resolve({ verb }),
  });
  let closed = false;
  for (const name of sent) {
    assert(!closed, `${name} comes after the end`);
    let step: Step | undefined = conversation.receive(
      name === "nonsense" ? new Uint8Array(20) : encode(frames[name], build),
    );
    for (; step !== undefined; step = await step.later) {
      closed = step.close;
      if (step.frame !== undefined) answers.push(...said(step.frame));
      step.after?.();
    }
  }
  conversation.end();
  conversation.end();
  return { answers, told, warned: warned.length, counted, closed };
}

/** What a frame says, for comparing. */
function said(frame: Uint8Array): string[] {
  const decoded = decode(frame);
  if ("problem" in decoded) throw new Error(decoded.problem);
  const { message } = decoded;
  if (message.name === "answer") return [new TextDecoder().decode(message.json)];
  return message.name === "pass" || message.name === "done"
    ? [message.name, message.outcome]
    : [message.name];
}

const cases: {
  name: string;
  sent: Sent[];
  scene: Scene;
  answers: string[];
  told: string[];
  warned?: number;
}[] = [
  { name: "delivers", sent: ["ask"], scene: { answer: "hit" }, answers: ["hit"], told: ["ask", "ended"] },
  {
    name: "passes",
    sent: ["ask"],
    scene: { answer: "pass" },
    answers: ["pass", "pass_query"],
    told: ["ask", "ended"],
  },
  {
    name: "runs and says nothing to who does not wait for the end",
    sent: ["ask", "report", "kept"],
    scene: { leavesEarly: true },
    answers: ["run", "keep"],
    told: ["ask", "report", "look", "kept", "store", "ended"],
  },
  {
    name: "runs before it is named",
    sent: ["ask", "left"],
    scene: { unnamed: true },
    answers: ["run", "done", "miss_new"],
    told: ["ask", "name", "left", "store", "ended"],
  },
  {
    name: "runs on where no name is found",
    sent: ["ask", "left"],
    scene: { unnamed: true, throwIn: "name" },
    answers: ["run", "done", "miss_new"],
    told: ["ask", "name", "left", "store", "ended"],
    warned: 1,
  },
  {
    name: "runs, and all is staged as foreseen",
    sent: ["ask", "left"],
    scene: {},
    answers: ["run", "done", "miss_new"],
    told: ["ask", "left", "store", "ended"],
  },
  {
    name: "takes nothing as staged while outputs are on their way",
    sent: ["ask", "report", "left"],
    scene: {},
    answers: ["run", "keep", "done", "error_internal"],
    told: ["ask", "report", "look", "ended"],
    warned: 1,
  },
  {
    name: "asks for the source on standard input, then delivers",
    sent: ["ask", "input", "cannot"],
    scene: { answer: "read", afterInput: "hit", cannot: "pass" },
    answers: ["read", "hit", "pass", "pass_query"],
    told: ["ask", "input", "cannot", "ended"],
  },
  {
    name: "passes where the source is not what follows",
    sent: ["ask", "report"],
    scene: { answer: "read" },
    answers: ["read", "pass", "error_internal"],
    told: ["ask", "ended"],
    warned: 1,
  },
  {
    name: "waits for an equal run and delivers its result",
    sent: ["ask", "cannot"],
    scene: { equal: true, answer: "hit", cannot: "pass" },
    answers: ["wait", "hit", "pass", "pass_query"],
    told: ["ask", "again", "cannot", "ended"],
  },
  {
    name: "passes where the decision after waiting fails",
    sent: ["ask"],
    scene: { equal: true, throwIn: "again" },
    answers: ["wait", "pass", "error_internal"],
    told: ["ask", "again", "ended"],
    warned: 1,
  },
  {
    name: "runs, keeps and ends",
    sent: ["ask", "report", "kept"],
    scene: {},
    answers: ["run", "keep", "done", "miss_new"],
    told: ["ask", "report", "look", "kept", "store", "ended"],
  },
  {
    name: "runs with nothing to keep",
    sent: ["ask", "report"],
    scene: { report: "done" },
    answers: ["run", "done", "miss_new"],
    told: ["ask", "report", "look", "ended"],
  },
  {
    name: "runs what could not be delivered",
    sent: ["ask", "cannot", "report", "kept"],
    scene: { answer: "hit" },
    answers: ["hit", "run", "keep", "done", "miss_new"],
    told: ["ask", "cannot", "report", "look", "kept", "store", "ended"],
  },
  {
    name: "passes what could not be delivered",
    sent: ["ask", "cannot"],
    scene: { answer: "hit", cannot: "pass" },
    answers: ["hit", "pass", "pass_query"],
    told: ["ask", "cannot", "ended"],
  },
  {
    name: "answers nonsense with pass",
    sent: ["nonsense"],
    scene: {},
    answers: ["pass", "error_internal"],
    told: [],
    warned: 1,
  },
  {
    name: "answers nonsense after the run with done",
    sent: ["ask", "nonsense"],
    scene: {},
    answers: ["run", "done", "error_internal"],
    told: ["ask", "ended"],
    warned: 1,
  },
  {
    name: "answers a frame that may not come now with pass",
    sent: ["report"],
    scene: {},
    answers: ["pass", "error_internal"],
    told: [],
    warned: 1,
  },
  {
    name: "answers a decider's own message with pass",
    sent: ["hit"],
    scene: {},
    answers: ["pass", "error_internal"],
    told: [],
    warned: 1,
  },
  {
    name: "takes no second ask",
    sent: ["ask", "ask"],
    scene: {},
    answers: ["run", "done", "error_internal"],
    told: ["ask", "ended"],
    warned: 1,
  },
  {
    name: "passes when deciding throws",
    sent: ["ask"],
    scene: { throwIn: "ask" },
    answers: ["pass", "error_internal"],
    told: ["ask"],
    warned: 1,
  },
  {
    name: "ends the run when its report throws",
    sent: ["ask", "report"],
    scene: { throwIn: "report" },
    answers: ["run", "done", "error_internal"],
    told: ["ask", "report", "ended"],
    warned: 1,
  },
  ...["look", "store"].map((throwIn) => ({
    name: `goes on where the ${throwIn} throws that comes after the answer`,
    sent: ["ask", "report", "kept"] as Sent[],
    scene: { throwIn },
    answers: ["run", "keep", "done", "miss_new"],
    told: ["ask", "report", "look", "kept", "store", "ended"],
    warned: 1,
  })),
  {
    name: "survives a decider that throws at the end",
    sent: ["ask"],
    scene: { answer: "pass", throwIn: "ended" },
    answers: ["pass", "pass_query"],
    told: ["ask", "ended"],
    warned: 1,
  },
  { name: "answers a question", sent: ["status"], scene: {}, answers: ['{"verb":"status"}'], told: [] },
  {
    name: "answers a question that fails",
    sent: ["status"],
    scene: { throwIn: "status" },
    answers: ['{"error":"no"}'],
    told: [],
    warned: 1,
  },
];

for (const { name, sent, scene, answers, told, warned } of cases) {
  Deno.test(`Conversation ${name}`, async () => {
    const got = await play(sent, scene);
    assertEquals({ answers: got.answers, told: got.told, warned: got.warned }, {
      answers,
      told,
      warned: warned ?? 0,
    });
    const last = sent[sent.length - 1], open = answers[answers.length - 1] === "hit";
    assertEquals(got.closed, !open, `after ${last} it is ${got.closed ? "closed" : "open"}`);
  });
}

Deno.test("Conversation counts a refused asker and never asks the decider", async () => {
  const got = await play(["ask"], { refusal: "pass_other_file_tree" });
  assertEquals(got.answers, ["pass", "pass_other_file_tree"]);
  assertEquals(got.counted, ["pass_other_file_tree"]);
  assertEquals(got.told, []);
});

Deno.test("Conversation waits for a run without limit and for all else with one", () => {
  const decider = { ask: () => ({ reply: frames.run, job: 1 }) } as unknown as Deciding<number>;
  const conversation = new Conversation<number>({
    decider,
    build,
    log: { info: () => {}, warn: () => {} },
    refuse: () => undefined,
    count: () => {},
    admin: () => Promise.resolve(),
  });
  assert(conversation.patienceMs < 60_000);
  assertEquals(conversation.running, false);
  conversation.receive(encode(frames.ask as Message<"ask">, build));
  assertEquals([conversation.patienceMs, conversation.running], [Infinity, true]);
});
