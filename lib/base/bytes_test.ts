import { assertEquals } from "@std/assert";
import { bytesOf, byteString, cPath, cString, fromText, shown } from "./bytes.ts";

/** What libc reads: up to the first NUL. */
const read = (bytes: Uint8Array) => byteString(bytes.subarray(0, bytes.indexOf(0)));

const texts = [
  "",
  "/a",
  "/a/longer/path",
  "/a",
  "/\xff\x80 \n",
  `/${"x".repeat(4095)}`,
  `/${"x".repeat(9000)}`,
  "/a",
];
Deno.test("cPath() holds one path after another as cString() does", () => {
  for (const text of texts) assertEquals([read(cPath(text)), read(cString(text))], [text, text]);
});

Deno.test("byte strings keep every byte, and text in any script", () => {
  for (const length of [256, 8192, 8193, 20_000]) {
    const all = Uint8Array.from({ length }, (_, i) => i);
    assertEquals(bytesOf(byteString(all)), all);
  }
  for (const text of ["plain", "Zürich", "日本\n"]) assertEquals(shown(fromText(text)), text);
});
