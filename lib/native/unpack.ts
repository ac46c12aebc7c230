/**
 * The launcher and the tracer as files that can be executed: unpacked from our own executable, or built here.
 *
 *     /tmp/zccache-<uid>-native/          0755, ours, no link
 *       <sha256 of all that is below>/    0755, appears whole, by one rename
 *         launcher  trace.so              0755
 *         engine-path                     the engine for a launcher that is called by its path; second line: build id
 *         digests                         SHA-256 of launcher and trace.so as they were put there
 *         problem                         instead of the two: why neither unpacking nor building gave them
 *
 * The folder can be read by everyone and its path has no space or colon, because the dynamic loader reads the
 * tracer's path from LD_PRELOAD in every process of a compile. Owner and mode are looked at each time, contents only
 * when asked (`verify`, before a daemon starts): only we, or root, could have changed them.
 *
 * What the executable carries may not run here (no C compiler where it was built, another libc, no execution from
 * /tmp). It is tried once, when it is unpacked; then the sources, which are carried too, are built with `cc`. Where both
 * fail the problem counts for a while: it may have been that there was no memory or no process left at that moment.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { fromText } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import { hex, sha256 } from "../base/digest.ts";
import { c, statx, userId } from "../os/mod.ts";
import { commonOptions, type Part, parts } from "./parts.ts";

/** Where the two are; empty paths and a problem where they are not. Ordinary text. */
export interface Native {
  launcher: string;
  tracer: string;
  problem?: string;
}

export interface UnpackOptions {
  /** Compare contents with the digests of the day they were put there; what differs is replaced. */
  verify?: boolean;
  /** @default {"/tmp/zccache-<uid>-native"} */
  base?: string;
  /** What is unpacked. @default {embedded()} */
  from?: Embedded;
  /** The C compiler. @default {"cc"} */
  cc?: string;
  /** Milliseconds since 1970. @default {systemClock.now()} */
  now?: number;
}

/** How long nobody tries again after a problem: a try costs some 100 ms. */
const problemHoldsMs = 60_000;

/** What the executable, or a checkout, carries. */
export interface Embedded {
  /** Holds `launcher` and `trace.so`, if they were built. */
  folder: string;
  /** Holds the C sources. */
  sources: string;
  /** Text of `engine-path`. */
  engine: string;
  /** Names what is carried: other contents, other digest. */
  digest: string;
}

const builtFiles = Object.values(parts).map((part) => part.name);

/** Makes sure that launcher and tracer lie ready. Throws nothing: what is wrong is in `problem`. */
export function ensureNative(options: UnpackOptions = {}): Native {
  const base = options.base ?? `/tmp/zccache-${userId()}-native`;
  try {
    const from = options.from ?? embedded();
    const unfit = makeFolder(base);
    if (unfit !== undefined) return none(`Cannot use the folder ${JSON.stringify(base)}: ${unfit}`);
    const folder = `${base}/${hex(sha256(new TextEncoder().encode(from.digest + from.engine)))}`;
    const now = options.now ?? systemClock.now();
    if ((options.verify !== true && hasProblem(folder, now)) || isUsable(folder, options.verify === true)) {
      return nativeIn(folder);
    }
    place(folder, base, from, options.cc ?? "cc");
    return nativeIn(folder);
  } catch (error) {
    return none(`Cannot unpack launcher and tracer to ${JSON.stringify(base)}: ${messageOf(error)}`);
  }
}

/** The build id (16 hexadecimal digits) of this executable or, in a checkout, of the last build; else undefined. */
export function buildId(): string | undefined {
  return readText(`${carriedFolder()}/build-id`)?.trim();
}

/** What this executable carries; in a checkout what scripts/build made, if it did. */
export function embedded(): Embedded {
  const folder = carriedFolder();
  const built = readText(`${folder}/digest`);
  const sources = built === undefined ? import.meta.dirname! : `${folder}/source`;
  const digest = built ?? digestOf(sources);
  // A program that is run by `deno run` has no executable of its own that a launcher could become.
  const engine = Deno.build.standalone ? Deno.execPath() : "(run from a checkout)";
  return { folder, sources, digest, engine: `${engine}\n${buildId() ?? ""}\n` };
}

