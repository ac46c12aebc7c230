/**
 * Places and limits with which no daemon can work, or not well: whatever the socket's path names, whatever the runtime
 * folder is, however few descriptors there are, a compile gives the compiler's object and not a word more, and nothing
 * that is not ours is touched.
 */
import { protocolVersion } from "../../lib/protocol/spec.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { encode } from "../../lib/protocol/mod.ts";
import { Compiling, mayMount, type Mode, modes, Mount, sh } from "../crash/compiling.ts";
import { engine } from "../process/engine.ts";
import { hit } from "../process/fake_decider.ts";

const isRoot = Deno.uid() === 0;
const built = engine.length === 1;

interface Place {
  name: string;
  /** Whether it can be made here. */
  needs?: boolean;
  /** What ZCCACHE_ENDPOINT names, below a folder of the test's own. */
  endpoint: string;
  /** Makes it, in that folder; undefined: nothing is there. */
  make?: (path: string) => void;
  /** What must still be there, as `stat` and `cat` tell it. */
  stays?: true;
  /** The second compile hits: nothing is wrong with such a place. */
  hits?: true;
}

// deno-fmt-ignore: a row stays a line
const places: Place[] = [
  { name: "a file", endpoint: "file", make: (path) => Deno.writeTextFileSync(path, "precious"), stays: true },
  { name: "an empty folder", endpoint: "folder", make: (path) => Deno.mkdirSync(path), stays: true },
  { name: "a fifo", endpoint: "fifo", make: (path) => sh("mkfifo", path), stays: true },
  { name: "a device", needs: isRoot, endpoint: "null", make: (path) => sh("mknod", path, "c", "1", "3"), stays: true },
  { name: "a link to a file", endpoint: "link", make: (path) => Deno.symlinkSync("/etc/passwd", path), stays: true },
  { name: "a file below a file", endpoint: "file/s", make: (path) => Deno.writeTextFileSync(path.slice(0, -2), "precious") },
  { name: "nothing in a folder that is not there", endpoint: "no/such/s" },
  { name: "more than a socket's path can hold", endpoint: "s".repeat(120) },
  { name: "more than any path can hold", endpoint: "s".repeat(5_000) },
  { name: "a socket that nobody serves", endpoint: "stale", make: stale, hits: true },
  { name: "a socket of another kind", endpoint: "datagrams", make: (path) => sh("python3", "-c", `import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("${path}")`), needs: hasProgram("python3") },
];

/** The socket of a process that has ended without removing it. */
function stale(path: string): void {
  const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} }); Deno.exit()`;
  sh(Deno.execPath(), "eval", "--no-lock", script);
}

function hasProgram(name: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${name}`], stdout: "null" }).outputSync().success;
}

/** Kind, mode, inode and content of what is at `path`. */
function portrait(path: string): string {
  const { mode, ino, isFile, isSymlink } = Deno.lstatSync(path);
  return [mode, ino, isFile ? Deno.readTextFileSync(path) : isSymlink ? Deno.readLinkSync(path) : ""].join();
}

for (const { name, needs, endpoint, make, stays, hits } of places) {
  Deno.test({
    name: `ZCCACHE_ENDPOINT names ${name}: compiles are right`,
    ignore: needs === false,
    fn: async () => {
      await using world = new Compiling("daemon");
      const path = world.env.ZCCACHE_ENDPOINT = `${world.folder}/${endpoint}`;
      make?.(path);
      const before = stays && portrait(path);
      await world.source("a");
      for (let i = 0; i < 2; i++) await world.build("a");
      if (stays) assertEquals(portrait(path), before);
      if (hits) assertEquals(await world.outcome("a"), "hit", world.log());
    },
  });
}

