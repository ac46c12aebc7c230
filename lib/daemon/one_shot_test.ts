import { assert, assertEquals } from "@std/assert";
import { c, libc, signals } from "../os/mod.ts";
import type { Cache } from "./lifecycle.ts";
import { runOneShot } from "./one_shot.ts";

libc(); // opened before the tests, which would call it a leak

/** Signal listeners stay until the process ends, by intention. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** Runs `script` as if it were the launcher; how it ended, what it wrote to $out, and what the cache was told. */
async function run(script: string, more: { open?: () => Cache; command?: string[] } = {}) {
  const folder = Deno.makeTempDirSync(), socket = `${folder}/s`, told: string[] = [];
  const cache = {
    count: () => {},
    busy: () => false,
    close: () => Promise.resolve(void told.push("flushed")),
  } as unknown as Cache;
  try {
    const ending = await runOneShot({
      socket,
      command: more.command ?? ["/bin/sh", "-c", `exec >${folder}/out; ${script}`],
      build: 1n,
      log: { info: () => {}, warn: (text: string) => void told.push(text) },
      now: () => performance.now(),
      open: more.open ?? (() => cache),
    });
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== "out");
    const text = more.command ? "" : Deno.readTextFileSync(`${folder}/out`);
    return { ending, told, left, text };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

test("runOneShot() gives the child's exit code, flushes and leaves no socket", async () => {
  const { ending, told, left } = await run("exit 7");
  assertEquals(ending, { code: 7, signal: 0 });
  assertEquals(told, ["flushed"]);
  assertEquals(left, []);
});

test("runOneShot() gives the child's signal", async () => {
  const { ending } = await run("kill -SEGV $$");
  assertEquals((ending as { signal: number }).signal, signals.SIGSEGV);
});

test("runOneShot() gives the errno of a launcher that cannot be started", async () => {
  const { ending, left } = await run("", { command: ["/nonexistent/launcher"] });
  assertEquals(ending, c.ENOENT);
  assertEquals(left, []);
});

test("runOneShot() lets the child go on where the cache cannot be opened", async () => {
  const open = () => {
    throw new Error("the shard is damaged");
  };
  const { ending, told } = await run("exit 3", { open });
  assertEquals(ending, { code: 3, signal: 0 });
  assertEquals(told, ["cannot open the cache: the shard is damaged"]);
});

test("runOneShot() gives the child's end also where the last flush fails", async () => {
  const close = () => Promise.reject(new Error("no space left"));
  const { ending, told } = await run("exit 4", {
    open: () => ({ busy: () => false, close }) as unknown as Cache,
  });
  assertEquals(ending, { code: 4, signal: 0 });
  assert(told.join().includes("no space left"), told.join());
});

/** Signals that whoever started the tests had ignored, before any test changed that. */
const before = BigInt("0x" + /^SigIgn:\s*(\w+)/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]);

test("runOneShot() gives the child default SIGINT, SIGQUIT and SIGPIPE, and ignores the first two itself", async () => {
  const { text } = await run(
    "sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status; sed -n 's/^SigIgn:[[:space:]]*//p' /proc/$PPID/status",
  );
  const [child, own] = text.trim().split("\n").map((line) => BigInt("0x" + line));
  const bit = (signal: number) => 1n << BigInt(signal - 1);
  const both = bit(signals.SIGINT) | bit(signals.SIGQUIT);
  // A shell without job control starts what goes behind `&` with both ignored; that stays as it is.
  assertEquals(child & (both | bit(signals.SIGPIPE)), before & both);
  assertEquals(own & both, both);
});

for (const name of ["TERM", "HUP", "USR1"] as const) {
  test(`runOneShot() passes SIG${name} on to the child`, async () => {
    const { ending, text } = await run(
      `trap 'echo got; exit 5' ${name}; kill -${name} $PPID; i=0; while [ $i -lt 100 ]; do sleep 0.02; i=$((i+1)); done`,
    );
    assertEquals([ending, text], [{ code: 5, signal: 0 }, "got\n"]);
  });
}

test("runOneShot() gives the child the descriptors that we have, and no more", async () => {
  const { text } = await run("for n in /proc/$$/fd/*; do readlink $n; done");
  assert(!text.includes("socket:"), text);
});
