/**
 * How the launcher starts a daemon by itself (lib/native/start.h), and when it leaves that to the engine: a script is the
 * engine and writes down how it was called.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { endpointName, startWaitMs } from "../../lib/daemon/mod.ts";
import { byteString, fromText } from "../../lib/base/bytes.ts";
import { compose } from "../../lib/native/compose.ts";
import { takeLock } from "../../lib/os/mod.ts";
import { type Launcher, launchers, newFolder, plain, play } from "./fake_decider.ts";

/** A home of one's own, and a launcher whose engine is `body`, a script that finds them as $H. */
interface Place {
  home: string;
  launcher: string;
  /** "<runtime>/<name>", where the lock, the note and the log of this cache's daemon lie. */
  base: string;
}

function place(launcher: Launcher, body: string): Place {
  const home = Deno.realPathSync(newFolder()), engine = `${home}/engine`;
  Deno.copyFileSync(launcher.path, `${home}/zccache`);
  Deno.writeTextFileSync(engine, `#!/bin/sh\nH='${home}'\n${body}\n`, { mode: 0o755 });
  Deno.writeTextFileSync(`${home}/engine-path`, `${engine}\n1122334455667788\n`);
  const name = endpointName(byteString(new TextEncoder().encode(`${home}/.zccache`)));
  return { home, launcher: `${home}/zccache`, base: `${home}/zccache-run/zccache/${name}` };
}

/** Writes down each call; one that is to be the daemon ends, or rests, as `daemon` says. */
const recorder = (daemon: string) =>
  `echo "$@" >>"$H/calls"\ncase $1 in --serve) ${daemon};; *) echo engine "$@";; esac`;

async function calls({ home }: Place): Promise<string[]> {
  return (await Deno.readTextFile(`${home}/calls`)).trim().split("\n");
}

async function compile(
  at: Place,
  launcher: Launcher,
  script = `"$Z" echo -c x`,
  more: Record<string, string> = {},
) {
  Deno.mkdirSync(`${at.home}/zccache-run`, { mode: 0o700, recursive: true });
  const env = { Z: at.launcher, HOME: at.home, XDG_RUNTIME_DIR: `${at.home}/zccache-run`, ...more };
  return await play({ launcher, script, env });
}

