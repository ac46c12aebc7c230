/**
 * States of the system that tests need and that take some care to make.
 *
 * @module
 */

/** Calls `body` with the pid of a process that has ended and whose status nobody takes. */
export async function withZombie(body: (pid: number) => void): Promise<void> {
  const parent = new Deno.Command("/bin/sh", {
    args: ["-c", "sleep 0.1 & echo $!; exec sleep 60"],
    stdout: "piped",
  }).spawn();
  const reader = parent.stdout.getReader();
  try {
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    while (!/\) Z/.test(Deno.readTextFileSync(`/proc/${pid}/stat`))) {
      await new Promise((go) => setTimeout(go, 5));
    }
    body(pid);
  } finally {
    parent.kill("SIGKILL");
    await parent.status;
    await reader.cancel();
  }
}
