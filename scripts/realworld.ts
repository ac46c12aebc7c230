/**
 * Builds real projects with gcc and clang: plainly, cold, warm, after kill -9, one-shot; compares every file with
 * the plain build; prints the table. Ends with 1 if a byte differs or a warm build was not warm.
 *
 *     scripts/realworld                     every project; of those that are configured, the first variant
 *     scripts/realworld lua zlib            these
 *     scripts/realworld --compiler gcc      only this compiler
 *     scripts/realworld abseil --variant lto,pch   these variants; "all" for every one
 *     scripts/realworld abseil --keep       leaves the folders, and says where
 *
 * Installs the compilers that are missing, where it can. Works in .scratch/realworld, which git ignores; the sources stay there for the next time.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { findPrograms, type Programs } from "../tests/script/programs.ts";
import { Builder } from "./realworld_build.ts";
import { findTool, type Row } from "./realworld_cache.ts";
import { ConfiguredBuilder } from "./realworld_configured.ts";
import { type Project, projects, Unreachable } from "./realworld_sources.ts";
import { type ConfiguredProject, configuredProjects, type Variant } from "./realworld_variants.ts";
import { buildSystems, installTools } from "./tools.ts";

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const scratch = `${root}/.scratch/realworld`;

const args = parseArgs(Deno.args, { string: ["compiler", "variant", "zccache"], boolean: ["keep"] });
const compilers = String(args.compiler ?? "gcc,clang").split(",");
const executable = String(args.zccache ?? `${root}/dist/zccache`);

const heading = [
  "project",
  "compiler",
  "build",
  "runs",
  "hits",
  "misses",
  "passed",
  "seconds",
  "ratio",
  "passed by outcome",
];
const widths = [15, 8, 26, 6, 6, 7, 7, 9, 7, 0];

function line(cells: string[]): string {
  return cells.map((cell, i) => i >= 3 && i < 9 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join(
    " ",
  );
}

function printRow(row: Row): void {
  const numbers = [row.runs, row.hits, row.misses, row.passed].map(String);
  const outcomes = Object.entries(row.outcomes).map(([name, count]) => `${name} ${count}`).join(", ");
  const times = [row.seconds.toFixed(2), row.ratio.toFixed(3)];
  console.log(line([row.project, row.compiler, row.build, ...numbers, ...times, outcomes]).trimEnd());
  for (const fault of row.faults.slice(0, 20)) console.log(`  FAULT: ${fault}`);
  if (row.faults.length > 20) console.log(`  FAULT: and ${row.faults.length - 20} more`);
}

/** Builds in a folder that is there only so long. @returns how many faults were found */
function inFolder(build: (side: string, report: (row: Row) => void) => void): number {
  // A runtime folder's path must be short enough for a socket, so what is not worth keeping lies in /tmp.
  const side = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zr-" }));
  let faults = 0;
  try {
    build(side, (row) => {
      printRow(row);
      faults += row.faults.length;
    });
  } finally {
    if (args.keep) console.log(`  kept: ${side}`);
    else Deno.removeSync(side, { recursive: true });
  }
  return faults;
}

function buildProject(project: Project, compiler: string, programs: Programs): number {
  return inFolder((side, report) => {
    const folder = `${side}/${project.name}`;
    Deno.mkdirSync(folder);
    project.fetch(folder, scratch);
    new Builder(project, compiler, folder, side, programs).run(report);
  });
}

function buildVariants(project: ConfiguredProject, compiler: string, programs: Programs): number {
  let faults = 0;
  for (const variant of variantsOf(project)) {
    if (variant.compilers?.includes(compiler) === false) continue;
    faults += inFolder((side, report) =>
      new ConfiguredBuilder(project, variant, compiler, side, programs)
        .run((into) => project.fetch(into, scratch), report)
    );
  }
  return faults;
}

function variantsOf(project: ConfiguredProject): Variant[] {
  if (args.variant === undefined) return project.variants.slice(0, 1);
  const names = String(args.variant).split(",");
  return project.variants.filter(({ name }) => names.includes("all") || names.includes(name));
}

/** Compilers that are here; one that somebody asked for by name must be. */
function compilersHere(): string[] {
  return compilers.filter((name) => {
    if (args.compiler !== undefined || findTool(name) !== undefined) return true;
    console.log(`nothing is built with ${name}: it is not here`);
    return false;
  });
}

async function main(): Promise<number> {
  const names = args._.map(String);
  const all = [...projects, ...configuredProjects], known = all.map((project) => project.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`No project ${unknown}; there are: ${known.join(", ")}`);
    return 2;
  }
  const wanted = all.filter(({ name }) => names.length === 0 || names.includes(name));
  await installTools(wanted.some((project) => "system" in project) ? buildSystems : []);
  Deno.mkdirSync(scratch, { recursive: true });
  const programs = findPrograms(executable), here = compilersHere();
  let faults = 0;
  let built = 0;
  console.log(line(heading));
  for (const project of wanted) {
    try {
      for (const compiler of here) {
        if ("system" in project) faults += buildVariants(project, compiler, programs);
        else faults += buildProject(project, compiler, programs);
      }
      built++;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      console.log(`${project.name} was not built: ${error.message}`);
      if (names.length > 0) faults++;
    }
  }
  console.log(`${built} projects, ${faults} faults`);
  return faults === 0 && built > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