/** `native/` beside the bundle; in a checkout, where this file lies in lib/native, that of the last build. */
function carriedFolder(): string {
  const here = import.meta.dirname!;
  return here.endsWith("/lib/native") ? here.replace(/lib\/native$/, "dist/native") : `${here}/native`;
}

function digestOf(folder: string): string {
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) =>
    /\.[ch]$/.test(name)
  );
  return names.sort().map((name) => `${name} ${hex(sha256(Deno.readFileSync(`${folder}/${name}`)))}\n`).join(
    "",
  );
}

function nativeIn(folder: string): Native {
  const problem = readText(`${folder}/problem`);
  if (problem !== undefined) return none(problem.trim());
  return { launcher: `${folder}/${parts.launcher.name}`, tracer: `${folder}/${parts.tracer.name}` };
}

function none(problem: string): Native {
  return { launcher: "", tracer: "", problem };
}

/** Makes the folder 0755 if it is missing; why it cannot be used, or undefined. */
function makeFolder(path: string): string | undefined {
  const state = statx(fromText(path), { follow: false });
  if (state === c.ENOENT) {
    Deno.mkdirSync(path, { recursive: true });
    Deno.chmodSync(path, 0o755);
  }
  return unfit(path, c.S_IFDIR);
}

/** What keeps `path` from being ours alone to write and everyone's to read; undefined where nothing does. */
function unfit(path: string, kind: number): string | undefined {
  const state = statx(fromText(path), { follow: false });
  if (typeof state === "number") return `errno ${state}`;
  if ((state.mode & c.S_IFMT) !== kind) return kind === c.S_IFDIR ? "it is no folder" : "it is no plain file";
  if (state.uid !== userId()) return `it belongs to user ${state.uid}`;
  const mode = state.mode & 0o7777;
  return mode === 0o755 ? undefined : `its mode is ${mode.toString(8)} instead of 755`;
}

/** Whether a problem stands in `folder` that is not to be looked into again yet. */
function hasProblem(folder: string, now: number): boolean {
  const state = statx(fromText(`${folder}/problem`), { follow: false });
  if (typeof state === "number" || unfit(folder, c.S_IFDIR) !== undefined) return false;
  const age = now - Number(state.mtime / 1_000_000n);
  return age > -problemHoldsMs && age < problemHoldsMs;
}

/** Whether `folder` holds the two that `place` put there. */
function isUsable(folder: string, verify: boolean): boolean {
  if (unfit(folder, c.S_IFDIR) !== undefined) return false;
  if (builtFiles.some((name) => unfit(`${folder}/${name}`, c.S_IFREG) !== undefined)) return false;
  return !verify || readText(`${folder}/digests`) === digestsOf(folder);
}

function digestsOf(folder: string): string {
  return builtFiles.map((name) => `${hex(sha256(Deno.readFileSync(`${folder}/${name}`)))}  ${name}\n`).join(
    "",
  );
}

/** Fills a new folder and puts it in place of whatever is at `folder`. */
function place(folder: string, base: string, from: Embedded, cc: string): void {
  const made = Deno.makeTempDirSync({ dir: base, prefix: "new-" });
  try {
    Deno.chmodSync(made, 0o755);
    const problem = fill(made, from, cc);
    if (problem === undefined) Deno.writeTextFileSync(`${made}/digests`, digestsOf(made));
    else Deno.writeTextFileSync(`${made}/problem`, problem + "\n");
    Deno.writeTextFileSync(`${made}/engine-path`, from.engine);
    exchange(made, folder);
  } finally {
    remove(made);
  }
}

/**
 * Renames `made` to `folder`, unless another process was quicker and what is there is good: to replace that would
 * take launcher and tracer for a moment from those who use them.
 */
