import { assert, assertEquals, assertMatch } from "@std/assert";
import { byteString } from "../base/bytes.ts";
import { close, PollSet } from "./socket.ts";
import { c, libc } from "./libc.ts";
import { ended, ignoredSignals, ignoreSignal, meaning, pidDescriptor, signals, spawn } from "./process.ts";
import { defaultSignal, raiseLimits } from "./process.ts";

libc(); // opened before the tests, which would call it a leak

function wait(pid: number): number {
  const descriptor = pidDescriptor(pid), set = new PollSet();
  set.add(descriptor, c.POLLIN);
  try {
    assert(set.wait(5000) > 0, "the child does not end");
  } finally {
    close(descriptor);
  }
  return ended(pid)!;
}

/** Runs `script` with sh, its stdout in a file; what it wrote and how it ended. */
function run(
  script: string,
  options: { environ?: string[]; defaults?: number[]; closeOthers?: boolean } = {},
) {
  const path = Deno.makeTempFileSync();
  try {
    const pid = spawn("/bin/sh", ["sh", "-c", `exec >${path}; ${script}`], options);
    assert(pid > 0, `posix_spawn: ${-pid}`);
    const status = wait(pid);
    return { ...meaning(status), text: byteString(Deno.readFileSync(path)) };
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("spawn() passes on the exit code", () => {
  assertEquals(run("exit 7").code, 7);
});

Deno.test("spawn() shows a death by signal in the status", () => {
  assertEquals(run("kill -SEGV $$").signal, signals.SIGSEGV);
});

Deno.test("spawn() gives the environment exactly, with bytes that are no text and names without =", () => {
  const environ = ["B=x\xff", "A=1", "odd"];
  const { text } = run("cat /proc/$$/environ", { environ });
  assertEquals(text.split("\0").slice(0, 3), environ);
});

Deno.test("spawn() gives our own environment unless told otherwise", () => {
  const own = byteString(Deno.readFileSync("/proc/self/environ"));
  assertEquals(run("cat /proc/$$/environ").text, own);
});

const sigIgn = "sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status";

Deno.test("spawn() leaves SIGPIPE at its default although the runtime ignores it", () => {
  assert(
    ignoredSignals().has(signals.SIGPIPE),
    "the runtime no longer ignores SIGPIPE: this test proves nothing",
  );
  const mask = BigInt("0x" + run(sigIgn).text.trim());
  assertEquals(mask >> BigInt(signals.SIGPIPE - 1) & 1n, 0n);
});

Deno.test("spawn() puts the named signals to default and leaves other ignored ones", () => {
  ignoreSignal(signals.SIGUSR1);
  ignoreSignal(signals.SIGUSR2);
  try {
    const mask = BigInt("0x" + run(sigIgn, { defaults: [signals.SIGUSR1] }).text.trim());
    assertEquals(mask >> BigInt(signals.SIGUSR1 - 1) & 1n, 0n);
    assertEquals(mask >> BigInt(signals.SIGUSR2 - 1) & 1n, 1n);
  } finally {
    defaultSignal(signals.SIGUSR1);
    defaultSignal(signals.SIGUSR2);
  }
});

Deno.test("spawn() of nothing gives the errno", () => {
  assertEquals(spawn("/nonexistent/tool", ["tool"]), -c.ENOENT);
});

Deno.test("spawn() with closeOthers leaves 0, 1 and 2", () => {
  const { text } = run("ls /proc/$$/fd; true", { closeOthers: true });
  assertEquals(text.trim().split("\n").filter((n) => Number(n) < 10), ["0", "1", "2"]);
});

Deno.test("raiseLimits() ends at the hard limits, and a file too large is no death", () => {
  const limits = () => Deno.readTextFileSync("/proc/self/limits");
  const [, soft, hard] = /^Max file size +(\w+) +(\w+)/m.exec(limits())!;
  const setSoft = (value: string) =>
    new Deno.Command("prlimit", { args: [`--pid=${Deno.pid}`, `--fsize=${value}:`] }).outputSync();
  assert(setSoft("100000000").success);
  try {
    raiseLimits();
    for (const name of ["open files", "file size"]) {
      assertMatch(limits(), new RegExp(`^Max ${name} +(\\w+) +\\1 `, "m"));
    }
    assertEquals(/^Max file size +(\w+)/m.exec(limits())![1], hard);
    assert(ignoredSignals().has(signals.SIGXFSZ));
  } finally {
    defaultSignal(signals.SIGXFSZ);
    setSoft(soft);
  }
});
