import { assert, assertEquals } from "@std/assert";
import { interpreterOf } from "./self_test.ts";

Deno.test("interpreterOf() names the loader of a program on this machine", () => {
  const path = interpreterOf(Deno.readFileSync("/bin/true"));
  assert(path?.startsWith("/lib") === true, path);
  assert(Deno.statSync(path).isFile);
});

const program = Deno.readFileSync("/bin/true");
const broken: { name: string; bytes: Uint8Array }[] = [
  { name: "an empty file", bytes: new Uint8Array() },
  { name: "a script", bytes: new TextEncoder().encode("#!/bin/sh\n".padEnd(100)) },
  { name: "a program cut after its head", bytes: program.slice(0, 64) },
  { name: "a 32-bit program", bytes: program.slice().fill(1, 4, 5) },
];
for (const { name, bytes } of broken) {
  Deno.test(`interpreterOf() finds none in ${name}`, () => assertEquals(interpreterOf(bytes), undefined));
}