for (const launcher of launchers) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`START ${name} (${launcher.name})`, fn);

  test("calls the engine as a daemon, which gets nothing of us", async () => {
    const report =
      `{ pwd; umask; env | sort; ls -l /proc/self/fd | grep -c ' -> '; cut -d' ' -f6,7 /proc/self/stat; } >"$H/said"`;
    const at = place(launcher, recorder(report));
    const script = `exec 7<.; umask 022; X=1 SECRET=1 ZCCACHE_WATCH=off ZCCACHE_CACHE_DIR=c "$Z" echo -c x`;
    const told = await compile(at, launcher, script);
    const [cwd, mask, ...rest] = (await Deno.readTextFile(`${at.home}/said`)).trim().split("\n");
    assertEquals([cwd, mask], ["/", "0077"]);
    const names = rest.filter((line) => line.includes("=")).map((line) => line.replace(/=.*/, ""));
    assert(names.includes("PATH") && names.includes("ZCCACHE_WATCH"), names.join());
    assertEquals(names.filter((name) => ["SECRET", "X", "Z", "S", "L"].includes(name)), []);
    assert(rest.some((line) => line.startsWith("ZCCACHE_CACHE_DIR=/")), "paths count from nowhere");
    // 0 to 2, the pipe of `ls`, and the folder that it reads
    assertEquals(rest.at(-2), "4");
    const [session, terminal] = rest.at(-1)!.split(" ");
    const ours = (await Deno.readTextFile("/proc/self/stat")).split(") ")[1].split(" ")[3];
    assert(session !== ours && terminal === "0", `session ${session}, ours ${ours}, terminal ${terminal}`);
    assertEquals(told.out.split("\n")[0], "engine wrap -- echo -c x", "and the engine says why none came");
  });

  test("leaves at once a daemon that ends", async () => {
    const at = place(launcher, recorder("exit 1"));
    const told = await compile(at, launcher);
    assertEquals([await calls(at), told.out], [
      ["--serve --spawned", "wrap -- echo -c x"],
      "engine wrap -- echo -c x\n",
    ]);
    assert(told.ms < startWaitMs, `${told.ms} ms`);
    await compile(at, launcher);
    assertEquals((await calls(at)).slice(2), ["wrap -- echo -c x"], "the next one starts no other");
    assertThrows(() => Deno.statSync(`${at.base}.start-late`), Deno.errors.NotFound);
  });

  test("waits for a daemon that does not come, and notes it for the next", async () => {
    const at = place(launcher, recorder("exec sleep 2"));
    const told = await compile(at, launcher, `"$Z" echo 1; "$Z" echo 2`);
    assertEquals(told.out, "engine wrap --waited -- echo 1\nengine wrap -- echo 2\n");
    assertEquals(await calls(at), ["--serve --spawned", "wrap --waited -- echo 1", "wrap -- echo 2"]);
    assert(told.ms >= startWaitMs && told.ms < 2 * startWaitMs, `${told.ms} ms`);
    Deno.utimeSync(`${at.base}.start-late`, 1, 1);
    await compile(at, launcher);
    assertEquals((await calls(at)).slice(3), ["--serve --spawned", "wrap --waited -- echo -c x"]);
  });

  test("of many clients has one start it, and the others wait for as long as that one does", async () => {
    const at = place(launcher, recorder("sleep 0.4"));
    const told = await compile(at, launcher, `for i in 1 2 3 4 5 6; do "$Z" echo $i & done; wait`);
    assertEquals(told.out.trim().split("\n").length, 6);
    const started = (await calls(at)).filter((line) => line === "--serve --spawned").length;
    assertEquals(started, 1);
  });

  const left: [string, (at: Place) => Promise<void> | void][] = [
    ["others may write to the cache", ({ home }) => {
      Deno.mkdirSync(`${home}/.zccache`);
      Deno.chmodSync(`${home}/.zccache`, 0o777);
    }],
    ["the runtime folder is not ours alone", ({ home }) => {
      Deno.mkdirSync(`${home}/zccache-run/zccache`, { recursive: true });
      Deno.chmodSync(`${home}/zccache-run/zccache`, 0o755);
    }],
    ["the cache's parent is not there", ({ home }) => Deno.symlinkSync("no/where", `${home}/.zccache`)],
    ["the lock is no plain file", ({ base }) => {
      Deno.mkdirSync(base.slice(0, base.lastIndexOf("/")), { recursive: true, mode: 0o700 });
      Deno.symlinkSync("elsewhere", `${base}.start`);
    }],
  ];
  for (const [why, prepare] of left) {
    test(`leaves it to the engine where ${why}`, async () => {
      const at = place(launcher, recorder("exit 1"));
      await prepare(at);
      assertEquals((await compile(at, launcher)).out, "engine wrap -- echo -c x\n");
      assertEquals(await calls(at), ["wrap -- echo -c x"]);
    });
  }

  test("leaves it to the engine where the cache has an owner", async () => {
    const at = place(launcher, recorder("exit 1"));
    Deno.mkdirSync(`${at.home}/.zccache`, { mode: 0o700 });
    const lock = takeLock(fromText(`${at.home}/.zccache/daemon.lock`), "/elsewhere.sock");
    if (typeof lock !== "object") throw new Error(`no lock: ${lock}`);
    try {
      assertEquals((await compile(at, launcher)).out, "engine wrap -- echo -c x\n");
      assertEquals(await calls(at), ["wrap -- echo -c x"]);
    } finally {
      lock.release();
    }
    await compile(at, launcher);
    assertEquals((await calls(at)).slice(1), ["--serve --spawned", "wrap -- echo -c x"]);
  });

  if (launcher === plain) {
    test("waits for an engine that is being unpacked, and for the daemon then", async () => {
      const at = place(launcher, recorder("sleep 0.1")),
        id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
      const unpacked = `/tmp/zccache-${Deno.uid()}-native`;
      Deno.removeSync(`${at.home}/engine-path`);
      compose({ launcher: launcher.path, engine: `${at.home}/engine`, id, to: at.launcher });
      Deno.mkdirSync(unpacked, { recursive: true, mode: 0o755 });
      try {
        // As somebody does who takes longer for it than a client waits for a daemon.
        const script =
          `flock ${unpacked} sleep 0.8 & sleep 0.1; for i in 1 2 3; do "$Z" echo $i & done; wait`;
        const { out } = await compile(at, launcher, script);
        assertEquals(out.trim().split("\n").sort(), [1, 2, 3].map((i) => `engine wrap -- echo ${i}`));
        assertEquals((await calls(at)).filter((line) => line === "--serve --spawned").length, 1);
      } finally {
        Deno.removeSync(`${unpacked}/engine-${id}`);
      }
    });
  }

  test("has no child of ours left when the tool runs", async () => {
    const at = place(
      launcher,
      `case $1 in --serve) exec sleep 0.1;; *) shift 2; exec ps -o pid= --ppid $$;; esac`,
    );
    const told = await compile(at, launcher, `exec "$Z" echo`);
    assertEquals(told.out.trim(), "");
  });
}
