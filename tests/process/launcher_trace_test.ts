/**
 * The launcher and the trace record: who is started traced and with which environment, and what a launcher inside
 * a trace writes down. The tracer here is an empty library: its own tests are elsewhere.
 */
import { assert, assertEquals } from "@std/assert";
import { header, traceVariable } from "../../lib/trace/format.ts";
import { readRecord, type Record, RecordPool, type TraceEvent } from "../../lib/trace/mod.ts";
import type { AnyMessage, Message } from "../../lib/protocol/mod.ts";
import {
  answering,
  deadlineMs,
  launchers,
  leftDeadlineMs,
  newFolder,
  type Peer,
  plain,
  play,
  runPlainly,
  zc,
} from "./fake_decider.ts";

const interpreter = Deno.statSync("/lib64/ld-linux-x86-64.so.2");
const interpreters = [{ dev: BigInt(interpreter.dev), ino: BigInt(interpreter.ino!) }];
const done: AnyMessage = { name: "done", outcome: "" };
const folder = newFolder();
const tracer = `${folder}/tracer.so`, other = `${folder}/other.so`;
for (const path of [tracer, other]) cc("", ["-shared", "-fPIC", "-o", path]);
cc("int main(void) { return 4; }", ["-static", "-o", `${folder}/static`]);

function cc(text: string, options: string[]): void {
  Deno.writeTextFileSync(`${folder}/x.c`, text);
  const made = new Deno.Command("cc", { args: ["-x", "c", `${folder}/x.c`, ...options] }).outputSync();
  assert(made.success, new TextDecoder().decode(made.stderr));
}

async function withRecord(body: (record: Record) => Promise<void>): Promise<void> {
  const pool = new RecordPool(newFolder());
  const record = pool.take({ ttys: 0, window: 0, interpreters, lists: true });
  try {
    await body(record);
  } finally {
    record.forget();
    pool.close();
  }
}

function runTraced(record: Record) {
  return answering({ ...runPlainly, tracer, record: record.path }, done);
}

for (const launcher of launchers) {
  Deno.test(`TRACE (${launcher.name}) puts the tracer behind the user's own preload, and names the record`, () =>
    withRecord(async (record) => {
      // The sanitizer itself refuses to stand behind another preload.
      const behind = launcher === plain ? `env -i LD_PRELOAD=${other} A=1 ${zc} env` : "true";
      const told = await play({
        launcher,
        script: `env -i A=1 ${zc} env; ${behind}`,
        decide: runTraced(record),
      });
      const last = `${traceVariable}=${record.path}\n`;
      const second = launcher === plain ? `LD_PRELOAD=${other}:${tracer}\nA=1\n${last}` : "";
      assertEquals(told.out, `A=1\nLD_PRELOAD=${tracer}\n${last}${second}`);
    }));

  Deno.test(`TRACE (${launcher.name}) tells the tracer which pipes stand for 1 and 2`, () =>
    withRecord(async (record) => {
      const script = `${zc} sh -c 'stat -Lc %i /proc/self/fd/1; stat -Lc %i /proc/self/fd/2'`;
      const told = await play({ launcher, script, decide: runTraced(record) });
      const words = new Uint32Array(record.read().slice(0, 256).buffer);
      assertEquals(told.out, `${words[header.captures]}\n${words[header.captures + 2]}\n`);
      assert(words[header.captures] !== words[header.captures + 2]);
    }));
}

/** What a run was foreseen to leave, x and x.d, and what is said where it does that or something else. */
const foreseen: { name: string; made: string; said: string[]; code?: number; seen?: number }[] = [
  { name: "leaves just that", made: "printf out >x; chmod 755 x; echo in >x.d", said: ["left"], seen: 1 },
  { name: "leaves more", made: "echo >x; echo >x.d; echo >y", said: ["left"], seen: 1 },
  { name: "leaves less", made: "echo >x", said: ["report"] },
  { name: "leaves a link", made: "echo >y; ln -s y x; echo >x.d", said: ["report"] },
  { name: "leaves a folder", made: "mkdir x; echo >x.d", said: ["report"] },
  { name: "says something", made: "echo >x; echo >x.d; echo odd", said: ["report"] },
  { name: "warns", made: "echo >x; echo >x.d; echo odd >&2", said: ["report"] },
  { name: "fails", made: "echo >x; echo >x.d; exit 3", said: ["report"], code: 3 },
  { name: "dies", made: "echo >x; echo >x.d; kill -9 $$", said: ["report"], code: 137 },
  { name: "leaves somebody behind", made: "echo >x; echo >x.d; sleep 1 >/dev/null 2>&1 &", said: ["report"] },
];

