/**
 * A flow as `configure` makes it: 45 tiny compiles of one conftest.c that is written anew each time, in a new folder each
 * round; plain, then through each cache cold and warm.
 *
 * The texts carry the round's number, so that a cold flow can hit nothing and all hits that are counted are warm ones.
 *
 * @module
 */
import type { Contender } from "./bench_peers.ts";
import {
  areHits,
  type Bench,
  type Command,
  counting,
  gcc,
  ms,
  plain,
  row,
  shownHits,
  through,
  timings,
} from "./bench_tools.ts";

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

/** The flow with a compiler's command in it. */
function flow(command: Command, state: string): Command {
  const words = ["/bin/sh", "flow.sh", "%N", "configure%N", ...command.words];
  return { ...command, name: `${command.name}${state}`, words };
}

/** Every contender's flow, first cold and then warm. */
function flowsOf(contenders: Contender[]): Command[] {
  return contenders.flatMap((one) => [", cold", ", warm"].map((state) => flow(through(one, gcc, []), state)));
}

/** See the head of this file. */
export async function configure(bench: Bench): Promise<void> {
  Deno.writeTextFileSync(`${bench.folder}/flow.sh`, script);
  const { contenders } = bench, rounds = Math.min(bench.rounds, mostRounds);
  const commands = [flow(plain(gcc, []), ""), ...flowsOf(contenders)];
  const measure = () => timings(bench, commands, rounds);
  const { result: rows, counts } = await counting(contenders, compiles * rounds, measure);
  console.log(`\nconfigure: ${compiles} tiny compiles, a new folder each round, ${rounds} rounds\n`);
  row("", ["median ms", "p10", "CPU ms", "to plain", "warm hits"]);
  const bars: { name: string; value: number }[] = [];
  for (const { name, median, p10, cpu } of rows) {
    const contender = contenders.find((one) => name.startsWith(`${one.name}, `));
    const counted = contender && counts.get(contender.name)!, hits = counted ? shownHits(counted) : "";
    if (contender && counted && !areHits(contender, counted)) row(name, ["refuses", "", "", "", hits]);
    else {
      row(name, [ms(median), ms(p10), ms(cpu), (median / rows[0].median).toFixed(2), hits]);
      bars.push({ name, value: median / 1000 });
    }
  }
  bench.figure({ title: `configure, ${compiles} tiny compiles`, unit: "ms", bars });
}
