import { assertEquals } from "@std/assert";
import { CacheError, quote } from "./errors.ts";

Deno.test("CacheError says what was tried, what was found and what helps", () => {
  const error = new CacheError("unusable_place", {
    cannot: `use the cache folder ${quote("/b/z\tc")}`,
    found: "others may write to it (mode 777)",
    help: "Run `chmod 700`",
  });
  assertEquals(error.lines, [
    'zccache: Cannot use the cache folder "/b/z\\tc": others may write to it (mode 777)',
    "  Run `chmod 700`",
  ]);
});

Deno.test("CacheError without help is one line", () => {
  const error = new CacheError("not_found", { cannot: 'run "nosuchcc"', found: "not found on PATH" });
  assertEquals(error.lines, ['zccache: Cannot run "nosuchcc": not found on PATH']);
});

Deno.test("CacheError takes its exit status from its code", () => {
  const parts = { cannot: "do it", found: "no" };
  assertEquals(new CacheError("usage", parts).status, 2);
  assertEquals(new CacheError("not_executable", parts).status, 126);
  assertEquals(new CacheError("not_found", parts).status, 127);
  assertEquals(new CacheError("daemon", parts).status, 1);
});

Deno.test("CacheError keeps the error that it wraps", () => {
  const cause = new Error("ENOSPC");
  assertEquals(new CacheError("native", { cannot: "unpack", found: "disk full", cause }).cause, cause);
});
