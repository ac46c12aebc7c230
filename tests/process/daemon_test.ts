/** The daemon as a process: who may start, how it ends, what it leaves. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fromText } from "../../lib/base/bytes.ts";
import { endpointName } from "../../lib/daemon/places.ts";
import { libc, takeLock } from "../../lib/os/mod.ts";
import { engine, lives, until, World } from "./engine.ts";

libc(); // opened before the tests, which would call it a leak

Deno.test("status without a daemon ends 1 and starts none", async () => {
  await using world = new World();
  const text = await world.run(["status"]);
  assertEquals([text.code, text.err], [1, ""]);
  assertMatch(text.out, /^no daemon at .*\.sock\n$/);
  const { code, status } = await world.status();
  assertEquals([code, status], [1, "absent"]);
});

Deno.test("start, status and stop say what they did", async () => {
  await using world = new World();
  const started = await world.run(["start"]);
  assertEquals([started.code, started.out], [0, ""]);
  assertMatch(started.err, /^daemon running at .*\.sock\n$/);
  assertEquals((await world.run(["start"])).err, started.err, "a second start finds the first daemon");
  const { code, pid, cache_dir } = await world.status();
  assertEquals([code, cache_dir], [0, world.cache]);
  const stopped = await world.run(["stop"]);
  assertEquals([stopped.code, stopped.err], [0, "daemon stopped\n"]);
  await until("the daemon ends", () => !lives(pid as number));
  assertEquals(world.inRuntime(".sock"), []);
  assertMatch((await world.run(["stop"])).err, /^daemon not running at /);
});

Deno.test("status --json tells of the daemon's own runs, in the shape that scripts know", async () => {
  await using world = new World();
  await world.run(["wrap", "echo"], { ZCCACHE_DAEMON: "off" });
  await world.run(["start"]);
  await world.run(["wrap", "echo"]);
  const { daemon, ...top } = JSON.parse((await world.run(["status", "--json"])).out);
  const [name] = world.inRuntime(".sock"), endpoint = `${world.runtime}/${name}`;
  assertEquals(top, { status: "ok", endpoint, protocol_version: 4, hit_rate: null, link_hit_rate: null });
  const { pid, version, build, uptime_secs, launcher, tracer, watch, cache_size_bytes, ...rest } = daemon;
  assert([pid, uptime_secs, cache_size_bytes].every(Number.isInteger));
  assert([version, build, launcher, tracer, watch].every((text) => typeof text === "string"));
  assertEquals(rest, {
    endpoint,
    cache_dir: world.cache,
    read_only: false,
    artifact_count: 0,
    cache_hits: 0,
    cache_misses: 0,
    total_compilations: 1,
    non_cacheable: 1,
    compile_errors: 0,
    time_saved_ms: 0,
    total_links: 0,
    link_hits: 0,
    link_misses: 0,
    link_non_cacheable: 0,
    sessions_active: 1,
    sessions_total: 1,
  });
});

Deno.test("folders are 0700, the socket and the log 0600", async () => {
  await using world = new World();
  await world.run(["start"], {});
  const mode = (path: string) => Deno.lstatSync(path).mode! & 0o777;
  assertEquals([mode(world.cache), mode(world.runtime)], [0o700, 0o700]);
  assertEquals(mode(`${world.cache}/daemon.lock`), 0o600);
  for (const suffix of [".sock", ".log"]) {
    const [name] = world.inRuntime(suffix);
    assertEquals(mode(`${world.runtime}/${name}`), 0o600, name);
  }
});

Deno.test("a spawned daemon has nothing of its client: session, folder, descriptors, environment", async () => {
  await using world = new World();
  await world.run(["start"], { SECRET_TOKEN: "x", ZCCACHE_WAL_FLUSH_MS: "1000" });
  const pid = await world.daemon(), proc = `/proc/${pid}`;
  const stat = Deno.readTextFileSync(`${proc}/stat`);
  const [, parent, , session, terminal] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  assertNotEquals(parent, Deno.pid);
  assertNotEquals(session, Number(Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ")[3]));
  assertEquals(terminal, 0);
  assertEquals(Deno.readLinkSync(`${proc}/cwd`), "/");
  const environment = Deno.readTextFileSync(`${proc}/environ`);
  assert(!environment.includes("SECRET_TOKEN"), environment);
  assert(environment.includes("ZCCACHE_WAL_FLUSH_MS=1000"), environment);
  assertEquals(Deno.readLinkSync(`${proc}/fd/0`), "/dev/null");
  assertMatch(Deno.readLinkSync(`${proc}/fd/2`), /\.log$/);
  assertMatch(Deno.readTextFileSync(`${proc}/status`), /^Umask:\s*0077$/m);
});

Deno.test("a run for which no daemon comes in time is plain, and is counted", async () => {
  await using world = new World();
  await world.run(["stats"]);
  const lock = takeLock(fromText(`${world.runtime}/${endpointName(fromText(world.cache))}.start`));
  assert(typeof lock === "object");
  try {
    assertEquals((await world.run(["wrap", "echo", "ran"])).out, "ran\n");
  } finally {
    lock.release();
  }
  const { runs, passed, by_outcome } = JSON.parse((await world.run(["stats", "--json"])).out);
  assertEquals([runs, passed, by_outcome], [1, 1, { pass_daemon_starting: 1 }]);
});

Deno.test("a bad setting costs no run but its own", async () => {
  await using world = new World();
  assertEquals((await world.run(["wrap", "echo", "ran"], { ZCCACHE_WATCH: "bogus" })).out, "ran\n");
  assertEquals((await world.run(["wrap", "echo", "ran"])).out, "ran\n");
  const { runs, by_outcome } = JSON.parse((await world.run(["stats", "--json"])).out);
  assertEquals([runs, by_outcome], [1, { pass_unknown_tool: 1 }]);
});

Deno.test("two daemons that race to start end as one", async () => {
  await using world = new World();
  const both = [world.spawn(["--serve"]), world.spawn(["--serve"])];
  const pid = await world.daemon();
  const winner = both.find((child) => child.pid === pid)!, loser = both.find((child) => child.pid !== pid)!;
  const lost = await loser.output();
  assertEquals(lost.code, 1);
  assertMatch(new TextDecoder().decode(lost.stderr), /another daemon owns the cache/);
  assertEquals((await world.status()).pid, pid);
  winner.kill("SIGTERM");
  assertEquals((await winner.output()).code, 0);
});

Deno.test("ten clients that start a daemon at once get one", async () => {
  await using world = new World();
  const starts = await Promise.all(Array.from({ length: 10 }, () => world.run(["start"])));
  assertEquals(starts.map(({ code }) => code), Array(10).fill(0));
  const log = Deno.readTextFileSync(`${world.runtime}/${world.inRuntime(".log")[0]}`);
  assertEquals(log.match(/daemon \d+ serves/g)?.length, 1, log);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends a daemon in the foreground with 0 and its socket gone`, async () => {
    await using world = new World();
    const child = world.spawn(["--serve"]);
    await world.daemon();
    child.kill(signal);
    const { code, stderr } = await child.output();
    assertEquals([code, world.inRuntime(".sock")], [0, []]);
    assertMatch(new TextDecoder().decode(stderr), /daemon ended/);
  });
}

Deno.test("a daemon that was killed leaves nothing that stops the next", async () => {
  await using world = new World();
  await world.run(["start"]);
  const first = await world.daemon();
  Deno.kill(first, "SIGKILL");
  await until("it dies", () => !lives(first));
  assertEquals(world.inRuntime(".sock").length, 1, "a kill -9 leaves the socket");
  assertEquals((await world.status()).code, 1);
  assertEquals((await world.run(["start"])).code, 0);
  assertNotEquals(await world.daemon(), first);
});

Deno.test("a daemon that is stopped by SIGSTOP is named as one that does not answer", async () => {
  await using world = new World();
  await world.run(["start"]);
  const pid = await world.daemon();
  Deno.kill(pid, "SIGSTOP");
  const { code, status } = await world.status();
  Deno.kill(pid, "SIGCONT");
  assertEquals([code, status], [1, "silent"]);
});

Deno.test("a daemon ends when idle", async () => {
  await using world = new World();
  const child = world.spawn(["--serve", "--idle-timeout", "1"]);
  await world.daemon();
  const { code, stderr } = await child.output();
  assertEquals(code, 0);
  assertMatch(new TextDecoder().decode(stderr), /nobody asked for 1 s/);
});

Deno.test("one cache has one daemon, whatever the runtime folder of those who ask", async () => {
  await using world = new World();
  await world.run(["start"]);
  const pid = await world.daemon(), other = { XDG_RUNTIME_DIR: `${world.folder}/home` };
  assertEquals(JSON.parse((await world.run(["status", "--json"], other)).out).daemon.pid, pid);
  assertMatch((await world.run(["start"], other)).err, /^daemon running at .*\/run\/zccache\//);
  assertEquals((await world.run(["wrap", "true"], other)).code, 0);
  const second = await world.run(["--serve"], { ...other, ZCCACHE_ENDPOINT: `${world.folder}/own.sock` });
  assertMatch(second.err, /^zccache: Cannot serve: another daemon owns the cache /);
  assertEquals((await world.run(["stop"], other)).err, "daemon stopped\n");
  await until("the daemon ends", () => !lives(pid));
});

Deno.test({
  name: "where launcher and tracer cannot be unpacked tools run, and status and stats say why",
  ignore: Deno.uid() !== 0 || !hasProgram("setpriv"),
  fn: () => {
    const nobody = 64_999, folder = Deno.makeTempDirSync({ prefix: "zccache-nobody-" });
    const taken = `/tmp/zccache-${nobody}-native`;
    Deno.chmodSync(folder, 0o755);
    for (const name of ["home", "run"]) {
      Deno.mkdirSync(`${folder}/${name}`, { mode: 0o700 });
      Deno.chownSync(`${folder}/${name}`, nobody, nobody);
    }
    if (hasFolder(taken)) Deno.removeSync(taken, { recursive: true });
    Deno.mkdirSync(taken, { mode: 0o700 });
    // Under the tool's own name first on PATH: an engine without a launcher must not come back to us for ever.
    Deno.mkdirSync(`${folder}/shims`);
    Deno.symlinkSync(engine[0], `${folder}/shims/sh`);
    const run = (...args: string[]) => {
      const as = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", ...engine, ...args];
      const env = {
        PATH: `${folder}/shims:/usr/bin:/bin`,
        HOME: `${folder}/home`,
        XDG_RUNTIME_DIR: `${folder}/run`,
      };
      const { stdout } = new Deno.Command("timeout", {
        args: ["20", "setpriv", ...as],
        env,
        clearEnv: true,
        cwd: "/",
      })
        .outputSync();
      return new TextDecoder().decode(stdout);
    };
    try {
      assertEquals(run("wrap", "sh", "-c", "echo ran"), "ran\n");
      run("start");
      const why = `Cannot use the folder "${taken}": it belongs to user 0`;
      const { launcher, tracer } = JSON.parse(run("status", "--json")).daemon;
      assertEquals([launcher, tracer], [why, why]);
      assertMatch(run("status"), /^ {2}Launcher: {2}Cannot use the folder /m);
      assertMatch(run("stats"), /^Tools run uncached: Cannot use the folder /m);
      assertEquals(JSON.parse(run("stats", "--json")).uncached, why);
    } finally {
      run("stop");
      Deno.removeSync(folder, { recursive: true });
      for (const base of [taken, `/var${taken}`]) {
        if (hasFolder(base)) Deno.removeSync(base, { recursive: true });
      }
    }
  },
});

function hasProgram(name: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${name}`] }).outputSync().success;
}

function hasFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
