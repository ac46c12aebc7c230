import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { libc, takeLock } from "../os/mod.ts";
import { underLock } from "./guard.ts";

libc(); // opened here, so that no test seems to leak it

const fresh = () => `${Deno.makeTempDirSync()}/lock`;

Deno.test("underLock() holds the lock for its work alone, and gives back what the work gave", () => {
  const path = fresh();
  assertEquals(underLock(path, 5_000, () => takeLock(fromText(path))), "held");
  const after = takeLock(fromText(path));
  assert(typeof after === "object");
  after.release();
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
});

Deno.test("underLock() lets go where the work throws", () => {
  const path = fresh();
  assertThrows(
    () =>
      underLock(path, 5_000, () => {
        throw new Error("work");
      }),
    Error,
    "work",
  );
  assertEquals(underLock(path, 5_000, () => 1), 1);
});

Deno.test("underLock() says what it cannot lock", () => {
  const path = `${fresh()}/in/no/folder`;
  assertThrows(() => underLock(path, 5_000, () => 1), Error, `cannot lock ${path}`);
});

Deno.test("underLock() waits for another process", async () => {
  const path = fresh();
  const child = new Deno.Command("flock", {
    args: [path, "sh", "-c", "echo held; sleep 0.2"],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const began = performance.now();
  assertEquals(underLock(path, 5_000, () => 1), 1);
  assert(performance.now() - began > 100, "it did not wait");
  await reader.cancel();
  await child.status;
});
