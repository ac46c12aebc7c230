/**
 * kill -9 between the acknowledgement of a compile and the writing of its unit: whoever opens the cache next makes the
 * unit of what was put down, or of nothing that is not what the compiler saw.
 */
import { assert, assertEquals } from "@std/assert";
import { fromText, shown } from "../../lib/base/bytes.ts";
import { Decider, type Job } from "../../lib/lookup/mod.ts";
import { type FileState, fileSystemType, libc, statx } from "../../lib/os/mod.ts";
import { Tree } from "../../lib/inputs/mod.ts";
import { encode, type Message } from "../../lib/protocol/mod.ts";
import { openStore } from "../../lib/store/testing.ts";
import { header, headerWords } from "../../lib/trace/format.ts";
import { RecordPool, traceVariable } from "../../lib/trace/mod.ts";
import { tracer } from "../native/traced.ts";
import { lives, until } from "../process/engine.ts";
import { Compiling } from "./compiling.ts";

libc(); // opened here, so that no test seems to leak it

const loader = statx("/lib64/ld-linux-x86-64.so.2") as FileState;
/** Above any pid. */
const dead = 2 ** 22 + 5;

/** A folder with a source and a header. */
class Sources {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-owed-" }));
  readonly store = `${this.folder}/cache/v1`;
  compiler = "/usr/bin/gcc";
  argv = ["gcc", "-MD", "-Iinc", "-c", "a.c", "-o", "a.o"];
  env = "PATH=/usr/bin:/bin\0LC_ALL=C\0";

