/**
 * Path independence (ZCCACHE_PATH_REMAP=auto): whether a compile's tree is mapped away, and how.
 *
 *     root     ZCCACHE_WORKTREE_ROOT, else the nearest folder upwards with `.git` (a folder, or a worktree's file), else
 *              the working folder
 *     words    -ffile-prefix-map=<root>=. and, below the root, -ffile-prefix-map=<working folder>=. before the user's
 *
 * The asker's own environment decides, never a daemon's: two builds of one daemon may differ. Where a compile is no
 * such one, its driver does not know the words, or another word may let the tree in, the reason is kept (`fallbacks`),
 * and the result is as without remap, or one of its tree alone.
 *
 * @module
 */
import { byteString, fromText, shown } from "../base/bytes.ts";
import { absolute } from "../base/paths.ts";
import { isMappable, mapWords, toolName, type TreeUse, treeUse, unmappedWord } from "../compilers/mod.ts";
import type { Inputs } from "../inputs/mod.ts";
import { readHead, signatureOf, statx } from "../os/mod.ts";
import { slotOf } from "./anywhere.ts";
import type { Environment } from "./circumstances.ts";
import type { Job } from "./job.ts";
import type { Fallback } from "./outcome.ts";

/** How a compile's tree is mapped. */
export interface Remap {
  root: string;
  /** Words that the tool gets before the user's own. */
  added: string[];
  /** How the line names the tree; undefined where the result holds in this tree alone. */
  use?: TreeUse;
}

/** Why a result that was to be shared is not, and what that is about. */
export interface Unshared {
  reason: Fallback;
  what: string;
}

/** What was to be shared holds in its tree alone. */
export function bind(job: Job, why: Unshared | undefined): void {
  if (why !== undefined) job.unshared = why, job.bound = why.reason;
}

const compilers = new Set(["cc", "c++", "gcc", "g++", "clang", "clang++"]);

/** Whether an asker wants paths to be mapped. */
export function wantsRemap(environment: Environment): boolean {
  return environment.get("ZCCACHE_PATH_REMAP")?.toLowerCase() === "auto";
}

/** The root of the asker's tree, and why it is only the working folder, if it is. */
export function rootOf(
  environment: Environment,
  cwd: string,
  inputs: Pick<Inputs, "physical" | "linkState">,
): { root: string; unshared?: Unshared } {
  const given = environment.get("ZCCACHE_WORKTREE_ROOT") ?? "";
  if (given !== "") {
    const named = absolute(given, cwd), real = inputs.physical(named);
    const root = [named, real].find((path) => typeof path === "string" && isIn(cwd, path)) ?? named;
    const outside = { reason: "path_outside_root", what: cwd } as const;
    return isIn(cwd, root as string) ? { root: root as string } : { root: root as string, unshared: outside };
  }
  for (let folder = cwd; folder !== ""; folder = folder.slice(0, folder.lastIndexOf("/"))) {
    if (typeof inputs.linkState(`${folder}/.git`) !== "number") return { root: folder };
  }
  return { root: cwd, unshared: { reason: "git_root_unavailable", what: cwd } };
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + "/");
}

export class Remapping {
  readonly #inputs: Inputs;
  /** Drivers by where they lie and are led, with the state in which they were asked. */
  readonly #drivers = new Map<string, { state: string; knows: boolean }>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** How the tree of a compile is mapped: into `job.remap`, or why it is not into `job.unshared`. */
  plan(job: Job): void {
    const { ask: { argv, cwd, tool }, realTool } = job, words = argv.slice(1);
    if (job.kind !== "compile") return;
    const unmapped = unmappedWord(words);
    if (unmapped !== undefined) return this.#none(job, "unsupported_language", unmapped);
    if (!compilers.has(toolName(realTool)) || this.#asked(job) === false) {
      return this.#none(job, "toolchain_mismatch", tool);
    }
    const { root, unshared } = rootOf(job.environment!, cwd, this.#inputs);
    if (!isMappable(root) || !isMappable(cwd)) return this.#none(job, "path_outside_root", root);
    job.remap = { root, added: mapWords(words, root, cwd) };
    job.unshared = unshared;
    if (unshared?.reason === "path_outside_root") return;
    const use = !tool.startsWith("/") || isIn(tool, root) ? { word: tool } : treeUse(words, root);
    if ("word" in use) job.unshared = { reason: "path_sensitive_arg", what: use.word };
    else job.remap.use = use, job.slot = { name: "$root", folder: root };
  }

  /** Whether the driver of a job that is about to run takes the words; if not, there is no remap. */
  confirm(job: Job): boolean {
    if (job.remap === undefined || job.remap.added.length === 0) return true;
    const knows = this.#asked(job) ?? knowsMaps(job);
    this.#drivers.set(driverOf(job), { state: stateOf(job.realTool), knows });
    if (!knows) this.#none(job, "toolchain_mismatch", job.ask.tool);
    return knows;
  }

  #none(job: Job, reason: Fallback, what: string): void {
    job.remap = undefined, job.unshared = { reason, what };
    job.slot = slotOf(job.ask.cwd);
  }

  /** What is known of a job's driver, if it was asked as it is now. */
  #asked(job: Job): boolean | undefined {
    const known = this.#drivers.get(driverOf(job));
    return known?.state === stateOf(job.realTool) ? known.knows : undefined;
  }
}

function driverOf({ ask, realTool, environment }: Job): string {
  return [ask.tool, realTool, environment!.get("PATH"), environment!.get("LD_LIBRARY_PATH")].join("\0");
}

function stateOf(path: string): string {
  const state = statx(path);
  return typeof state === "number" ? "" : byteString(signatureOf(state));
}

/**
 * Asks a driver whether it takes a map. With `-###` it says what it would do and does nothing; one that does not know a
 * word fails. A script may do anything with words, and is not asked.
 */
function knowsMaps({ ask, realTool, environment }: Job): boolean {
  const head = readHead(realTool, 4);
  if (head === undefined || byteString(head) !== "\x7fELF" || !ask.tool.startsWith("/")) return false;
  const env: Record<string, string> = { LC_ALL: "C" };
  for (const name of ["PATH", "LD_LIBRARY_PATH"]) {
    if (environment!.has(name)) env[name] = shown(environment!.get(name)!);
  }
  try {
    const { success, stderr } = new Deno.Command(shown(ask.tool), {
      args: ["-###", "-ffile-prefix-map=/zccache-asks=.", "-c", "-x", "c", "/dev/null", "-o", "/dev/null"],
      env,
      clearEnv: true,
      cwd: "/",
      stdin: "null",
      stdout: "null",
    }).outputSync();
    const said = fromText(new TextDecoder().decode(stderr));
    return success && said.includes("-prefix-map=/zccache-asks") && !/\b(?:warning|error):/.test(said);
  } catch {
    return false; // it cannot be started: it does not tell
  }
}
