/** `zccache wrap` as a process: what the tool gets, what comes back, and that nothing of ours shows. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { engine, lives, until, World } from "./engine.ts";

/** Every way in which a tool can be run. */
const modes: { name: string; env: Record<string, string> }[] = [
  { name: "with a daemon", env: {} },
  { name: "one-shot", env: { ZCCACHE_DAEMON: "off" } },
  { name: "disabled", env: { ZCCACHE_DISABLE: "1" } },
  { name: "with a setting that is not allowed", env: { ZCCACHE_WAL_FLUSH_MS: "often" } },
];

interface Stats {
  runs: number;
  hits: number;
  misses: number;
  passed: number;
  by_outcome: Record<string, number>;
}

async function statsOf(world: World): Promise<Stats> {
  return JSON.parse((await world.run(["stats", "--json"])).out);
}

/** What `script` prints when sh runs it in `world`'s folder, started by itself or through the engine. */
async function shell(
  world: World,
  script: string,
  env: Record<string, string>,
  through: boolean,
  before = "",
) {
  const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
  const prefix = through ? `${engine.join(" ")} wrap -- ` : "";
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", `${before} exec ${prefix}/bin/sh -c ${quoted}`],
    env: { ...world.env, ...env },
    clearEnv: true,
    cwd: world.work,
    stdin: "null",
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout);
}

const ignoredSignals = "exec grep -E 'Sig(Ign|Blk)' /proc/self/status";

/** Without signals 32 and 33, which are libc's own: glibc's posix_spawn ignores them in a child, execve does not. */
function withoutInternal(text: string): string {
  return text.replace(
    /^(SigIgn:\s*)([0-9a-f]+)$/m,
    (_, name, mask) => name + (BigInt(`0x${mask}`) & ~(3n << 31n)),
  );
}

const inherited: { name: string; script: string; before?: string }[] = [
  { name: "its environment, in order", script: "cat /proc/$$/environ" },
  {
    name: "ignored and blocked signals",
    script: ignoredSignals,
    before: "trap '' HUP USR1;",
  },
  { name: "default signals", script: ignoredSignals },
  { name: "the umask", script: "umask", before: "umask 027;" },
  { name: "limits", script: "ulimit -a", before: "ulimit -n 200; ulimit -c 0;" },
  { name: "open descriptors", script: "exec ls /proc/self/fd", before: "exec 7</dev/null;" },
  { name: "the folder", script: "pwd" },
];
for (const { name, env } of modes) {
  Deno.test(`a tool ${name} gets what it would get without us`, async (t) => {
    await using world = new World();
    for (const { name, script, before } of inherited) {
      await t.step(name, async () => {
        const [ours, plain] = [true, false].map((through) => shell(world, script, env, through, before));
        assertEquals(withoutInternal(await ours), withoutInternal(await plain));
      });
    }
  });

  Deno.test(`a tool ${name} ends us as it ends, and nothing of ours is printed`, async () => {
    await using world = new World();
    const run = (script: string) => world.run(["wrap", "--", "sh", "-c", script], env);
    assertEquals(await run("echo out; echo err >&2; exit 7"), {
      code: 7,
      signal: null,
      out: "out\n",
      err: "err\n",
    });
    for (const signal of ["SIGSEGV", "SIGTERM", "SIGKILL", "SIGPIPE"] as const) {
      const ended = await run(`kill -${signal.slice(3)} $$`);
      assertEquals([ended.signal, ended.out, ended.err], [signal, "", ""]);
    }
  });

  Deno.test(`a tool ${name} that cannot be run gives 127 or 126 and one line`, async () => {
    await using world = new World();
    const missing = await world.run(["wrap", "nosuchcc", "-c", "a.c"], env);
    assertEquals([missing.code, missing.err], [127, 'zccache: Cannot run "nosuchcc": not found on PATH\n']);
    Deno.writeTextFileSync(`${world.work}/plain`, "text");
    const plain = await world.run(["wrap", "./plain"], env);
    assertEquals([plain.code, plain.out], [126, ""]);
    assertMatch(plain.err, /^zccache: Cannot run ".\/plain": not executable\n$/);
  });
}

const source = "int answer(void) { return 42; }\n";

function compile(world: World, env: Record<string, string> = {}): Promise<{ code: number; err: string }> {
  Deno.writeTextFileSync(`${world.work}/a.c`, source);
  return world.run(["cc", "-c", "a.c", "-o", "a.o"], env);
}

const hasCompiler = ["/usr/bin/cc", "/bin/cc", "/usr/local/bin/cc"].some((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // not installed there
  }
});

function compilerTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !hasCompiler });
}

compilerTest("daemon and one-shot share one cache and one count", async () => {
  await using world = new World();
  for (const env of [{ ZCCACHE_DAEMON: "off" }, {}, { ZCCACHE_DAEMON: "off" }] as Record<string, string>[]) {
    const { code, err } = await compile(world, env);
    assertEquals([code, err], [0, ""]);
    Deno.removeSync(`${world.work}/a.o`);
  }
  const { runs, hits, misses } = await statsOf(world);
  assertEquals({ runs, hits, misses }, { runs: 3, hits: 2, misses: 1 });
  await world.run(["stop"]);
  assertEquals((await statsOf(world)).runs, 3, "counts outlive the daemon");
  assertEquals((await world.run(["stats", "-z"])).code, 0);
  assertEquals((await statsOf(world)).runs, 0);
});