Deno.test("relative places mean the same to a client and to its daemon, and nothing is made elsewhere", async () => {
  const name = `zccache-relative-${Deno.pid}`;
  await using world = new Compiling("daemon", { ZCCACHE_CACHE_DIR: name, ZCCACHE_ENDPOINT: `${name}.sock` });
  await world.source("a");
  await world.build("a");
  assertEquals(await world.outcome("a"), "hit");
  const { endpoint, cache_dir } = await world.status();
  assertEquals([endpoint, cache_dir], [`${world.work}/${name}.sock`, `${world.work}/${name}`]);
  await world.stop();
  assertEquals([...Deno.readDirSync("/")].filter((entry) => entry.name.startsWith(name)), []);
});

Deno.test("a daemon of another protocol version is not understood, and compiles are right", async () => {
  const socket = `${Deno.makeTempDirSync()}/s`;
  await using world = new Compiling("daemon", { ZCCACHE_ENDPOINT: socket });
  await world.source("a");
  const other = encode(hit({ out: new TextEncoder().encode("not a hit") }), 0n);
  new DataView(other.buffer).setUint16(4, protocolVersion + 1, true);
  const listener = Deno.listen({ transport: "unix", path: socket });
  let asked = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      using _ = connection;
      if (await connection.read(new Uint8Array(1 << 16)) === null) continue; // only looked whether we are there
      asked++;
      await connection.write(other);
    }
  })();
  for (let i = 0; i < 3; i++) await world.build("a");
  listener.close();
  await serving;
  assertEquals(asked, 3);
});

interface Runtime {
  name: string;
  needs?: boolean;
  /** Makes it so; what is mounted for it. */
  make: (world: Compiling) => Mount | void;
}

const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

/** Plays another user where root would meet no refusal. */
function withoutRoot(world: Compiling): void {
  if (!isRoot) return;
  Deno.chmodSync(world.folder, 0o755);
  sh("chown", "-R", "65534:65534", world.folder);
  world.as = nobody;
}

function smallDisk(world: Compiling, options: string): Mount {
  return new Mount(`${world.folder}/run`, "-t", "tmpfs", "-o", `mode=700,${options}`, "none");
}

// deno-fmt-ignore: a row stays a line
const runtimes: Runtime[] = [
  { name: "is a file", make: ({ runtime }) => Deno.writeTextFileSync(runtime, "") },
  { name: "may be read by others", make: ({ runtime }) => Deno.mkdirSync(runtime, { mode: 0o755 }) },
  { name: "is a link", make: ({ runtime }) => Deno.symlinkSync("/tmp", runtime) },
  { name: "may not be made", make: (world) => { withoutRoot(world); Deno.chmodSync(`${world.folder}/run`, 0o500); } },
  { name: "may not be written", make: (world) => { Deno.mkdirSync(world.runtime, { mode: 0o700 }); withoutRoot(world); Deno.chmodSync(world.runtime, 0o500); } },
  { name: "may not be searched", make: (world) => { Deno.mkdirSync(world.runtime, { mode: 0o700 }); withoutRoot(world); Deno.chmodSync(world.runtime, 0o600); } },
  { name: "is on a disk that may not be written [needs mount]", needs: mayMount(), make: (world) => smallDisk(world, "ro") },
  { name: "is on a disk without room for a record [needs mount]", needs: mayMount(), make: (world) => smallDisk(world, "size=1m") },
  { name: "is on a disk without room for anything [needs mount]", needs: mayMount(), make: (world) => smallDisk(world, "nr_inodes=2") },
];

for (const mode of modes) {
  for (const { name, needs, make } of runtimes) {
    Deno.test({
      name: `the runtime folder ${name}: compiles are right, ${mode}`,
      ignore: needs === false || (isRoot && !hasProgram("setpriv")),
      fn: async () => {
        await using world = new Compiling(mode);
        await world.source("a");
        using mounted = make(world) ?? null;
        for (let i = 0; i < 2; i++) await world.build("a");
        if (mounted !== null) await world.stop();
      },
    });
  }

  Deno.test(`in a folder that may be searched but not read compiles are right, ${mode}`, async () => {
    await using world = new Compiling(mode);
    for (const name of ["a", "b"]) await world.source(name);
    withoutRoot(world);
    Deno.chmodSync(world.work, 0o311);
    for (const name of ["a", "b"]) await world.build(name);
    Deno.chmodSync(world.work, 0o700);
  });
}

