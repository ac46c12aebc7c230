import { assertEquals } from "@std/assert";
import { modeBeforeUmask } from "./outputs.ts";

const cases: [string, number, number, number | undefined][] = [
  ["an object under 022", 0o100644, 0o022, 0o666],
  ["a program under 022", 0o100755, 0o022, 0o777],
  ["an object under 077", 0o100600, 0o077, 0o666],
  ["a file kept private on purpose", 0o100600, 0o022, 0o600],
  ["a read-only file", 0o100444, 0o022, 0o444],
  ["bits that the umask takes away", 0o100664, 0o022, undefined],
];
for (const [name, mode, umask, want] of cases) {
  Deno.test(`modeBeforeUmask() of ${name}`, () => assertEquals(modeBeforeUmask(mode, umask), want));
}
