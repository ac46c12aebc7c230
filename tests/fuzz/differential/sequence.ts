/**
 * A sequence as a value: the files it begins with and its steps, each of which is one or more lines of a scenario.
 *
 * The fuzzer runs exactly the lines that it would write into a scenario file, so what fails here fails there. Keeps
 * true: a word that is drawn, whatever its bytes, is read back unchanged; `$WORK` alone stands for the folder.
 *
 * @module
 */
import { tools } from "../../script/commands.ts";

/** One tool line. The first group is the tool; each other group is options that make sense only together. */
export interface ToolStep {
  kind: "tool";
  assignments: [string, string][];
  groups: string[][];
  /** As written: `<in`, `>out`, `2>&1`. */
  redirections: string[];
}

/** What happens between tool lines; a line that cannot be done at the moment is left out. */
export interface EventStep {
  kind: "event";
  /** What kind of event it is, for people. */
  name: string;
  lines: string[];
}

export type Step = ToolStep | EventStep;

export interface File {
  name: string;
  text: string;
}

export interface Sequence {
  files: File[];
  steps: Step[];
}

/** A word as a scenario line spells it. */
export function scriptWord(word: string): string {
  if (/^[\w./:,@%+-][\w./:,@%+=-]*$/.test(word)) return word;
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t").replace(/\$(?!WORK\b)/g, "\\$");
  return `"${escaped}"`;
}

/** A line for an event: a word of the scenarios and its arguments. */
export function line(word: string, ...args: string[]): string {
  return [word, ...args.map(scriptWord)].join(" ");
}

/** The lines of a step. */
export function linesOf(step: Step): string[] {
  if (step.kind === "event") return step.lines;
  const words = step.groups.flat();
  const known = tools.has(words[0]) || words[0].includes("/");
  const before = step.assignments.map(([name, value]) => `${name}=${scriptWord(value)}`);
  return [[...before, ...(known ? [] : ["run"]), ...words.map(scriptWord), ...step.redirections].join(" ")];
}

/** The text of a scenario file. @throws {Error} where a file's name does not fit into its marker line */
export function scenarioText(claim: string, lines: readonly string[], files: readonly File[]): string {
  const sections = files.map(({ name, text }) => {
    if (name.includes("\n")) throw new Error(`A file of a scenario cannot be called ${JSON.stringify(name)}`);
    return `-- ${name} --\n${text}`;
  });
  return `# ${claim.replaceAll("\n", " ")}\n${lines.join("\n")}\n${sections.join("")}`;
}
