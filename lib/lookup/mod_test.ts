/**
 * The decider from a request to its end, by a launcher made of some lines: real compiles by the declared way, which needs
 * no tracer.
 */
import { assert, assertEquals } from "@std/assert";
import { fromText, shown } from "../base/bytes.ts";
import { Tree } from "../inputs/mod.ts";
import { fileSystemType, libc } from "../os/mod.ts";
import { encode, type Message } from "../protocol/mod.ts";
import { openStore } from "../store/testing.ts";
import { RecordPool } from "../trace/mod.ts";
import { Decider } from "./mod.ts";

libc(); // opened once for all tests

const log = { info() {}, warn() {} };
const hasCompiler = new Deno.Command("sh", { args: ["-c", "test -x /usr/bin/gcc"] }).outputSync().success;

class World {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-decider-" }));
  readonly outcomes: string[] = [];
  readonly decider: Decider;
  readonly #store = openStore();
  readonly #tree: Tree | undefined;
  argv = ["gcc", "-MD", "-Ione", "-Itwo", "-c", "a.c"];
  env = "PATH=/usr/bin:/bin\0LC_ALL=C\0";

  constructor({ watch = false } = {}) {
    const tree = watch ? Tree.open({ log, mostWatches: 1000, fileSystemOf: fileSystemType }) : undefined;
    assert(typeof tree !== "number", "inotify is refused");
    this.#tree = tree;
    this.decider = new Decider({
      divides: true,
      store: this.#store.store,
      records: new RecordPool(this.folder),
      tracer: "",
      interpreters: [],
      log,
      trace: "auto",
      now: () => 0,
      watch: tree && { tree, wake() {} },
      count: (outcome) => void this.outcomes.push(outcome),
    });
    this.sh("mkdir one two; echo 'int v = 1;' > two/v.h; echo '#include <v.h>' > a.c");
  }

  sh(script: string): void {
    // What is written is older than a run that reads it.
    const args = ["-ec", `${script}\nsleep 0.03`];
    assert(new Deno.Command("sh", { args, cwd: this.folder }).outputSync().success, script);
  }

  get ask(): Message<"ask"> {
    const { argv, env } = this, cwd = fromText(this.folder);
    const more = { pid: Deno.pid, flags: 16, umask: 0o22, window: 0, namespace: 0n, root: 0n };
    return { name: "ask", ...more, cwd, tool: "/usr/bin/gcc", argv, env };
  }

  /** One compile, as a launcher has it; the outcome, and what the object holds. */
  compile(): string {
    const { ask } = this, frame = encode(ask, 0n);
    const recalled = this.decider.recall(frame, () => true);
    const answered = recalled ?? this.decider.ask(ask, frame);
    assert("reply" in answered);
    const { reply, job } = answered;
    if ("after" in answered) answered.after?.();
    if (reply.name === "run") this.#run(job);
    else if (reply.name === "hit") {
      for (const { path, source } of reply.files) Deno.copyFileSync(shown(source), shown(path));
    }
    this.decider.ended(job);
    return (recalled ? "recalled " : "") + this.outcomes.pop();
  }

