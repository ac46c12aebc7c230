/**
 * A flow as `configure` makes it: 45 tiny compiles of one conftest.c that is written anew each time, in a new folder each
 * round; plain, then through each cache cold and warm.
 *
 * The texts carry the round's number, so that a cold flow can hit nothing and all hits that are counted are warm ones.
 *
 * @module
 */
import { type Contender, hitCount } from "./bench_peers.ts";
import { type Bench, type Command, gcc, ms, paths, row, spawnAll, timings } from "./bench_tools.ts";

const compiles = 45, mostRounds = 10;

/** `flow.sh <round> <folder> <words of the compiler>` */
const script = `round=$1 folder=$2
shift 2
mkdir -p "$folder"
cd "$folder"
i=0
while [ $i -lt ${compiles} ]; do
  cat >conftest.c <<END
#include <stdio.h>
#include <stdlib.h>
int check_$i(void) { return ($round + $i) % 7; }
int main(void) { return check_$i(); }
END
  "$@" -g -O2 -c conftest.c || exit 1
  rm -f conftest.o conftest.c
  i=$((i + 1))
done
`;

function flow(name: string, env: Record<string, string>, before: string[]): Command {
  return { name, env, words: ["/bin/sh", "flow.sh", "%N", "configure%N", ...before, gcc] };
}

/** What each contender's flows are; the link's cache is the executable's, so its cold flow would be warm. */
function flowsOf(contenders: Contender[]): Command[] {
  return contenders.flatMap(({ name, env, before }) =>
    ["cold", "warm"].map((state) => flow(`${name}, ${state}`, env, before))
  );
}

/** See the head of this file. */
export async function configure(bench: Bench): Promise<void> {
  Deno.writeTextFileSync(`${bench.folder}/flow.sh`, script);
  const rounds = Math.min(bench.rounds, mostRounds);
  const contenders = bench.contenders.filter(({ name }) => name !== "ours: installed link");
  for (const { name, env, before } of contenders) {
    // Starts its daemon.
    const first = { name, env, words: ["/bin/sh", "flow.sh", "77777", "first", ...before, gcc] };
    await spawnAll(bench, [first], ["1"]);
  }
  const counts = () => Promise.all(contenders.map(hitCount)), first = await counts();
  const rows = await timings(
    bench,
    [flow("plain compiler", { PATH: paths }, []), ...flowsOf(contenders)],
    rounds,
  );
  const last = await counts();
  console.log(`\nconfigure: ${compiles} tiny compiles, a new folder each round, ${rounds} rounds\n`);
  row("", ["median ms", "p10", "CPU ms", "to plain", "hits"]);
  for (const { name, median, p10, cpu } of rows) {
    const i = contenders.findIndex((one) => name === `${one.name}, warm`);
    const hits = i < 0 ? "" : `${((last[i] - first[i]) / rounds).toFixed(1)}/${compiles}`;
    row(name, [ms(median), ms(p10), ms(cpu), (median / rows[0].median).toFixed(2), hits]);
  }
  const bars = rows.map(({ name, median }) => ({ name, value: median / 1000 }));
  bench.figure({ title: `configure, ${compiles} tiny compiles`, unit: "ms", bars });
}
