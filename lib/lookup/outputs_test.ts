import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { Inputs } from "../inputs/mod.ts";
import { libc } from "../os/mod.ts";
import { modeBeforeUmask, productsOf } from "./outputs.ts";
import { noObservation } from "../trace/mod.ts";
import { written } from "./testing.ts";

libc(); // opened once for all tests

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

const products: { name: string; path: string; argv?: string[]; cwd?: string; want: string }[] = [
  {
    name: "a file of a random name in the temporary folder",
    path: "tmp/ccX1.s",
    want: "pass_leaves_temporary",
  },
  {
    name: "a file in the temporary folder that the line names",
    path: "tmp/o",
    argv: ["-o", "tmp/o"],
    want: "kept",
  },
  { name: "a file below the temporary folder", path: "tmp/d/o", want: "kept" },
  { name: "a file in a working folder that is the temporary one", path: "tmp/o", cwd: "tmp", want: "kept" },
  { name: "a file elsewhere", path: "o", want: "kept" },
  { name: "a fifo", path: "fifo", want: "pass_irregular_output" },
  { name: "what is there no more", path: "gone", want: "nothing" },
];
for (const { name, path, argv = [], cwd = "w", want } of products) {
  Deno.test(`productsOf() of ${name}`, () => {
    const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-products-" })), at = fromText(folder);
    try {
      const script = "mkdir -p tmp/d w; : > tmp/ccX1.s; : > tmp/o; : > tmp/d/o; : > o; mkfifo fifo";
      assert(new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).outputSync().success);
      const found = noObservation(),
        inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
      found.written.set(`${at}/${path}`, written);
      const made = productsOf(found, {
        inputs,
        cwd: `${at}/${cwd}`,
        temporaryFolder: `${at}/tmp`,
        argv: ["cc", ...argv],
      });
      assertEquals("refusal" in made ? made.refusal : made.length === 0 ? "nothing" : "kept", want);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}
