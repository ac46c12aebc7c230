/**
 * What surrounds a run besides files: environment and terminal, as a request brings them.
 *
 * @module
 */
import { ignoresVariable } from "../trace/mod.ts";
import { askFlags, type Message } from "../protocol/mod.ts";

export type Environment = ReadonlyMap<string, string>;

/** The variables of a block of NUL-terminated strings; of two with one name the first counts, as for getenv. */
export function environmentOf(block: string): Environment {
  const variables = new Map<string, string>();
  for (const entry of block.split("\0")) {
    const at = entry.indexOf("=");
    if (at > 0 && !variables.has(entry.slice(0, at))) variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return variables;
}

/**
 * The variables that a run depended on, with their values, in order of their names.
 *
 * @param whole Every variable counts but the ignored ones. That one which was unset then and is set now
 *   counts too is told by `wholeMark`.
 */
export function variablesAsked(
  environment: Environment,
  asked: ReadonlySet<string>,
  whole: boolean,
): [string, string | null][] {
  const names = new Set([...asked].filter((name) => !ignoresVariable(name)));
  if (whole) { for (const name of environment.keys()) if (!ignoresVariable(name)) names.add(name); }
  const rows: [string, string | null][] = [...names].sort().map((
    name,
  ) => [name, environment.get(name) ?? null]);
  if (whole) rows.push([wholeMark, countVariables(environment)]);
  return rows;
}

/** A name that no variable can have: its value says how many variables count in all. */
const wholeMark = "=";

function countVariables(environment: Environment): string {
  let count = 0;
  for (const name of environment.keys()) if (!ignoresVariable(name)) count++;
  return String(count);
}

/** Whether an environment agrees with what a candidate recorded. */
export function environmentHolds(
  rows: readonly (readonly [string, string | null])[],
  environment: Environment,
): boolean {
  for (const [name, value] of rows) {
    const now = name === wholeMark ? countVariables(environment) : environment.get(name) ?? null;
    if (now !== value) return false;
  }
  return true;
}

/**
 * Facts of the terminal on which text depends (decisions.md 15): which of 0 to 2 are terminals, the width, TERM,
 * COLUMNS, and whether 1 and 2 are one file.
 */
export function terminalOf(ask: Message<"ask">, environment: Environment): string {
  const ttys = ask.flags & (askFlags.tty0 | askFlags.tty1 | askFlags.tty2);
  const window = ttys === 0 ? 0 : ask.window;
  const one = ask.flags & askFlags.one_output ? 1 : 0;
  return [ttys, window, one, environment.get("TERM") ?? "", environment.get("COLUMNS") ?? ""].join("\0");
}
