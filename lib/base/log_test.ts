import { assertEquals } from "@std/assert";
import { FakeClock } from "./clock.ts";
import { openLog } from "./log.ts";

function withFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const clock = new FakeClock(Date.UTC(2026, 0, 31, 12));

Deno.test("openLog() appends one line an event, with its time", () =>
  withFolder((folder) => {
    const path = `${folder}/log`;
    Deno.writeTextFileSync(path, "before\n");
    const log = openLog({ path, clock });
    log.info("daemon ended");
    log.warn("journal cut");
    log.close();
    assertEquals(
      Deno.readTextFileSync(path),
      "before\n2026-01-31T12:00:00.000Z info daemon ended\n2026-01-31T12:00:00.000Z warn journal cut\n",
    );
    assertEquals(log.lost, 0);
  }));

Deno.test("openLog() escapes control characters, so that no text forges a line", () =>
  withFolder((folder) => {
    const path = `${folder}/log`;
    const log = openLog({ path, clock });
    log.info("a\nb\x1b[0m");
    log.close();
    assertEquals(Deno.readTextFileSync(path), "2026-01-31T12:00:00.000Z info a\\nb\\u001b[0m\n");
  }));

Deno.test("openLog() keeps a new file to ourselves", () =>
  withFolder((folder) => {
    const path = `${folder}/log`;
    openLog({ path, clock }).close();
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("a log that cannot be written loses its lines, counted, and throws nothing", () => {
  const missing = openLog({ path: "/dev/null/log", clock });
  missing.warn("one");
  assertEquals(missing.lost, 1);
  const full = openLog({ path: "/dev/full", clock });
  full.warn("one");
  full.close();
  full.info("two");
  assertEquals(full.lost, 2);
});
