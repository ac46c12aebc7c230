/**
 * Faults that are planted must be found: false caches, scripts in the executable's place, each wrong in one way that
 * caches have been wrong. Each is found within few seeds, made small, and written as a scenario that fails with the
 * false cache and not without it.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readScenario, runScenario } from "../../script/engine.ts";
import type { Mode } from "../../script/world.ts";
import { fuzz } from "./fuzz.ts";
import { scenarioText } from "./sequence.ts";

const hasGcc =
  new Deno.Command("sh", { args: ["-c", "command -v gcc g++ clang ld ar"], stdout: "null" }).outputSync()
    .success;

/** Keeps the object of `-c -o X` under a name made of the words that `key` prints; nothing else is looked at. */
const keeping = (key: string) => `
  out=; last=; whole=; for word; do [ "$last" = -o ] && out=$word; [ "$word" = -c ] && whole=1; last=$word; done
  [ -n "$whole" ] && [ -n "$out" ] || exec "$@"
  kept=$ZCCACHE_CACHE_DIR/$( { ${key}; } 2>/dev/null | cksum | tr ' ' _)
  mkdir -p "$ZCCACHE_CACHE_DIR"
  if [ -f "$kept" ]; then rm -f "$out"; cp "$kept" "$out"; exit 0; fi
  "$@"; code=$?; [ $code -ne 0 ] || [ ! -f "$out" ] || cp "$out" "$kept"; exit $code`;

/** Each with a seed that finds it, or nearly, so that not all the time goes into looking. */
const faults = [
  {
    name: "nothing but words, sources and variables is looked at",
    seed: 11,
    wrapped: keeping('pwd; printf "%s\\n" "$@"; cat src/*.c odd/* src/*.cc src/*.C; env'),
  },
  { name: "side files are lost", seed: 49, wrapped: '"$@"; code=$?; rm -f out/*.su out/*.dwo; exit $code' },
];

for (const { name, seed, wrapped } of faults) {
  Deno.test({ name: `the fuzzer finds that ${name}`, ignore: !hasGcc, fn: () => findsFault(seed, wrapped) });
}

function findsFault(first: number, wrapped: string): void {
  const folder = Deno.makeTempDirSync({ prefix: "zs-" });
  try {
    const zccache = `${folder}/zccache`;
    const script =
      `#!/bin/sh\ncase $1 in\nwrap) shift; ${wrapped};;\nstats) echo '{"by_outcome":{}}';;\nesac\n`;
    Deno.writeTextFileSync(zccache, script, { mode: 0o755 });
    const programs = { zccache, launcher: zccache };
    for (let seed = first; seed < first + 20; seed++) {
      const { failure } = fuzz(seed, { way: "one-shot", steps: 8, programs, patience: 45 });
      if (failure === undefined) continue;
      const scenario = readScenario("found", failure.scenario);
      assert(scenario.lines.length <= 14, failure.scenario);
      const facts = (mode: Mode) => ({ mode, root: false, onPath: () => true });
      assertThrows(() => runScenario(scenario, facts("one-shot"), programs), Error, "plain");
      runScenario(scenario, facts("plain"), undefined);
      return;
    }
    throw new Error("no seed found it");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "the fuzzer finds nothing wrong with no cache at all, and draws the same again",
  ignore: !hasGcc,
  fn: () => {
    const plain = { way: "plain", steps: 15, programs: undefined };
    const [first, again] = [fuzz(7, plain), fuzz(7, plain)];
    assertEquals(first.failure, undefined);
    assertEquals({ ...first }, { ...again });
    assert(
      first.lines > 10 && first.failing < first.lines,
      scenarioText("lines", [JSON.stringify(first)], []),
    );
  },
});