  #run(job: Parameters<Decider["report"]>[0]): void {
    const { code, stdout, stderr } = new Deno.Command("/usr/bin/gcc", {
      args: this.argv.slice(1),
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
      clearEnv: true,
      cwd: this.folder,
    }).outputSync();
    const status = code << 8, report = { name: "report", status, flags: 0, wall_us: 9n } as const;
    const { reply, after } = this.decider.report(job, { ...report, out: stdout, err: stderr });
    after();
    if (reply.name !== "keep") return;
    const files = reply.files.map(({ path, to }) => {
      Deno.copyFileSync(shown(path), shown(to));
      return { errno: 0, mode: 0o100644, size: BigInt(Deno.statSync(shown(to)).size) };
    });
    this.decider.kept(job, { name: "kept", files }).after();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tree?.close();
    await this.#store.end();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** What happens after a compile that was stored, and how the next one ends. */
const changes: { name: string; then: (world: World) => void; want: string }[] = [
  { name: "nothing", then: () => {}, want: "hit" },
  { name: "an output that is gone", then: (world) => world.sh("rm a.o a.d"), want: "hit" },
  {
    name: "a header written with what it held",
    then: (world) => world.sh("echo 'int v = 1;' > two/v.h"),
    want: "hit",
  },
  { name: "a header edited", then: (world) => world.sh("echo 'int v = 2;' > two/v.h"), want: "miss_input" },
  { name: "the source edited", then: (world) => world.sh("echo 'int w;' >> a.c"), want: "miss_input" },
  {
    name: "a header that shadows",
    then: (world) => world.sh("echo 'int v = 3;' > one/v.h"),
    want: "miss_input",
  },
  {
    name: "a link that shadows by what it leads to",
    then: (world) => world.sh("echo 'int v = 3;' > h; ln -s ../h one/v.h"),
    want: "miss_input",
  },
  { name: "a link to nothing", then: (world) => world.sh("ln -s ../nothing one/v.h"), want: "hit" },
  { name: "another variable", then: (world) => world.env += "FOO=1\0", want: "miss_environment" },
  {
    name: "another name for tools",
    then: (world) => world.argv = ["cc", ...world.argv.slice(1)],
    want: "miss_environment",
  },
  { name: "another word", then: (world) => world.argv.push("-O2"), want: "miss_new" },
  {
    name: "a word that is not understood",
    then: (world) => world.argv.push("-fplugin=x"),
    want: "pass_no_tracer",
  },
  { name: "a question", then: (world) => world.argv = ["gcc", "--version"], want: "pass_query" },
  {
    name: "a source that does not compile",
    then: (world) => world.sh("echo 'int v' > two/v.h"),
    want: "pass_failed",
  },
];
for (const watch of [false, true]) {
  for (const { name, then, want } of changes) {
    const mode = watch ? "that watches" : "that looks";
    Deno.test({
      name: `Decider ${mode} answers ${want} after ${name}`,
      ignore: !hasCompiler,
      fn: async () => {
        await using world = new World({ watch });
        assertEquals(world.compile(), "miss_new");
        then(world);
        assertEquals(world.compile(), want);
      },
    });
  }
}

Deno.test({
  name: "Decider recalls a request only while all that it rests on holds",
  ignore: !hasCompiler,
  fn: async () => {
    await using world = new World({ watch: true });
    const seen = [world.compile(), world.compile(), world.compile()];
    world.sh("echo 'int v = 2;' > two/v.h");
    seen.push(world.compile());
    world.sh("echo 'int v = 1;' > two/v.h");
    seen.push(world.compile(), world.compile());
    world.env += "FOO=1\0";
    seen.push(world.compile());
    assertEquals(seen, [
      "miss_new",
      "hit",
      "recalled hit",
      "miss_input",
      "hit",
      "recalled hit",
      "miss_environment",
    ]);
  },
});

Deno.test({
  name: "Decider lets the tool start before a line is named of which nothing is stored, and that alone",
  ignore: !hasCompiler,
  fn: async () => {
    await using world = new World({ watch: true });
    const early = () => {
      const answered = world.decider.ask(world.ask);
      assert("reply" in answered);
      const { reply, job, after } = answered, seen = [reply.name, job.action === undefined];
      after?.();
      assert(job.action !== undefined, "it has a name afterwards");
      world.decider.ended(job);
      return seen;
    };
    assertEquals(early(), ["run", true]);
    assertEquals(world.compile(), "miss_new");
    assertEquals(early(), ["hit", false]);
    world.sh("echo 'int w;' >> a.c");
    assertEquals(early(), ["run", false], "it may be stored under that line");
    const words = world.argv;
    world.argv = [...words, "-O2"];
    assertEquals(early(), ["run", true]);
    world.argv = words;
    world.env += "ZCCACHE_MAX_PARALLEL_COMPILES=9\0";
    world.argv = [...words, "-O3"];
    assertEquals(early(), ["run", false]);
  },
});

Deno.test({
  name: "Decider lets an equal request wait for a run that has started before it was named",
  ignore: !hasCompiler,
  fn: async () => {
    await using world = new World({ watch: true });
    const first = world.decider.ask(world.ask);
    assert("reply" in first && first.reply.name === "run" && first.after !== undefined);
    first.after();
    const second = world.decider.ask(world.ask);
    assert("over" in second);
    world.decider.ended(first.job);
    await second.over;
    world.decider.ended(second.job);
  },
});

Deno.test({
  name: "Decider does not store what changed while the tool ran",
  ignore: !hasCompiler,
  fn: async () => {
    await using world = new World();
    const answered = world.decider.ask(world.ask);
    assert("reply" in answered && answered.reply.name === "run");
    world.sh("gcc -MD -Ione -Itwo -c a.c; echo 'int v = 2;' > two/v.h");
    const report = {
      name: "report",
      status: 0,
      flags: 0,
      wall_us: 9n,
      out: new Uint8Array(),
      err: new Uint8Array(),
    } as const;
    const { reply, after } = world.decider.report(answered.job, report);
    after();
    assert(reply.name === "keep");
    for (const { to } of reply.files) Deno.writeTextFileSync(shown(to), "");
    const files = reply.files.map(() => ({ errno: 0, mode: 0o100644, size: 0n }));
    world.decider.kept(answered.job, { name: "kept", files }).after();
    world.decider.ended(answered.job);
    assertEquals(world.outcomes, ["pass_input_changed"]);
  },
});
