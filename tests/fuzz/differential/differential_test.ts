/**
 * A bounded part of the fuzzer: a few sequences in every mode, each like the plain compiler. `scripts/fuzz` runs more.
 *
 * FUZZ_SEED and FUZZ_STEPS repeat or lengthen it. Keeps true: states recur, so that walks without hits are a fault too.
 */
import { assert } from "@std/assert";
import { findPrograms } from "../../script/programs.ts";
import { fuzz } from "./fuzz.ts";
import { ways } from "./run.ts";

const executable = new URL("../../../dist/zccache", import.meta.url).pathname;
const seed = Number(Deno.env.get("FUZZ_SEED") ?? 8);
const steps = Number(Deno.env.get("FUZZ_STEPS") ?? 20);
/** Sequences a mode. */
const sequences = 2;

const hasTools = new Deno.Command("sh", {
  args: ["-c", `command -v gcc g++ clang ld ar && test -x '${executable}'`],
  stdout: "null",
}).outputSync().success;

for (const way of Object.keys(ways).filter((name) => name !== "plain")) {
  Deno.test({
    name: `random sequences ${seed} to ${seed + sequences - 1} (${way}): each line like the plain tool`,
    ignore: !hasTools,
    fn: () => {
      const programs = findPrograms(executable);
      let hits = 0;
      for (let i = 0; i < sequences; i++) {
        const report = fuzz(seed + i, { way, steps, programs });
        hits += report.outcomes.hit ?? 0;
        if (report.failure === undefined) continue;
        throw new Error(
          `FUZZ_SEED=${seed + i}, ${way}: ${report.failure.text}\n\n${report.failure.scenario}`,
        );
      }
      assert(hits > 0, `No hit in ${sequences * steps} lines`);
    },
  });
}
