/**
 * The tracer as a library: what it needs of libc, and that no tool of this machine goes through a door of libc
 * which it does not watch.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { isHarmless } from "./harmless.ts";
import { tracer } from "./traced.ts";

const textOf = (tool: string, ...args: string[]) =>
  new TextDecoder().decode(new Deno.Command(tool, { args, stderr: "null" }).outputSync().stdout);
const lastWords = (text: string) => text.split("\n").map((line) => line.trim().split(/\s+/).at(-1) ?? "");

const hooked = new Set(lastWords(textOf("nm", "-D", "--defined-only", tracer)).filter((name) => name !== ""));

Deno.test("the library needs libc alone, in versions older than any that we run on", () => {
  const text = textOf("objdump", "-p", "-T", tracer);
  assertEquals([...text.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]), ["libc.so.6"]);
  const newest = [...text.matchAll(/GLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
  assert(Math.max(...newest) <= 17, `needs GLIBC_2.${Math.max(...newest)}`);
});

Deno.test("the library shows nothing but hooks", () => {
  const own = [...hooked].filter((name) => /^(?:zc_|note_|begin|me$)/.test(name));
  assertEquals(own, []);
  assertEquals([...hooked].filter(isHarmless), [], "hooked, so not harmless");
});

/** Names of libc's functions that a program and its libraries import. */
function imports(program: string): string[] {
  const libraries = [...textOf("ldd", program).matchAll(/=> (\S+)/g)].map((match) => match[1])
    .filter((path) => !/\/(?:libc|libm|libpthread|libdl|librt|ld-linux[^/]*)\.so/.test(path));
  return [program, ...libraries]
    .flatMap((path) => lastWords(textOf("nm", "-D", "--undefined-only", path)))
    .filter((name) => /@GLIBC_\d/.test(name)).map((name) => name.replace(/@.*/, ""));
}

for (
  const tool of [
    "gcc",
    "cc1",
    "cc1plus",
    "as",
    "ld",
    "collect2",
    "lto1",
    "lto-wrapper",
    "ar",
    "clang",
    "ld.lld",
  ]
) {
  const path = whereIs(tool);
  Deno.test({
    name: `${tool} and its libraries import no function that is neither hooked nor known to be harmless`,
    ignore: path === undefined, // not installed
    fn: () => {
      const loose = imports(path!).filter((name) => !hooked.has(name) && !isHarmless(name));
      assertEquals([...new Set(loose)], []);
    },
  });
}

function whereIs(tool: string): string | undefined {
  for (const path of [textOf("gcc", `-print-prog-name=${tool}`).trim(), `/usr/bin/${tool}`]) {
    try {
      return Deno.realPathSync(path);
    } catch {
      // the next place
    }
  }
  return undefined;
}
