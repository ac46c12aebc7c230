import { assertEquals } from "@std/assert";
import { formatDuration, formatSize, GIB, KIB, parseSize } from "./units.ts";

const sizes: [string, number | undefined][] = [
  ["0", 0],
  ["512", 512],
  ["5GiB", 5 * GIB],
  ["5 g", 5 * GIB],
  ["1.5k", 1536],
  ["2MB", 2_000_000],
  ["", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  ["5 parsecs", undefined],
  ["99999999T", undefined],
];
for (const [text, bytes] of sizes) {
  Deno.test(`parseSize() reads ${JSON.stringify(text)}`, () => assertEquals(parseSize(text), bytes));
}

Deno.test("formatSize() is short and never says 1024 of a unit", () => {
  assertEquals([0, 1023, 1024, 1536, 10 * KIB, 1024 * KIB - 1, 12.34 * GIB, 2 ** 60].map(formatSize), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "10 KiB",
    "1 MiB",
    "12.3 GiB",
    "1048576 TiB",
  ]);
});

Deno.test("formatDuration() names the two largest units", () => {
  assertEquals([0, 999, 999.6, 1500, 59_949, 59_999, 200_000, 3_599_999, 7_500_000].map(formatDuration), [
    "0 ms",
    "999 ms",
    "1 s",
    "1.5 s",
    "59.9 s",
    "1 min",
    "3 min 20 s",
    "1 h",
    "2 h 5 min",
  ]);
});