for (const launcher of launchers) {
  for (const { name, made, said, code = 0, seen = 0 } of foreseen) {
    Deno.test(`FORESEEN (${launcher.name}): a run that ${name}`, () =>
      withRecord(async (record) => {
        const stage = newFolder(), files = ["x", "x.d"].map((path) => ({ path, to: `${stage}/${path}` }));
        const run = { ...runPlainly, tracer, record: record.path, foreseen: files };
        const script = `umask 022; ${zc} sh -c '${made}'`;
        const told = await play({ launcher, script, decide: answering(run, done) });
        assertEquals([told.code, told.heard.slice(1).map((message) => message.name)], [code, said]);
        const bytes = record.read(), words = new Uint32Array(bytes.slice(0, 256).buffer);
        assertEquals(words[header.left], seen);
        if (name !== "leaves just that") return;
        const left = told.heard.at(-1) as Message<"left">;
        assertEquals(left.files.map((file) => [file.errno, file.mode, file.size]), [[0, 0o100755, 3n], [
          0,
          0o100644,
          3n,
        ]]);
        assertEquals([words[header.modes], words[header.modes + 1]], [0o100755, 0o100644]);
        assertEquals(BigInt(words[header.wall]), left.wall_us);
        assertEquals([...Deno.readDirSync(stage)].map((file) => file.name).sort(), ["x", "x.d"]);
        assertEquals(Deno.readTextFileSync(`${stage}/x`), "out");
        assertEquals(Deno.statSync(`${stage}/x`).mode! & 0o777, 0o444);
      }));
  }
}

Deno.test("FORESEEN ends as the tool where the decider dies once it has heard", () =>
  withRecord(async (record) => {
    const run = {
      ...runPlainly,
      tracer,
      record: record.path,
      foreseen: [{ path: "x", to: `${newFolder()}/x` }],
    };
    const decide = async (peer: Peer) => {
      await peer.expect("ask");
      await peer.say(run);
      await peer.expect("left");
    };
    const told = await play({ launcher: plain, script: `${zc} sh -c 'echo >>x'; wc -l <x`, decide });
    assertEquals([told.code, told.out.trim(), told.err], [0, "1", ""]);
  }));

Deno.test("FORESEEN goes where nobody answers in time: all is staged, and the record says so", () =>
  withRecord(async (record) => {
    const run = {
      ...runPlainly,
      tracer,
      record: record.path,
      foreseen: [{ path: "x", to: `${newFolder()}/x` }],
    };
    const told = await play({ launcher: plain, script: `${zc} sh -c 'echo >x'`, decide: answering(run) });
    assertEquals([told.code, told.heard.at(-1)?.name], [0, "left"]);
    assert(told.ms >= leftDeadlineMs && told.ms < deadlineMs, `it took ${told.ms} ms`);
  }));

Deno.test("FORESEEN is nothing without a record, of no file, or beyond what a record holds", () =>
  withRecord(async (record) => {
    const stage = newFolder(), files = ["x", "y", "z"].map((path) => ({ path, to: `${stage}/${path}` }));
    const script = `${zc} sh -c 'echo >x; echo >y; echo >z'`;
    const runs = [
      { ...runPlainly, foreseen: files.slice(0, 1) },
      { ...runPlainly, tracer, record: record.path },
      { ...runPlainly, tracer, record: record.path, foreseen: files },
    ];
    for (const run of runs) {
      const told = await play({ launcher: plain, script, decide: answering(run, done) });
      assertEquals(told.heard.map((message) => message.name), ["ask", "report"]);
    }
  }));