function exchange(made: string, folder: string): void {
  const old = `${made}.old`;
  for (let attempts = 0;; attempts++) {
    try {
      return Deno.renameSync(made, folder);
    } catch (error) {
      if (attempts > 3) throw error;
    }
    if (isUsable(folder, true)) return;
    try {
      Deno.renameSync(folder, old); // a folder with something in it cannot be renamed over
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    remove(old);
  }
}

/** Puts both files into `folder`: those that are carried if they run, else built ones. What failed, or undefined. */
function fill(folder: string, from: Embedded, cc: string): string | undefined {
  const checks = { launcher: launcherFault, tracer: tracerFault };
  for (const [key, part] of Object.entries(parts) as [keyof typeof parts, Part][]) {
    const path = `${folder}/${part.name}`, faultOf = checks[key];
    const carried = unpack(`${from.folder}/${part.name}`, path) ? faultOf(path) : "there is none";
    if (carried === undefined) continue;
    const built = buildPart(part, from.sources, path, cc);
    const problem = built ?? faultOf(path);
    if (problem === undefined) continue;
    const what = built ?? `The ${key} that was built here does not run from ${folder} (${problem})`;
    return carried === "there is none" ? what : `The carried ${key} does not run (${carried}). ${what}`;
  }
  return undefined;
}

function unpack(from: string, to: string): boolean {
  try {
    Deno.writeFileSync(to, Deno.readFileSync(from));
    Deno.chmodSync(to, 0o755);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false; // there was no C compiler where we were built
    throw error;
  }
}

/** Builds one part in a folder of its own, since the sources may lie inside our executable. */
function buildPart(part: Part, sources: string, to: string, cc: string): string | undefined {
  const folder = `${to}.build`;
  Deno.mkdirSync(folder);
  try {
    for (const { name } of Deno.readDirSync(sources)) {
      if (/\.[ch]$/.test(name)) {
        Deno.writeFileSync(`${folder}/${name}`, Deno.readFileSync(`${sources}/${name}`));
      }
    }
    let problem = "";
    for (const options of part.options) {
      const ran = tryRun(cc, [...commonOptions, ...options, part.source, "-o", part.name], { cwd: folder });
      if (ran.absent) return `Cannot build the ${part.name}: there is no C compiler (${cc})`;
      if (ran.code !== 0) {
        problem = ran.text;
        continue;
      }
      Deno.renameSync(`${folder}/${part.name}`, to);
      Deno.chmodSync(to, 0o755);
      return undefined;
    }
    return `Cannot build the ${part.name}: ${cc} says ${JSON.stringify(problem.slice(0, 500))}`;
  } finally {
    remove(folder);
  }
}

/** What keeps the launcher from running a tool; undefined: nothing. */
function launcherFault(path: string): string | undefined {
  return faultIn(tryRun(path, ["--socket", "", "--", "/bin/sh", "-c", "exit 0"]));
}

/** The loader says on stderr when it cannot preload a library, and goes on. */
function tracerFault(path: string): string | undefined {
  const ran = tryRun("/bin/sh", ["-c", "exit 0"], { env: { LD_PRELOAD: path } });
  return faultIn(ran) ?? (ran.text === "" ? undefined : brief(ran.text));
}

function faultIn({ code, text }: Ran): string | undefined {
  return code === 0 ? undefined : brief(text) || `it ends with ${code}`;
}

/** The first line, to be shown among other words. */
function brief(text: string): string {
  return text.trim().split("\n")[0].slice(0, 200);
}

interface Ran {
  code: number;
  text: string;
  /** It was not there, or may not be executed. */
  absent?: true;
}

/** Runs a program to its end. */
function tryRun(
  program: string,
  args: string[],
  { cwd, env }: { cwd?: string; env?: Record<string, string> } = {},
): Ran {
  try {
    const { code, stderr } = new Deno.Command(program, { args, cwd, env, stdin: "null", stdout: "null" })
      .outputSync();
    return { code, text: new TextDecoder().decode(stderr) };
  } catch (error) {
    // Another architecture, no execution allowed, no memory.
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied;
    return { code: 126, text: messageOf(error), ...absent && { absent } };
  }
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