/** Limits of `ulimit`; with the lowest ones a shell and cc just work. */
const limits = ["-n 7", "-n 12", "-n 18", "-n 60", "-n 72", "-d 200000", "-s 200", "-f 4096"];

/** Sets a limit, then becomes what follows. */
function limited(limit: string): string[] {
  return ["sh", "-c", `ulimit ${limit} && exec "$@"`, "sh"];
}

async function underLimits(world: Compiling, mode: Mode): Promise<void> {
  for (const limit of limits) {
    world.as = limited(limit);
    await world.build("a");
    world.as = [];
    // A daemon that such a client has started lives under its limit.
    if (mode === "daemon") await world.stop();
  }
}

for (const mode of modes) {
  Deno.test({
    name: `compiles are right under limits that no engine can live with, ${mode}`,
    ignore: !built,
    fn: async () => {
      await using world = new Compiling(mode);
      await world.source("a");
      await underLimits(world, mode);
    },
  });
}

interface Hostile {
  name: string;
  needs: boolean;
  /** Makes it so; what is put in front of the command. */
  make: (world: Compiling) => string[];
}

// deno-fmt-ignore: a row stays a line
const hostile: Hostile[] = [
  { name: "no engine has enough processes", needs: isRoot && hasProgram("setpriv") && hasProgram("prlimit"), make: fewProcesses },
  { name: "nothing is mounted at /proc [needs mount]", needs: mayMount() && hasProgram("unshare"), make: () =>
    ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"] },
];

/** As a user of whom nothing else runs: cc starts two more. */
function fewProcesses(world: Compiling): string[] {
  const id = "61234";
  Deno.chmodSync(world.folder, 0o755);
  sh("chown", "-R", `${id}:${id}`, world.folder);
  return ["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "prlimit", "--nproc=6", "--"];
}

for (const mode of modes) {
  for (const { name, needs, make } of hostile) {
    Deno.test({
      name: `compiles are right where ${name}, ${mode}`,
      ignore: !built || !needs,
      fn: async () => {
        await using world = new Compiling(mode);
        await world.source("a");
        world.as = make(world);
        for (let i = 0; i < 2; i++) await world.build("a");
        world.as = [];
      },
    });
  }
}

Deno.test("compiles under such limits are served by a daemon that is there", async () => {
  await using world = new Compiling("daemon");
  await world.source("a");
  await world.run(["start"]);
  world.as = limited("-c 0"); // a shell gives PWD to the compiler, which asks for it
  await world.build("a");
  await world.news();
  for (const limit of limits) {
    world.as = limited(limit);
    await world.build("a");
  }
  world.as = [];
  assertEquals(await world.news(), limits.map(() => "hit"), world.log());
});

Deno.test("a daemon may write larger files than the client that started it", async () => {
  await using world = new Compiling("daemon");
  await world.source("a");
  await world.news(); // the engine is unpacked by somebody else
  world.as = limited("-S -f 4096");
  await world.run(["start"]);
  world.as = [];
  const pid = await world.daemon();
  assertMatch(Deno.readTextFileSync(`/proc/${pid}/limits`), /^Max file size +(\w+) +\1 /m);
  await world.build("a");
  assertEquals(await world.outcome("a"), "hit", world.log());
});

Deno.test("a daemon with few descriptors serves more clients than it has descriptors", async () => {
  await using world = new Compiling("daemon");
  const names = Array.from({ length: 30 }, (_, i) => `file${i}`);
  for (const name of names) await world.source(name);
  world.as = limited("-n 34");
  await world.run(["start"]);
  world.as = [];
  const pid = await world.daemon();
  assert(/^Max open files +34 +34 /m.test(Deno.readTextFileSync(`/proc/${pid}/limits`)));
  await Promise.all(names.map((name) => world.build(name)));
  assertEquals(await world.daemon(), pid, world.log());
  for (let i = 0; i < 2; i++) await world.build("file0");
  assertEquals(await world.outcome("file0"), "hit", world.log());
});
