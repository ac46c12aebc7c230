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

/** A decider that compiles by a launcher made of some lines. */
class Deciding {
  readonly outcomes: string[] = [];
  readonly said: string[] = [];
  readonly decider: Decider;
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
   * happens as soon as the outputs are staged.
   */
  compile(meanwhile?: () => void): { job: Job; after?: () => void; told?: string } {
    const { folder, argv, env, compiler } = this.#sources, cwd = fromText(folder);
    const more = { pid: Deno.pid, flags: 16, umask: 0o22, window: 0, namespace: 0n, root: 0n };
    const ask: Message<"ask"> = { name: "ask", ...more, cwd, tool: compiler, argv, env };
    const answered = this.decider.ask(ask, encode(ask, 0n));
    assert("reply" in answered);
    const { reply, job } = answered;
    if (reply.name !== "run") return { job };
    const { code, stdout, stderr } = new Deno.Command(compiler, {
      args: argv.slice(1),
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin", LD_PRELOAD: tracer, [traceVariable]: shown(reply.record) },
      clearEnv: true,
      cwd: folder,
    }).outputSync();
    const report = { name: "report", status: code << 8, flags: 0, wall_us: 9n } as const;
    const said = this.decider.report(job, { ...report, out: stdout, err: stderr });
    assert(said.reply.name === "keep", job.what);
    const files = said.reply.files.map(({ path, to }) => {
      Deno.copyFileSync(shown(path), shown(to));
      Deno.chmodSync(shown(to), 0o444);
      return { errno: 0, mode: 0o100644, size: BigInt(Deno.statSync(shown(to)).size) };
    });
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

  /** Compiles something else. */
  prepare(): void {
    const { argv } = this.#sources;
    this.#sources.sh("echo 'int other;' > b.c");
    this.#sources.argv = ["gcc", "-c", "b.c"];
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

const deaths: Death[] = [
  { name: "at once", paid: ["miss_new"], next: "hit" },
  {
    name: "when the outputs are blobs already",
    dies: ({ store }, { job }) => job.staged.forEach((staged) => store.commitBlob(staged)),
    paid: ["miss_new"],
    next: "hit",
  },
  {
    name: "when one of the outputs is a blob already",
    dies: ({ store }, { job }) => void store.commitBlob(job.staged[0]),
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

/** A compiler that was never seen before must be looked at while its launcher waits. */
const daemons = [["a new daemon", "miss_new"], ["a daemon", "nobody waits"]] as const;

for (const [i, mode] of (["daemon", "one-shot"] as const).entries()) {
  for (const [j, { name, dies, then, paid, next }] of deaths.entries()) {
    const [daemon, told] = daemons[(i + j) % 2];
    Deno.test(`${daemon} dies ${name}: a ${mode} that opens the cache makes it good`, async () => {
      using sources = new Sources();
      const first = new Deciding(sources);
      if (told === "nobody waits") first.prepare();
      const one = first.compile();
      assertEquals(one.told, told);
      assertEquals(sources.debts(), 1);
      dies?.(first, one);
      sources.leaveDebt();
      then?.(sources);
      const second = new Deciding(sources, mode);
      assertEquals(second.outcomes.splice(0), paid, second.said.join("\n"));
      assertEquals(second.outcome(), next, second.said.join("\n"));
      await second.end();
      await first.end();
      assertEquals(sources.staged(), []);
    });
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
  Deno.test(`nobody waits for the end, and a build ${name} at once: what was read is what counts`, async () => {
    using sources = new Sources();
    const deciding = new Deciding(sources);
    deciding.prepare();
    sources.sh("mkdir old; cp a.c inc/v.h old");
    const { job, after, told } = deciding.compile(() => sources.sh(then));
    assertEquals(told, "nobody waits");
    after!();
    deciding.decider.ended(job);
    assertEquals(deciding.outcomes.pop(), "miss_new", deciding.said.join("\n"));
    if (before !== undefined) assertEquals(deciding.outcome(), before);
    sources.sh("rm -f v.h a.o; cp old/a.c .; cp old/v.h inc");
    assertEquals(deciding.outcome(), "hit", deciding.said.join("\n"));
    await deciding.end();
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
  }
  await world.run(["start"]);
  assert(/owed by a process that died: miss_new/.test(world.log()), "no kill came in time");
  await world.news();
  for (let i = 0; i < kills; i++) assertEquals((await world.run(compile(i))).code, 0);
  assertEquals(await world.news(), Array(kills).fill("hit"), world.log());
});
