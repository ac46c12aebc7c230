/**
 * Runs scenarios of tests/scripts with other caches in our place, and tells where they give something else than the
 * compiler: what `zccache help stale` says is checked so.
 *
 *     scripts/deno run -A scripts/peers.ts            each row of the page; exit 1 where one is not as it says
 *     scripts/deno run -A scripts/peers.ts WORD...    every scenario whose name holds a word, and what differs
 *
 * @module
 */
import { type PeerName, seenPeers, staleRows } from "../lib/cli/topics/stale.ts";
import { type Facts, readScenario, runScenario, skipReason } from "../tests/script/engine.ts";
import { type Contender, end, peers } from "./bench_peers.ts";
import { exists, projectFolder } from "./steps.ts";

const folder = `${projectFolder}/tests/scripts`;

function onPath(program: string): boolean {
  return (Deno.env.get("PATH") ?? "/usr/bin:/bin").split(":").some((folder) =>
    exists(`${folder}/${program}`)
  );
}

/** What a peer's run of a scenario shows: the first line that differs, and how; undefined: nothing. */
function shownBy(name: string, { before, env }: Contender): string | undefined {
  const facts: Facts = { mode: "peer", root: Deno.uid() === 0, onPath };
  const scenario = readScenario(name, Deno.readTextFileSync(`${folder}/${name}.txtar`));
  if (skipReason(scenario, facts) !== undefined) return "skipped";
  const { HOME: _home, PATH: _path, ...own } = env;
  try {
    runScenario(scenario, facts, undefined, { before, env: own });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const lines = error.message.split("\n"), at = lines.findLastIndex((line) => line.startsWith("> "));
    return lines.slice(at).join("\n    ").slice(0, 600);
  }
}

/** What kind of difference a message tells of. */
function kindOf(shown: string | undefined): "right" | "stale" | "lost" | "other" {
  if (shown === undefined) return "right";
  if (/: differs from byte \d+ on/.test(shown)) return "stale";
  return /: only the plain run made it/.test(shown) ? "lost" : "other";
}

function survey(words: readonly string[], all: readonly Contender[]): void {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.txtar$/, "")).sort()
    .filter((name) => words.some((word) => name.includes(word)));
  for (const name of names) {
    for (const one of all) {
      const shown = shownBy(name, one);
      console.log(`${name}  ${one.name}: ${kindOf(shown)}${shown === undefined ? "" : `\n    ${shown}`}`);
    }
  }
}

/** Each row with each cache on which it was seen; how many are not as the page says. */
function check(all: readonly Contender[]): number {
  let wrong = 0;
  for (const { scenario, shows, on } of staleRows) {
    for (const name of on) {
      const one = all.find((one) => one.name === name);
      const seen = one === undefined ? "not here" : kindOf(shownBy(scenario, one));
      if (seen !== shows) wrong++;
      console.log(`${scenario}  ${name}: ${seen}${seen === shows ? "" : `, the page says ${shows}`}`);
    }
  }
  for (const { name, version } of all) {
    const said = seenPeers[name as PeerName];
    if (version.startsWith(said)) continue;
    wrong++;
    console.log(`${name}: this is ${version}, the page says ${said}`);
  }
  return wrong;
}

const home = Deno.makeTempDirSync({ prefix: "zcp-" });
const all = await peers(home);
if (Deno.args.length > 0) survey(Deno.args, all);
else Deno.exitCode = check(all) > 0 ? 1 : 0;
await Promise.all(all.map(end));
Deno.removeSync(home, { recursive: true });