  constructor() {
    this.sh("mkdir cache inc; chmod 700 cache; echo 'int v = 1;' > inc/v.h; echo '#include <v.h>' > a.c");
  }
  sh(script: string): void {
    // What is written is older than a run that reads it.
    const args = ["-ec", `${script}\nsleep 0.03`];
    assert(new Deno.Command("sh", { args, cwd: this.folder }).outputSync().success, script);
  }
  /** Puts the debt that stands where a process that has died would have left it. */
  leaveDebt(): void {
    Deno.copyFileSync(`${this.store}/tmp/owed-${Deno.pid}-1`, `${this.store}/tmp/owed-${dead}-1`);
  }
  debts(): number {
    return [...Deno.readDirSync(`${this.store}/tmp`)].filter(({ name }) => name.startsWith("owed-")).length;
  }
  staged(): string[] {
    return [...Deno.readDirSync(`${this.store}/tmp`)].map(({ name }) => name);
  }
  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Stages a file as the launcher does. */
function stage({ path, to }: { path: string; to: string }) {
  Deno.copyFileSync(shown(path), shown(to));
  Deno.chmodSync(shown(to), 0o444);
  return { errno: 0, mode: 0o100644, size: BigInt(Deno.statSync(shown(to)).size) };
}

/** Says in a record how the run went, as the launcher does. */
function noteLeft(path: string, { wall_us, files }: Message<"left">): void {
  using file = Deno.openSync(path, { read: true, write: true });
  const words = new Uint32Array(headerWords), bytes = new Uint8Array(words.buffer);
  file.readSync(bytes);
  words.set(files.map(({ mode }) => mode), header.modes);
  words[header.wall] = Number(wall_us);
  words[header.left] = 1;
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

/** A decider that compiles by a launcher made of some lines. */
class Deciding {
  readonly outcomes: string[] = [];
  readonly said: string[] = [];
  readonly decider: Decider;
  /** As a daemon does while a tool runs, if that takes a while. */
  follows = true;
  /** The asker. */
  pid: number = Deno.pid;
  readonly #opened;
  readonly #records: RecordPool;
  readonly #tree: Tree;
  readonly #sources: Sources;

  constructor(sources: Sources, mode: "daemon" | "one-shot" = "daemon") {
    this.#sources = sources;
    this.#opened = openStore(sources.store, mode, { now: () => Date.now() });
    const say = (text: string) => void this.said.push(text), log = { info: say, warn: say };
    this.#records = new RecordPool(sources.folder);
    const tree = Tree.open({ log, mostWatches: 1000, fileSystemOf: fileSystemType });
    if (typeof tree === "number") throw new Error("inotify is refused");
    this.#tree = tree;
    this.decider = new Decider({
      divides: true,
      store: this.store,
      records: this.#records,
      tracer: fromText(tracer),
      interpreters: [loader],
      log,
      trace: "auto",
      now: () => Date.now(),
      watch: mode === "daemon" ? { tree, wake() {} } : undefined,
      count: (outcome) => void this.outcomes.push(outcome),
    });
    this.decider.payDebts();
  }

  get store() {
    return this.#opened.store;
  }

  /**
   * Compiles up to the acknowledgement; what is to be done then is given back, where the tool ran. `meanwhile`: what
   * happens as soon as the launcher has gone.
   */
  compile(
    meanwhile?: () => void,
    begun?: (run: Message<"run">, job: Job) => void,
  ): { job: Job; after?: () => void; told?: string } {
    const { folder, argv, env, compiler } = this.#sources, cwd = fromText(folder);
    const more = { pid: this.pid, flags: 16, umask: 0o22, window: 0, namespace: 0n, root: 0n };
    const ask: Message<"ask"> = { name: "ask", ...more, cwd, tool: compiler, argv, env };
    const answered = this.decider.ask(ask, encode(ask, 0n));
    assert("reply" in answered);
    const { reply, job } = answered;
    answered.after?.();
    if (reply.name !== "run") return { job };
    begun?.(reply, job);
    const { code, stdout, stderr } = new Deno.Command(compiler, {
      args: argv.slice(1),
      env: {
        ...Object.fromEntries(env.split("\0").filter((row) => row !== "").map((row) => row.split("="))),
        LD_PRELOAD: tracer,
        [traceVariable]: shown(reply.record),
      },
      clearEnv: true,
      cwd: folder,
    }).outputSync();
    if (reply.foreseen.length > 0 && code === 0 && stdout.length + stderr.length === 0) {
      const left = { name: "left", wall_us: 9n, files: reply.foreseen.map(stage) } as const;
      noteLeft(shown(reply.record), left);
      if (this.follows) this.decider.follow(job);
      const { after } = this.decider.left(job, left);
      meanwhile?.();
      return { job, after, told: "foreseen" };
    }
    const report = { name: "report", status: code << 8, flags: 0, wall_us: 9n } as const;
    const said = this.decider.report(job, { ...report, out: stdout, err: stderr });
    assert(said.reply.name === "keep", job.what);
    const files = said.reply.files.map(stage);
    if (!said.reply.wait) meanwhile?.();
    said.after();
    if (said.reply.wait) meanwhile?.();
    const { reply: done, after } = this.decider.kept(job, { name: "kept", files });
    return { job, after, told: done?.outcome ?? "nobody waits" };
  }

  /** A whole compile, and how it went. */
  outcome(meanwhile?: () => void): string {
    const { job, after } = this.compile(meanwhile);
    after?.();
    this.decider.ended(job);
    return this.outcomes.pop()!;
  }

  /** Compiles something else; `alike`: with the same options. */
  prepare(alike: boolean): void {
    const { argv } = this.#sources;
    this.#sources.sh("echo 'int other;' > b.c");
    this.#sources.argv = ["gcc", ...alike ? ["-MD"] : [], "-c", "b.c"];
    assertEquals(this.outcome(), "miss_new");
    this.#sources.argv = argv;
  }

  /** Ends what does not end with a process here. */
  async end(): Promise<void> {
    await this.#opened.end();
    this.#records.close();
    this.#tree.close();
  }
}

interface Death {
  name: string;
  /** What happens between the acknowledgement and the death. */
  dies?(deciding: Deciding, one: { job: Job; after?: () => void }): void;
  /** What happens before the cache is opened again. */
  then?(sources: Sources): void;
  /** How the one that opens it pays: what it counts. */
  paid: string[];
  /** How the same compile ends then. */
  next: string;
}

/** Where the outputs of a run were staged. */
function stagedFor({ foreseen = [], staged }: Job): string[] {
  return staged.length > 0 ? staged : foreseen.map(({ to }) => to);
}

const deaths: Death[] = [
  { name: "at once", paid: ["miss_new"], next: "hit" },
  {
    name: "when the outputs are blobs already",
    dies: ({ store }, { job }) => stagedFor(job).forEach((staged) => void store.commitBlob(staged)),
    paid: ["miss_new"],
    next: "hit",
  },
  {
    name: "when one of the outputs is a blob already",
    dies: ({ store }, { job }) => void store.commitBlob(stagedFor(job)[0]),
    paid: ["miss_new"],
    next: "hit",
  },
  {
    name: "when the unit was written",
    dies: (_, { job, after }) => {
      job.owing!.paid = () => {};
      after!();
    },
    paid: [],
    next: "hit",
  },
  {
    name: "and a header is another since",
    then: (sources) => sources.sh("echo 'int v = 2;' > inc/v.h"),
    paid: ["pass_input_changed"],
    next: "miss_new",
  },
  {
    name: "and the source is another since",
    then: (sources) => sources.sh("echo 'int w;' >> a.c"),
    paid: [],
    next: "miss_new",
  },
  {
    name: "and what was staged is gone",
    then: (sources) => sources.sh("rm cache/v1/tmp/[0-9]*"),
    paid: ["miss_not_stored"],
    next: "miss_new",
  },
  {
    name: "and the launcher before it had staged all",
    then: (sources) => sources.sh("for f in cache/v1/tmp/[0-9]*; do chmod 400 $f; echo half > $f; done"),
    paid: ["miss_not_stored"],
    next: "miss_new",
  },
];

/**
 * What a launcher is told in the end. A compiler that was never seen before must be looked at while it waits; of one whose
 * runs with these options are known the outputs are foreseen.
 */
const daemons = [["a new daemon", "miss_new"], ["a daemon", "nobody waits"], [
  "a daemon that foresees",
  "foreseen",
]] as const;

for (const [i, mode] of (["daemon", "one-shot"] as const).entries()) {
  for (const [j, { name, dies, then, paid, next }] of deaths.entries()) {
    for (const [k, [daemon, told]] of daemons.entries()) {
      if (told !== "foreseen" && (i + j) % 2 !== k) continue;
      Deno.test(`${daemon} dies ${name}: a ${mode} that opens the cache makes it good`, async () => {
        using sources = new Sources();
        const first = new Deciding(sources);
        first.follows = j % 2 === 0;
        if (told !== "miss_new") first.prepare(told === "foreseen");
        const one = first.compile();
        assertEquals(one.told, told, first.said.join("\n"));
        assertEquals(sources.debts(), 1);
        const { path } = one.job.record!;
        dies?.(first, one);
        sources.leaveDebt();
        then?.(sources);
        const second = new Deciding(sources, mode);
        assertEquals(second.outcomes.splice(0), paid, second.said.join("\n"));
        if (told === "foreseen" && paid.length > 0) assertEquals(typeof statx(path), "number");
        assertEquals(second.outcome(), next, second.said.join("\n"));
        await second.end();
        await first.end();
        assertEquals(sources.staged(), []);
      });
    }
  }
}

/** What a build may do the moment its compiler has ended, and how the same compile ends before that is undone. */
const steps: { name: string; then: string; before?: string }[] = [
  { name: "removes the source", then: "rm a.c" },
  { name: "moves the object", then: "mv a.o b.o" },
  { name: "writes over the object", then: "echo stripped > a.o" },
  { name: "edits a header", then: "echo 'int v = 2;' > inc/v.h", before: "miss_input" },
  { name: "writes a header that nobody asked for", then: "echo 'int v = 3;' > v.h", before: "hit" },
];

for (const { name, then, before } of steps) {
  for (const told of ["nobody waits", "foreseen"]) {
    Deno.test(`a build ${name} at once, and what was read is what counts: ${told}`, async () => {
      using sources = new Sources();
      const deciding = new Deciding(sources);
      deciding.prepare(told === "foreseen");
      sources.sh("mkdir old; cp a.c inc/v.h old");
      const { job, after, told: how } = deciding.compile(() => sources.sh(then));
      assertEquals(how, told);
      after!();
      deciding.decider.ended(job);
      assertEquals(deciding.outcomes.pop(), "miss_new", deciding.said.join("\n"));
      if (before !== undefined) assertEquals(deciding.outcome(), before);
      sources.sh("rm -f v.h a.o; cp old/a.c .; cp old/v.h inc");
      assertEquals(deciding.outcome(), "hit", deciding.said.join("\n"));
      await deciding.end();
    });
  }
}

const unforeseen: { name: string; meanwhile: string; again: string }[] = [
  { name: "which is there", meanwhile: "true", again: "foreseen" },
  { name: "which is gone already", meanwhile: "rm a.d", again: "nobody waits" },
];
for (const { name, meanwhile, again } of unforeseen) {
  Deno.test(`a run that leaves something that was not foreseen, ${name}, is not stored; the next one is`, async () => {
    using sources = new Sources();
    const deciding = new Deciding(sources);
    deciding.prepare(true);
    const dropList = (run: Message<"run">, job: Job) => {
      job.foreseen = job.foreseen!.filter(({ path }) => path.endsWith(".o"));
      Object.assign(run, { foreseen: job.foreseen });
    };
    const { job, after, told } = deciding.compile(() => sources.sh(meanwhile), dropList);
    assertEquals(told, "foreseen");
    after!();
    deciding.decider.ended(job);
    assertEquals(deciding.outcomes.pop(), "pass_unforeseen");
    const next = deciding.compile();
    assertEquals(next.told, again);
    next.after!();
    deciding.decider.ended(next.job);
    assertEquals([deciding.outcomes.pop(), deciding.outcome()], ["miss_new", "hit"]);
    await deciding.end();
    assertEquals(sources.staged(), []);
  });
}

/** A process that inherits nothing to read. */
function poorAsker(): Deno.ChildProcess {
  return new Deno.Command("sleep", { args: ["60"], stdin: "null", stdout: "null", stderr: "null" }).spawn();
}

for (
  const [what, outcome, dies] of [["nothing", "miss_new", false], ["nothing", "miss_new", true], [
    "a list",
    "pass_descriptor",
    false,
  ]] as const
) {
  Deno.test(`a script may have had ${what} to read from a launcher that has gone${dies ? ", and so has the daemon" : ""}`, async () => {
    using sources = new Sources();
    await using asker = poorAsker();
    const deciding = new Deciding(sources);
    if (what === "nothing") deciding.pid = asker.pid;
    sources.env = `PATH=${sources.folder}/bin:/usr/bin:/bin\0LC_ALL=C\0`;
    deciding.prepare(true);
    sources.sh(`mkdir bin; printf '#!/bin/sh\\nexec /usr/bin/as "$@"\\n' > bin/as; chmod +x bin/as`);
    const one = deciding.compile(() => asker.kill("SIGKILL"));
    assertEquals(one.told, "foreseen");
    await asker.status;
    if (dies) sources.leaveDebt();
    const payer = dies ? new Deciding(sources) : deciding;
    if (!dies) one.after!(), deciding.decider.ended(one.job);
    assertEquals(payer.outcomes.pop(), outcome, payer.said.join("\n"));
    for (const each of new Set([payer, deciding])) await each.end();
    assertEquals(sources.staged(), []);
  });
}

Deno.test("nothing is owed while a run goes on of which nothing is foreseen", async () => {
  using sources = new Sources();
  const deciding = new Deciding(sources), debts: number[] = [];
  const { job, after } = deciding.compile(undefined, (_, job) => {
    deciding.decider.follow(job);
    debts.push(sources.debts());
  });
  assertEquals(debts, [0]);
  after!();
  deciding.decider.ended(job);
  await deciding.end();
});

Deno.test("nothing is foreseen of a run that names files in full, of which more is looked at", async () => {
  using sources = new Sources();
  const deciding = new Deciding(sources);
  sources.argv = ["gcc", "-c", `${sources.folder}/a.c`, "-o", "a.o", "-Iinc"];
  for (let round = 0; round < 2; round++) {
    const one = deciding.compile();
    assertEquals(one.told, "miss_new");
    one.after!();
    deciding.decider.ended(one.job);
    assertEquals(deciding.outcomes.pop(), "miss_new", deciding.said.join("\n"));
    sources.sh("echo >> a.c");
  }
  await deciding.end();
});

Deno.test("a run that has something to say is owed as all are, although it was foreseen otherwise", async () => {
  using sources = new Sources();
  const deciding = new Deciding(sources);
  deciding.prepare(true);
  sources.sh("echo '#warning odd' >> a.c");
  const foreseen: number[] = [];
  const one = deciding.compile(undefined, (run, job) => {
    foreseen.push(run.foreseen.length);
    deciding.decider.follow(job);
  });
  assertEquals([foreseen, one.told, sources.debts()], [[2], "nobody waits", 1]);
  sources.leaveDebt();
  const second = new Deciding(sources);
  assertEquals(second.outcomes.splice(0), ["miss_new"], second.said.join("\n"));
  assertEquals(second.outcome(), "hit");
  await second.end();
  one.after!();
  deciding.decider.ended(one.job);
  await deciding.end();
  assertEquals(sources.staged(), []);
});

const records: Record<string, string> = {
  "whose launcher did not come to its end":
    "for f in record-*; do printf '\\0' | dd of=$f bs=1 seek=44 conv=notrunc; done",
  "whose record is gone": "rm record-*",
};
for (const [name, script] of Object.entries(records)) {
  Deno.test(`nothing is made of a run ${name}`, async () => {
    using sources = new Sources();
    const first = new Deciding(sources);
    first.prepare(true);
    assertEquals(first.compile().told, "foreseen");
    sources.leaveDebt();
    sources.sh(`(${script}) 2>/dev/null`);
    const second = new Deciding(sources);
    assertEquals(second.outcomes.splice(0), []);
    assert(/nothing that can be stored/.test(second.said.join()), second.said.join("\n"));
    assertEquals(second.outcome(), "miss_new");
    await second.end();
    await first.end();
    assertEquals(sources.staged(), []);
  });
}

const hasClang = new Deno.Command("sh", { args: ["-c", "test -x /usr/bin/clang"] }).outputSync().success;

Deno.test({
  name: "the times in a precompiled header of clang's count also where it is moved at once",
  ignore: !hasClang,
  fn: async () => {
    using sources = new Sources();
    Object.assign(sources, { compiler: "/usr/bin/clang", argv: ["clang", "-c", "a.c", "-Iinc"] });
    const deciding = new Deciding(sources);
    assertEquals(deciding.outcome(), "miss_new", deciding.said.join("\n"));
    sources.argv = ["clang", "-c", "-x", "c-header", "inc/v.h", "-o", "v.new"];
    assertEquals(deciding.outcome(() => sources.sh("mv v.new v.pch")), "miss_new", deciding.said.join("\n"));
    assertEquals(deciding.outcome(), "hit");
    sources.sh("sleep 0.05; touch inc/v.h");
    assertEquals(deciding.outcome(), "miss_input");
    await deciding.end();
  },
});

Deno.test({
  name:
    "the times in a precompiled header of clang's count also where one like it was made before: none is foreseen",
  ignore: !hasClang,
  fn: async () => {
    using sources = new Sources();
    sources.sh("echo 'int w = 1;' > inc/w.h");
    Object.assign(sources, { compiler: "/usr/bin/clang", argv: ["clang", "-c", "a.c", "-Iinc"] });
    const deciding = new Deciding(sources);
    assertEquals(deciding.outcome(), "miss_new", deciding.said.join("\n"));
    for (const name of ["v", "w"]) {
      sources.argv = ["clang", "-c", "-x", "c-header", `inc/${name}.h`, "-o", `${name}.new`];
      const { job, after, told } = deciding.compile(() => sources.sh(`mv ${name}.new ${name}.pch`));
      assertEquals(told, "nobody waits");
      after!();
      deciding.decider.ended(job);
      assertEquals(deciding.outcomes.pop(), "miss_new", deciding.said.join("\n"));
    }
    assertEquals(deciding.outcome(), "hit");
    sources.sh("sleep 0.05; touch inc/w.h");
    assertEquals(deciding.outcome(), "miss_input");
    await deciding.end();
  },
});

/** What clang's objects hold is seen where they were staged, whatever has become of them. */
const offloads: { source: string; then: string; outcome: string; again: string }[] = [
  { source: "int two;", then: "rm a.o", outcome: "miss_new", again: "hit" },
  { source: "int two;", then: "echo __omp_offloading_ > a.o", outcome: "miss_new", again: "hit" },
  {
    source: 'const char *two = "__omp_offloading_";',
    then: "echo stripped > a.o",
    outcome: "pass_unmodelled",
    again: "pass_unmodelled",
  },
];
for (const { source, then, outcome, again } of offloads) {
  Deno.test({
    name: `clang compiles ${source}, and "${then}" at once: ${outcome}`,
    ignore: !hasClang,
    fn: async () => {
      using sources = new Sources();
      Object.assign(sources, { compiler: "/usr/bin/clang", argv: ["clang", "-c", "a.c"] });
      sources.sh("echo 'int one;' > a.c");
      const deciding = new Deciding(sources);
      assertEquals(deciding.outcome(), "miss_new", deciding.said.join("\n"));
      sources.sh(`echo '${source}' > a.c`);
      const { job, after, told } = deciding.compile(() => sources.sh(then));
      assertEquals(told, "foreseen");
      after!();
      deciding.decider.ended(job);
      assertEquals([deciding.outcomes.pop(), deciding.outcome()], [outcome, again], deciding.said.join("\n"));
      await deciding.end();
      assertEquals(sources.staged(), []);
    },
  });
}

Deno.test("a compile that writes over what it has read is stored before it is acknowledged", async () => {
  using sources = new Sources();
  const deciding = new Deciding(sources);
  assertEquals(deciding.outcome(), "miss_new");
  sources.argv = ["gcc", "-Iinc", "-MD", "-MF", "inc/v.h", "-c", "a.c", "-o", "a.o"];
  const { job, after, told } = deciding.compile();
  assertEquals([told, job.owing], ["miss_new", undefined], deciding.said.join("\n"));
  after!();
  deciding.decider.ended(job);
  await deciding.end();
});

const headers = 600, kills = 8;

Deno.test("a daemon that is killed the moment a compile ends has lost nothing of it", async () => {
  await using world = new Compiling("daemon");
  const all = Array.from({ length: headers }, (_, i) => i);
  Deno.mkdirSync(`${world.work}/inc`);
  for (const i of all) Deno.writeTextFileSync(`${world.work}/inc/h${i}.h`, `#pragma once\nint h${i};\n`);
  const includes = all.map((i) => `#include "h${i}.h"\n`).join("");
  const compile = (i: number) => ["wrap", "cc", "-Iinc", "-c", `k${i}.c`, "-o", `k${i}.o`];
  for (let i = 0; i < kills; i++) {
    Deno.writeTextFileSync(`${world.work}/k${i}.c`, `${includes}int k${i};\n`);
    await world.run(["start"]);
    const pid = await world.daemon();
    // The shell's own kill comes some 100 us after the compile's end.
    const script = `"$@"; code=$?; kill -9 ${pid}; exit $code`;
    const { code } = await new Deno.Command("sh", {
      args: ["-c", script, "sh", ...world.command, ...compile(i)],
      cwd: world.work,
      env: world.env,
      clearEnv: true,
    }).output();
    assertEquals(code, 0);
    await until("it dies", () => !lives(pid));
    // An engine of another cache clears up before the heir comes.
    const other = { ZCCACHE_CACHE_DIR: `${world.work}/other`, ZCCACHE_DAEMON: "off" };
    assertEquals((await world.run(["wrap", "cc", "-c", `k${i}.c`, "-Iinc"], other)).code, 0);
  }
  await world.run(["start"]);
  assert(/owed by a process that died: miss_new/.test(world.log()), "no kill came in time");
  await world.news();
  for (let i = 0; i < kills; i++) assertEquals((await world.run(compile(i))).code, 0);
  assertEquals(await world.news(), Array(kills).fill("hit"), world.log());
});
