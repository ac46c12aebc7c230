import { assertEquals, assertThrows } from "@std/assert";
import { sha256 } from "../base/digest.ts";
import { codeRowBytes, codeRows, Codes } from "./codes.ts";

const content = (n: number) => sha256(Uint8Array.of(n, n >> 8, 1));
const code = (n: number) => sha256(Uint8Array.of(n, n >> 8, 2));
const row = (n: number) =>
  codeRows([[content(n), { digest: n % 5 === 0 ? undefined : code(n), mark: n % 3 }]]);

Deno.test("Codes gives back what was added, and nothing for what was not", () => {
  const codes = new Codes();
  for (let n = 0; n < 1000; n++) codes.add(row(n));
  for (let n = 0; n < 1000; n++) {
    assertEquals(codes.get(content(n)), { digest: n % 5 === 0 ? undefined : code(n), mark: n % 3 });
  }
  assertEquals(codes.get(content(1000)), undefined);
});

Deno.test("Codes takes the newer row of a content", () => {
  const codes = new Codes();
  codes.add(row(1));
  codes.add(codeRows([[content(1), { digest: code(2), mark: 9 }]]));
  assertEquals([codes.count, codes.get(content(1))], [1, { digest: code(2), mark: 9 }]);
});

Deno.test("Codes holds a content once, and its rows make the same table again", () => {
  const codes = new Codes();
  for (const n of [1, 2, 1, 3, 2]) codes.add(row(n));
  assertEquals(codes.count, 3);
  const again = new Codes();
  again.add(codes.rows());
  assertEquals(again.rows(), codes.rows());
  assertEquals(again.get(content(2)), codes.get(content(2)));
});

Deno.test("Codes lets the older half go where there are too many", () => {
  const codes = new Codes(100);
  for (let n = 0; n < 1050; n++) codes.add(row(n));
  const held = [0, 999, 1049].map((n) => codes.get(content(n)) !== undefined);
  assertEquals(held, [false, true, true]);
  assertEquals(codes.forgotten, 19); // each time 50 go
  assertEquals(codes.rows().length, codes.count * codeRowBytes);
  assertEquals(codes.count <= 100, true);
});

Deno.test("Codes refuses rows that are cut", () => {
  assertThrows(() => new Codes().add(row(1).subarray(1)));
});