compilerTest("a result outlives kill -9 of the daemon that acknowledged it", async () => {
  await using world = new World();
  await compile(world);
  const pid = await world.daemon();
  Deno.kill(pid, "SIGKILL");
  await until("it dies", () => !lives(pid));
  Deno.removeSync(`${world.work}/a.o`);
  await world.run(["start"]); // a compile waits half a second for it, which a busy machine may exceed
  await compile(world);
  assertEquals((await statsOf(world)).by_outcome.hit, 1);
  assert(Deno.statSync(`${world.work}/a.o`).size > 0);
});

compilerTest("clear removes what is stored, with a daemon and without", async () => {
  await using world = new World();
  for (const before of [["start"], ["stop"]]) {
    await world.run(before);
    await compile(world, { ZCCACHE_NO_SPAWN: "1" });
    assertMatch((await world.run(["clear"])).out, /^removed 1 result, 1 file/);
    assertEquals((await world.run(["clear"])).out, "nothing to clear\n");
  }
});

compilerTest(
  "a one-shot leaves nothing in the runtime folder, and ZCCACHE_NO_SPAWN starts no daemon",
  async () => {
    await using world = new World();
    await compile(world, { ZCCACHE_NO_SPAWN: "1" });
    assertEquals(world.inRuntime(".sock"), []);
    assertEquals([...Deno.readDirSync(world.runtime)].filter(({ name }) => name.startsWith("record-")), []);
    assertEquals((await world.status()).code, 1);
  },
);

compilerTest("a cache folder that others may write to is not used, and status says why", async () => {
  await using world = new World();
  Deno.mkdirSync(world.cache);
  Deno.chmodSync(world.cache, 0o777);
  const { code, err } = await compile(world);
  assertEquals([code, err], [0, ""]);
  assertEquals([...Deno.readDirSync(world.cache)], []);
  const status = await world.run(["status"]);
  assertEquals(status.code, 1);
  assertMatch(status.err, /others may write to it \(mode 777\)\n {2}Run `chmod 700/);
  Deno.chmodSync(world.cache, 0o700);
});

compilerTest("SIGTERM to a one-shot ends the tool and us by the signal", async () => {
  await using world = new World();
  const child = world.spawn(["wrap", "--", "sh", "-c", "echo $$ > pid; exec sleep 20"], {
    ZCCACHE_DAEMON: "off",
  });
  let pid = 0;
  await until("the tool runs", () => {
    try {
      pid = Number(Deno.readTextFileSync(`${world.work}/pid`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return pid > 0;
  });
  child.kill("SIGTERM");
  const { signal } = await child.output();
  assertEquals(signal, "SIGTERM");
  await until("the tool ends", () => !lives(pid));
});

const strict: { args: string[]; env?: Record<string, string>; code: number; err: RegExp }[] = [
  { args: ["--strict-paths", "echo", "-I/inc"], code: 0, err: /^$/ },
  { args: ["wrap", "--strict-paths=consistent", "--", "echo", "-Iinc"], code: 0, err: /^$/ },
  {
    args: ["--strict-paths", "echo", "-Iinc"],
    code: 1,
    err:
      /^zccache: Cannot run "echo": -Iinc is not allowed by --strict-paths=absolute: [^\n]+\nCaller: [^\n]+\n$/,
  },
  {
    args: ["echo", "-Iinc"],
    env: { ZCCACHE_STRICT_PATHS: "1" },
    code: 1,
    err: /^zccache: Cannot run "echo"/,
  },
  {
    args: ["wrap", "--strict-paths=off", "echo", "-Iinc"],
    env: { ZCCACHE_STRICT_PATHS: "1" },
    code: 0,
    err: /^$/,
  },
  { args: ["echo", "--strict-paths", "-Iinc"], code: 0, err: /^$/ },
  { args: ["--strict-paths", "echo", "-Iinc"], env: { ZCCACHE_DISABLE: "1" }, code: 0, err: /^$/ },
  {
    args: ["--strict-paths=most", "echo"],
    code: 2,
    err: /^zccache: [^\n]*"most", it must be off or consistent or absolute\n/,
  },
];
for (const { args, env, code, err } of strict) {
  Deno.test(`zccache ${args.join(" ")} ${JSON.stringify(env ?? {})} ends with ${code}`, async () => {
    await using world = new World();
    const ended = await world.run(args, { ZCCACHE_DAEMON: "off", ...env });
    assertEquals(ended.code, code, ended.err);
    assertMatch(ended.err, err);
    if (code === 0) assert(ended.out.startsWith(args.at(-2) === "echo" ? args.at(-1)! : "--strict-paths"));
  });
}

for (const { name, env } of modes.slice(0, 2)) {
  Deno.test(`the order in which variables stand costs no hit, ${name}`, async () => {
    await using world = new World();
    Deno.writeTextFileSync(`${world.work}/a.c`, "int f(void) { return 1; }\n");
    const through = `${engine.join(" ")} wrap cc -c a.c`, both = { ...env, LC_ALL: "C", GCC_COLORS: "" };
    // What is taken out and set again stands last.
    const orders = ["", "env -u LC_ALL LC_ALL=C", "env -u GCC_COLORS -u PATH GCC_COLORS= PATH=$PATH"];
    for (const order of orders) {
      const sh = ["-c", `${order} ${through}`];
      const options = { args: sh, env: { ...world.env, ...both }, clearEnv: true, cwd: world.work };
      const { code } = await new Deno.Command("/bin/sh", options).output();
      assertEquals(code, 0);
    }
    const { hits, misses } = await statsOf(world);
    assertEquals([hits, misses], [2, 1]);
  });
}