const untraceable = {
  "a static program": { tool: `${folder}/static`, code: 4 },
  "a program that is no ELF file": { tool: `${folder}/text`, code: 5 },
};
Deno.writeTextFileSync(`${folder}/text`, "exit 5", { mode: 0o755 });
for (const [name, { tool, code }] of Object.entries(untraceable)) {
  Deno.test(`TRACE passes ${name}, which no tracer enters`, () =>
    withRecord(async (record) => {
      const told = await play({ launcher: plain, script: `${zc} ${tool}`, decide: runTraced(record) });
      assertEquals([told.code, told.err], [code, ""]);
      assertEquals(told.heard.map((message) => message.name), ["ask"]);
    }));
}

Deno.test("TRACE enters a script through its interpreter", () =>
  withRecord(async (record) => {
    const script = `printf '#!/bin/sh\\necho $LD_PRELOAD' >tool; chmod +x tool; ${zc} ./tool`;
    assertEquals((await play({ launcher: plain, script, decide: runTraced(record) })).out, `${tracer}\n`);
  }));

/** What a launcher inside a trace says; nobody must be asked. */
async function toldInside(record: Record, tool: string): Promise<{ out: string; events: TraceEvent[] }> {
  const script = `mkdir bin; export ${traceVariable}=${record.path} LD_PRELOAD=${other}:${tracer};
    PATH=$PWD/nowhere:bin:/usr/bin exec ${zc} ${tool}`;
  const told = await play({ launcher: plain, folder: newFolder(), script, decide: runTraced(record) });
  assertEquals([told.heard, told.err], [[], ""]);
  const read = readRecord(record.read(), "/");
  if ("problem" in read) throw new Error(read.problem);
  return { out: told.out, events: read.events };
}

Deno.test("TRACE has a launcher inside it say hello, the walk over PATH and what it becomes", () =>
  withRecord(async (record) => {
    const { out, events } = await toldInside(record, "env");
    assert(
      out.includes(`LD_PRELOAD=${other}:${tracer}\n`) && out.includes(`${traceVariable}=${record.path}\n`),
    );
    const [hello, ...rest] = events;
    if (hello.kind !== "hello") throw new Error(`first event is ${hello.kind}`);
    assertEquals(hello.path, Deno.realPathSync(plain.path));
    assertEquals(rest.map((event) => [event.kind, "path" in event && event.path]), [
      ["absent", `${hello.cwd}/nowhere/env`],
      ["absent", `${hello.cwd}/bin/env`],
      ["exec", "/usr/bin/env"],
    ]);
  }));

Deno.test("TRACE has a launcher inside it start what cannot be entered without the tracer, and say so", () =>
  withRecord(async (record) => {
    const { events } = await toldInside(record, `${folder}/static`);
    assertEquals(events.map(({ kind }) => kind), ["hello", "ungated"]);
    const plainly = await play({
      launcher: plain,
      script:
        `export ${traceVariable}=${record.path} LD_PRELOAD=${other}:${tracer}; ${zc} ${folder}/text 2>&1`,
    });
    assertEquals([plainly.out, plainly.code], ["", 5]);
  }));

Deno.test("TRACE runs the tool without the tracer where its variables make the environment too long", () =>
  withRecord(async (record) => {
    const deep = `${newFolder()}${`/${"d".repeat(200)}`.repeat(18)}`;
    Deno.mkdirSync(deep, { recursive: true });
    Deno.copyFileSync(tracer, `${deep}/t.so`);
    // The longest environment that the launcher itself can be started with, to 500 bytes; the tracer needs 3,600 more.
    const script = `ulimit -s 512; a=$(head -c 60000 /dev/zero | tr '\\0' x); n=73000
      while ! env -i A=$a B=$(head -c $n /dev/zero | tr '\\0' x) ${zc} sh -c 'echo ran $LD_PRELOAD' 2>/dev/null; do
        n=$((n - 500)); [ $n -gt 0 ] || exit 1
      done; [ $n -lt 73000 ] && echo found`;
    const decide = answering({ ...runPlainly, tracer: `${deep}/t.so`, record: record.path }, done);
    const told = await play({ launcher: plain, script, decide });
    assertEquals(told.out, "ran\nfound\n");
    assertEquals(told.heard.map(({ name }) => name), ["ask", "report"]);
  }));
