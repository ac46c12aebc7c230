/**
 * Registers every scenario of tests/scripts/ once for each mode.
 *
 * SCENARIO_MODES=daemon,one-shot picks modes, SCENARIOS=ar,pch those whose names contain a word. Keeps true: a
 * scenario that cannot run here is skipped by name with its reason, never silently.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Facts, readScenario, runScenario, skipReason } from "./script/engine.ts";
import { readme, readmePath } from "./script/readme.ts";
import { findPrograms } from "./script/programs.ts";
import type { Mode } from "./script/world.ts";

const folder = new URL("./scripts/", import.meta.url);
const executable = new URL("../dist/zccache", import.meta.url).pathname;
const modes = (Deno.env.get("SCENARIO_MODES") ?? "one-shot,daemon,launcher").split(",") as Mode[];
const chosen = Deno.env.get("SCENARIOS")?.split(",") ?? [""];

function onPath(program: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "/usr/bin:/bin").split(":");
  return folders.some((folder) => isFile(`${folder}/${program}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

const needsPrograms = modes.some((mode) => mode !== "plain");
const programs = needsPrograms && isFile(executable) ? findPrograms(executable) : undefined;

if (needsPrograms) {
  Deno.test("the scenarios find dist/zccache and its launcher", () => {
    if (programs === undefined) throw new Error(`No ${executable}: run scripts/build first`);
  });
}

const scenarios = [...Deno.readDirSync(folder)]
  .map((item) => item.name).filter((name) => name.endsWith(".txtar")).sort()
  .filter((name) => chosen.some((part) => name.includes(part)))
  .map((name) => readScenario(name.replace(/\.txtar$/, ""), Deno.readTextFileSync(new URL(name, folder))));

for (const mode of modes) {
  if (mode !== "plain" && programs === undefined) continue;
  const facts: Facts = { mode, root: Deno.uid() === 0, onPath };
  for (const scenario of scenarios) {
    const reason = skipReason(scenario, facts);
    const name = `scenario ${scenario.name} (${mode})${reason === undefined ? "" : ` skipped: ${reason}`}`;
    Deno.test({ name, ignore: reason !== undefined, fn: () => runScenario(scenario, facts, programs) });
  }
}

Deno.test("tests/script/README.md is made from the command table", () => {
  assertEquals(Deno.readTextFileSync(readmePath), readme());
});
