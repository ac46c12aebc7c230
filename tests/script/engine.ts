/**
 * Runs one scenario in one mode: line after line, and says of a failure only what its phase did.
 *
 * @module
 */
import { parseArchive } from "./txtar.ts";
import { type CommandLine, commandLine, type Line, parseLine, splitWords } from "./words.ts";
import { commands, runTool, tools, type Verdict } from "./commands.ts";
import type { Programs } from "./programs.ts";
import { everyMode, type Mode, type Peer, World } from "./world.ts";

/** What is known of a scenario before it runs. */
export interface Scenario {
  name: string;
  /** The sentence it opens with. */
  claim: string;
  lines: Line[];
  files: { name: string; text: string }[];
}

/** Facts a line may ask for in brackets, beside `exec:PROGRAM`; the machine's own. */
export interface Facts {
  mode: Mode;
  root: boolean;
  onPath(program: string): boolean;
}

/** Reads a scenario's text. */
export function readScenario(name: string, text: string): Scenario {
  const { script, files } = parseArchive(text);
  const lines = script.split("\n").map((line, i) => parseLine(line, i + 1)).filter((line) =>
    line.source !== ""
  );
  const claim = lines[0]?.source ?? "";
  if (!claim.startsWith("# ")) throw new Error(`${name}: the first line must say what must hold`);
  return { name, claim: claim.slice(2), lines, files };
}

/** Why a scenario cannot run here, from its `[condition] skip 'reason'` lines. */
export function skipReason(scenario: Scenario, facts: Facts): string | undefined {
  const line = scenario.lines.find((line) => /^skip\b/.test(line.rest) && isMet(line, facts));
  return line === undefined ? undefined : line.rest.replace(/^skip\s*/, "").replaceAll("'", "") || "not here";
}

function isMet(line: Line, facts: Facts): boolean {
  return line.conditions.every((condition) => {
    const name = condition.replace(/^!/, "");
    return holdsHere(name, facts) !== condition.startsWith("!");
  });
}

function holdsHere(name: string, facts: Facts): boolean {
  if (name === "root") return facts.root;
  if ((everyMode as readonly string[]).includes(name)) return facts.mode === name;
  return facts.onPath(name.replace(/^exec:/, ""));
}

/** Runs a scenario; throws an Error whose message is the failing phase. */
export function runScenario(
  scenario: Scenario,
  facts: Facts,
  programs: Programs | undefined,
  peer?: Peer,
): void {
  const world = new World(facts.mode, programs, peer);
  let phase: string[] = [];
  try {
    writeFiles(world, scenario.files);
    for (const [i, line] of scenario.lines.entries()) {
      if (line.source.startsWith("#")) phase = i === 0 ? [] : [line.source];
      else if (!/^skip\b/.test(line.rest) && isMet(line, facts)) {
        phase.push(`> ${line.source}`);
        if (asksOutcome(scenario.lines, i)) world.beginCounting();
        runLine(world, line);
      }
    }
  } catch (error) {
    const place = phase.join("\n");
    throw new Error(`${scenario.name}: ${scenario.claim}\n${place}\n${messageOf(error)}`, { cause: error });
  } finally {
    world.close();
  }
}

/** Whether an `outcome` follows before the next tool line. */
function asksOutcome(lines: Line[], at: number): boolean {
  if (!isToolLine(lines[at])) return false;
  const rest = lines.slice(at + 1);
  const next = rest.find((line) => /^outcome\b/.test(line.rest) || isToolLine(line));
  return next !== undefined && /^outcome\b/.test(next.rest);
}

function isToolLine(line: Line): boolean {
  const word = line.rest.replace(/^(?:[A-Za-z_]\w*=\S*\s+)*/, "").split(/\s/)[0];
  return word === "run" || (!Object.hasOwn(commands, word) && !line.source.startsWith("#"));
}

/** A line's words, its variables filled in from the world as it is. */
export function readLine(world: World, line: Line): CommandLine {
  return commandLine(
    splitWords(line.rest, (name) => name === "WORK" ? world.work : world.env.get(name) ?? ""),
  );
}

/** Puts a scenario's files in place. */
export function writeFiles(world: World, files: readonly Scenario["files"][number][]): void {
  for (const { name, text } of files) {
    const path = `${world.work}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }
}

/** Does what a line says. @throws {Error} where the world is not as the line says, or a tool line differs */
export function runLine(world: World, line: Line): void {
  const parsed = readLine(world, line);
  const word = parsed.argv[0] ?? "";
  const verdict = verdictOf(world, word, parsed);
  if (line.fails && verdict === undefined) throw new Error("It was expected to fail and did not");
  if (!line.fails && verdict !== undefined) throw new Error(verdict);
}

function verdictOf(world: World, word: string, parsed: ReturnType<typeof commandLine>): Verdict {
  if (Object.hasOwn(commands, word)) {
    const args = parsed.argv.slice(1);
    // `env A=1` and `write f A=1` take assignments as plain words.
    return commands[word].run(world, args, parsed);
  }
  if (tools.has(word) || word.includes("/")) return runTool(world, parsed);
  throw new Error(`"${word}" is neither a word of the scenarios nor a tool`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
