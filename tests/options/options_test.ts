/**
 * Every row of the tables of options: the same line plainly, cold and warm, with all that it made deleted between.
 *
 * Files, modes, links, both texts and the exit code must agree with the plain run each time (tests/script/world.ts),
 * a hit must give the bytes that the cold run gave, and the outcome must be the row's. OPTIONS=word picks rows whose
 * line holds it. OPTIONS_MODE=declared runs them without a tracer, where any may pass.
 */
import { type Form, optionFamilies } from "../../lib/cli/topics/options.ts";
import { assertEquals } from "@std/assert";
import { findPrograms } from "../script/programs.ts";
import { firstDifference, restoreTree, takeTree, type Tree } from "../script/tree.ts";
import { commandLine, splitWords } from "../script/words.ts";
import { globPattern } from "../script/commands.ts";
import { type Mode, World } from "../script/world.ts";
import { projectFiles, projectFolders } from "./project.ts";

const chosen = Deno.env.get("OPTIONS") ?? "";
const mode = (Deno.env.get("OPTIONS_MODE") ?? "launcher") as Mode;
const executable = new URL("../../dist/zccache", import.meta.url).pathname;

/** What a row needs that is no program. */
const needs: Readonly<Record<string, () => boolean>> = {
  gobjc: () => printed("gcc", "-print-prog-name=cc1obj").startsWith("/"),
  "clang-rt": () => onPath(`${printed("clang", "--print-runtime-dir").trim()}/libclang_rt.profile-x86_64.a`),
};

/** A row with one of its tools. */
interface Case {
  form: Form;
  tool: string;
  line: string;
}

function casesOf(forms: readonly Form[]): Case[] {
  return forms.flatMap((form) =>
    form.on.split(" ").map((tool) => ({
      form,
      tool,
      line: [form.env, tool, form.to ?? "-c a.c", form.words].filter(Boolean).join(" "),
    }))
  ).filter(({ line }) => line.includes(chosen));
}

function printed(...argv: string[]): string {
  const { stdout } = new Deno.Command(argv[0], { args: argv.slice(1), stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout);
}

function onPath(program: string): boolean {
  const args = ["-c", `case $1 in /*) test -e "$1" ;; *) command -v "$1" ;; esac`, "sh", program];
  return new Deno.Command("sh", { args, stdout: "null" }).outputSync().success;
}

/** What is to be expected of this version of the tool. */
function expected({ form, tool }: Case): { outcome: string; fails: boolean } {
  const isNew = form.since !== undefined && Number(printed(tool, "-dumpversion").split(".")[0]) >= form.since;
  return isNew
    ? { outcome: "hit", fails: false }
    : { outcome: form.pass ?? "hit", fails: form.fails === true };
}

function isHere({ form, tool }: Case): boolean {
  return onPath(tool) && (form.needs === undefined || (needs[form.needs]?.() ?? onPath(form.needs)));
}

/** A world with the project in it. */
function openWorld(): World {
  const world = new World(mode, findPrograms(executable));
  for (const folder of projectFolders) Deno.mkdirSync(`${world.work}/${folder}`);
  for (const [name, text] of Object.entries(projectFiles)) {
    const path = `${world.work}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }
  Deno.chmodSync(`${world.work}/wrap.sh`, 0o755);
  return world;
}

/** Whether the sources of a line were asked for one by one in one of its runs, because some of them were known. */
function isDivided(line: string, outcomes: readonly string[]): boolean {
  const sources = line.split(" ").filter((word) => /\.c(?:pp)?$/.test(word)).length;
  return sources > 1 && outcomes.length === 1 + sources;
}

/** What is wrong with a row, a line each. */
function faultsOf(world: World, one: Case): string[] {
  const { form, line } = one, wanted = expected(one);
  for (const step of form.before ?? []) {
    const ran = world.exec({ assignments: [], argv: ["sh", "-c", step], redirections: [] });
    if (ran.code !== 0) return [`"${step}" ended with ${ran.code}: ${ran.stderr}`];
  }
  world.loose = (form.loose?.split(" ") ?? []).map(globPattern);
  const parsed = commandLine(splitWords(line, (name) => name === "WORK" ? world.work : ""));
  const before = takeTree(world.work);
  world.beginCounting();
  const cold = world.differential(parsed, { patient: true }), made = takeTree(world.work);
  restoreTree(world.work, before);
  const warm = world.differential(parsed, { patient: true, plains: cold.plains }),
    again = takeTree(world.work);
  const outcomes = world.outcomes();
  const right = wanted.outcome === "hit"
    ? outcomes.every((name) => /^(?:hit|miss)/.test(name)) && outcomes.includes("hit")
    : outcomes.every((name) => name === wanted.outcome);
  return [
    ...cold.differences.map((text) => `cold: ${text}`),
    ...warm.differences.map((text) => `warm: ${text}`),
    ...mode === "declared" || ((outcomes.length === 2 || isDivided(line, outcomes)) && right)
      ? []
      : [`the outcomes were ${outcomes}; expected ${wanted.outcome}`],
    ...(cold.ran.code !== 0) === wanted.fails ? [] : [`it ended with ${cold.ran.code}: ${cold.ran.stderr}`],
    ...(mode === "declared" ? outcomes.includes("hit") : wanted.outcome === "hit")
      ? differentBytes(made, again)
      : [],
  ];
}

/** A hit gives what the run that was stored gave, also where each plain run gives something else. */
function differentBytes(made: Tree, again: Tree): string[] {
  return [...made].flatMap(([name, { bytes }]) => {
    const now = again.get(name)?.bytes;
    const differs = bytes !== undefined && (now === undefined || firstDifference(bytes, now) !== undefined);
    return differs ? [`${name} is not what the cold run wrote`] : [];
  });
}

for (const family of optionFamilies) {
  const cases = casesOf(family.forms);
  if (cases.length === 0) continue;
  Deno.test(`options: ${family.name}`, async (t) => {
    const world = openWorld(), before = takeTree(world.work);
    try {
      for (const one of cases) {
        await t.step({
          name: one.line,
          ignore: !isHere(one),
          fn: () => {
            try {
              assertEquals(faultsOf(world, one), []);
            } finally {
              restoreTree(world.work, before);
            }
          },
        });
      }
    } finally {
      world.close();
    }
  });
}
