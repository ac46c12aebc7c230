/** Which compiles start before they are named, and that a line's number is the same wherever a key may be. */
import { assertEquals } from "@std/assert";
import { byteString } from "../base/bytes.ts";
import type { Message } from "../protocol/mod.ts";
import { lineOf } from "./action.ts";
import { environmentOf } from "./circumstances.ts";
import { startsEarly } from "./early.ts";
import { newJob } from "./job.ts";
import { Naming } from "./naming.ts";
import { Twins } from "./twins.ts";

const number = (line: string) => byteString(lineOf(line.split(" ")));

// deno-fmt-ignore: a table
const pairs: [one: string, other: string, isSame: boolean][] = [
  ["-c a.c", "-c a.c", true],
  ["-c one/a.c", "-c /two/a.c", true],
  ["-I/one/include -c a.c", "-I../include -c a.c", true],
  ["-I one -c a.c", "-I/one -c a.c", false],
  ["-I/one/include -c a.c", "-I/two/include -c a.c", true],
  ["-c a.c", "-c b.c", false],
  ["-c one/a.c", "-c one/b.c", false],
  ["-DX=1 -c a.c", "-DX=2 -c a.c", false],
  ["-O1 -c a.c", "-c a.c", false],
];
for (const [one, other, isSame] of pairs) {
  Deno.test(`lineOf() ${isSame ? "is the same for" : "tells apart"} "${one}" and "${other}"`, () => {
    assertEquals(number(one) === number(other), isSame);
  });
}

interface Scene {
  argv?: string[];
  env?: string;
  tool?: string;
  input?: boolean;
  holds?: boolean;
  /** The words of a run that is under way. */
  runs?: string[];
}

const naming = new Naming({
  inputs: {} as never, // no file is looked at
  comments: {} as never,
  cpu: () => "",
});

function isEarly({ argv = ["gcc", "-O1", "-c", "a.c"], env = "", tool = "gcc", input, holds, runs }: Scene) {
  const ask = { argv, cwd: "/work", tool: `/usr/bin/${tool}` } as unknown as Message<"ask">;
  const job = newJob(1, ask), twins = new Twins();
  Object.assign(job, { kind: "compile", environment: environmentOf(env), realTool: ask.tool });
  if (input) job.input = new Uint8Array(32);
  if (runs !== undefined) {
    const other = newJob(2, ask), digest = new Uint8Array(32);
    digest.set(lineOf(runs));
    twins.begin(Object.assign(other, { action: { digest, parts: [] } }));
  }
  return startsEarly(job, { store: { mayHold: () => holds === true }, naming, twins });
}

const scenes: [what: string, scene: Scene, want: boolean][] = [
  ["a new line", {}, true],
  ["a line of which something is stored", { holds: true }, false],
  ["a line that is under way", { runs: ["-O1", "-c", "a.c"] }, false],
  ["a line beside which another is under way", { runs: ["-O1", "-c", "b.c"] }, true],
  ["a line that names its folder", { argv: ["gcc", "-c", "/work/a.c"] }, false],
  ["several sources", { argv: ["gcc", "-c", "a.c", "b.c"] }, false],
  ["a word that is not known", { argv: ["gcc", "-fplugin=x.so", "-c", "a.c"] }, false],
  ["a tool that is not known", { tool: "tcc" }, false],
  ["a source on standard input", { input: true }, false],
  ["variables that add options", { env: "DEPENDENCIES_OUTPUT=x.d\0" }, false],
  ["a limit of runs", { env: "ZCCACHE_MAX_PARALLEL_COMPILES=2\0" }, false],
];
for (const [what, scene, want] of scenes) {
  Deno.test(`startsEarly() is ${want} for ${what}`, () => assertEquals(isEarly(scene), want));
}
