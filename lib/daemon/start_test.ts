import { assert, assertEquals, assertThrows } from "@std/assert";
import { CacheError } from "../base/errors.ts";
import { close, coarseNow, libc, listenAt, takeLock, userId } from "../os/mod.ts";
import { findPlaces, type Places } from "./places.ts";
import { answers, startDaemon } from "./start.ts";

libc(); // opened before the tests, which would call it a leak

function inFolder(body: (places: Places, folder: string) => void): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const places = findPlaces({ uid: userId(), cwd: folder, home: folder, runtimeDir: folder });
  if (places instanceof CacheError) throw places;
  try {
    body(places, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A daemon that writes what it sees of its surroundings into `file`, and never answers. */
function reporter(file: string): string[] {
  const script = 'pwd > "$0.new"; umask >> "$0.new"; env | sed "s/=.*//" >> "$0.new"; mv "$0.new" "$0"';
  return ["/bin/sh", "-c", script, file];
}

function reportIn(file: string): string[] {
  for (const until = performance.now() + 5000; performance.now() < until;) {
    try {
      return Deno.readTextFileSync(file).trim().split("\n");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error("it did not run");
}

Deno.test("startDaemon() gives a daemon the root folder, umask 077 and a cleaned environment", () =>
  inFolder((places, folder) => {
    const file = `${folder}/report`, before = Deno.cwd(), mask = Deno.umask();
    Deno.env.set("SECRET_TOKEN", "x");
    Deno.env.set("ZCCACHE_WAL_FLUSH_MS", "1000");
    try {
      assertEquals(startDaemon({ places, command: reporter(file), waitMs: 30 }), "starting");
    } finally {
      Deno.env.delete("SECRET_TOKEN");
      Deno.env.delete("ZCCACHE_WAL_FLUSH_MS");
    }
    const [cwd, umask, ...names] = reportIn(file);
    assertEquals([cwd, umask], ["/", "0077"]);
    assert(names.includes("ZCCACHE_WAL_FLUSH_MS") && names.includes("PATH"), names.join());
    assert(!names.includes("SECRET_TOKEN"), names.join());
    assertEquals([Deno.cwd(), Deno.umask()], [before, mask], "and leaves the client where it was");
  }));

Deno.test("startDaemon() names places to a daemon so that they mean the same in its folder", () =>
  inFolder((places, folder) => {
    const file = `${folder}/report`, given = { ZCCACHE_CACHE_DIR: "c $1", ZCCACHE_ENDPOINT: "/s" };
    for (const [name, value] of Object.entries(given)) Deno.env.set(name, value);
    try {
      const command = ["/bin/sh", "-c", 'env | grep ^ZCC | sort >"$0.new"; mv "$0.new" "$0"', file];
      assertEquals(startDaemon({ places, command, waitMs: 30 }), "starting");
    } finally {
      for (const name of Object.keys(given)) Deno.env.delete(name);
    }
    assertEquals(reportIn(file), [`ZCCACHE_CACHE_DIR=${Deno.cwd()}/c $1`, "ZCCACHE_ENDPOINT=/s"]);
  }));

Deno.test("startDaemon() leaves no child behind", () =>
  inFolder((places, folder) => {
    startDaemon({ places, command: reporter(`${folder}/report`), waitMs: 1 });
    reportIn(`${folder}/report`);
    const children = Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/children`).trim();
    const names = children.split(" ").filter(Boolean).map((pid) =>
      Deno.readTextFileSync(`/proc/${pid}/comm`).trim()
    );
    assert(!names.includes("sh"), children);
  }));

Deno.test("startDaemon() starts nothing where somebody answers", () =>
  inFolder((places, folder) => {
    const listener = listenAt(places.socket);
    assertEquals(startDaemon({ places, command: reporter(`${folder}/report`), waitMs: 30 }), "running");
    close(listener);
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "report"), false);
  }));

Deno.test("startDaemon() only waits while somebody else starts one", () =>
  inFolder((places, folder) => {
    const lock = takeLock(places.startLock);
    assert(typeof lock === "object");
    assertEquals(startDaemon({ places, command: reporter(`${folder}/report`), waitMs: 30 }), "starting");
    lock.release();
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "report"), false);
  }));

Deno.test("startDaemon() does not wait again for a daemon that did not come", () =>
  inFolder((places, folder) => {
    const command = ["/bin/sh", "-c", 'echo x >> "$0"', `${folder}/starts`];
    const start = () => startDaemon({ places, command, waitMs: 1500 });
    const before = performance.now();
    assertEquals(start(), "starting");
    const between = performance.now();
    assertEquals([start(), start()], ["starting", "starting"]);
    const waited = between - before, waitedAgain = performance.now() - between;
    assert(waited >= 1500 && waitedAgain < 1500, `${waited} and then ${waitedAgain} ms`);
    assertEquals(Deno.readTextFileSync(`${folder}/starts`), "x\n");
  }));

Deno.test("startDaemon() believes a note that is younger than the coarse clock", () =>
  inFolder((places, folder) => {
    const late = `${places.startLock}-late`,
      command = ["/bin/sh", "-c", 'echo x >> "$0"', `${folder}/starts`];
    Deno.writeTextFileSync(late, "");
    for (let i = 0; i < 20; i++) {
      // Where a file's time is finer than the clock's tick, a new one may be ahead of that clock.
      while (BigInt(Date.now()) * 1_000_000n <= coarseNow()) continue;
      const now = new Date();
      Deno.utimeSync(late, now, now);
      assertEquals(startDaemon({ places, command, waitMs: 1 }), "starting");
    }
    assertThrows(() => Deno.statSync(`${folder}/starts`), Deno.errors.NotFound);
  }));

Deno.test("startDaemon() says why where the log cannot be written", () =>
  inFolder((places) => {
    Deno.mkdirSync(places.log);
    const started = startDaemon({ places, command: ["/bin/true"], waitMs: 30 });
    assert(
      typeof started === "object" && /^Cannot write .*\.log: errno \d+$/.test(started.problem),
      String(started),
    );
  }));

Deno.test("answers() is false for a socket that nobody serves", () =>
  inFolder(({ socket }) => {
    const listener = listenAt(socket);
    assertEquals(answers(socket), true);
    close(listener);
    assertEquals(answers(socket), false);
  }));
