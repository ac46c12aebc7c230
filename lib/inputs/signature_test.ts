import { assertEquals } from "@std/assert";
import { type FileState, libc } from "../os/mod.ts";
import { Clocks } from "./signature.ts";

libc(); // opened here, so that no test seems to leak it

const second = 1_000_000_000n, ms = 1_000_000n, base = 1_700_000_000n * second;
const state = (mtime: bigint, ctime = mtime): FileState => ({
  mode: 0o100644,
  nlink: 1,
  uid: 0,
  size: 1,
  mtime,
  ctime,
  ino: 1n,
  dev: 1n,
  blocks: 8,
});
/** /proc is of no kind whose times are known to differ; on an old kernel no file system is. */
const coarse: [string, Clocks, string][] = [
  ["an old kernel", new Clocks("6.12.9"), "/tmp"],
  ["an older kernel", new Clocks("5.10.0-28-amd64"), "/tmp"],
  ["an unknown file system", new Clocks("6.18.1"), "/proc"],
];

for (const [name, clocks, path] of coarse) {
  Deno.test(`a signature is too new within a tick of the last change on ${name}`, () => {
    const changed = base + 123n * ms;
    const tooNew = (after: bigint) => clocks.tooNew(path, state(changed), changed + after);
    assertEquals([0n, 9n * ms, 10n * ms, 11n * ms, second].map(tooNew), [true, true, true, false, false]);
    assertEquals(tooNew(-5n * second), true, "a time to come");
  });

  Deno.test(`an edit may hide within a tick before the start on ${name}`, () => {
    const changed = base + 123n * ms;
    const hides = (after: bigint) => clocks.ambiguous(path, state(changed), changed + after);
    assertEquals([-second, 0n, 10n * ms, 11n * ms, 3n * second].map(hides), [true, true, true, false, false]);
  });
}

for (const release of ["6.18.1", "6.13.0-rc1", "7.0"]) {
  Deno.test(`times on ${release} and a file system that keeps them apart are exact`, () => {
    const clocks = new Clocks(release), changed = base + 123n * ms;
    assertEquals([1n, ms].map((after) => clocks.tooNew("/tmp", state(changed), changed + after)), [
      false,
      false,
    ]);
    assertEquals(clocks.tooNew("/tmp", state(changed), changed - 1n), true, "changed later than we looked");
    assertEquals(
      [-second, 0n, ms].map((after) => clocks.ambiguous("/tmp", state(changed), changed + after)),
      [
        false,
        false,
        false,
      ],
    );
  });
}

Deno.test("whole seconds in both times mean a clock of seconds, whatever the kernel", () => {
  const clocks = new Clocks("6.18.1");
  const both = state(base), one = state(base, base + 5n * ms);
  for (const after of [0n, second, 2n * second]) {
    assertEquals(clocks.tooNew("/tmp", both, base + after), true, `${after}`);
    assertEquals(clocks.ambiguous("/tmp", both, base + after), true, `${after}`);
  }
  assertEquals(clocks.tooNew("/tmp", both, base + 2n * second + 1n), false);
  assertEquals(clocks.ambiguous("/tmp", both, base + 2n * second + 1n), false);
  assertEquals(clocks.tooNew("/tmp", one, base + 6n * ms), false, "a touched file has exact times of change");
});

Deno.test("the later of mtime and ctime counts", () => {
  const clocks = new Clocks("6.12.0"), late = base + second + 3n * ms;
  assertEquals(clocks.tooNew("/tmp", state(base, late), late + ms), true);
  assertEquals(clocks.tooNew("/tmp", state(late, base), late + ms), true);
});
