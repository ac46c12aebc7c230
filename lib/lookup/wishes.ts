/**
 * What an asker's own variables want of a run: its priority, how many may run beside it, what follows a link, and how its
 * compiler searches.
 *
 * They count as they stand in the request, since a daemon's environment is that of its start. They are read where a tool
 * is about to run, so a hit knows nothing of them; but a link's result holds what the program that follows it made.
 *
 * Always true: a variable that cannot be read costs its own effect, never the run.
 *
 * @module
 */
import { absolute } from "../base/paths.ts";
import { type Message, priorities } from "../protocol/mod.ts";
import type { Environment } from "./circumstances.ts";
import { mainOutput } from "./outputs.ts";
import { unsetPath } from "./search_path.ts";

/** How many tools may run at once for this asker, counting everybody's; Infinity: as many as there are. */
export function mostAtOnce(environment: Environment): number {
  const text = environment.get("ZCCACHE_MAX_PARALLEL_COMPILES") ?? "";
  const most = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return most === 0 ? Infinity : most;
}

/** Of `priorities`. `isBusy` is asked where the asker leaves it to us. */
export function priorityOf(environment: Environment, kind: string, isBusy = machineIsBusy): number {
  const own = kind === "link" ? environment.get("ZCCACHE_COMPILE_PRIORITY_LINK") : undefined;
  const text = (own || environment.get("ZCCACHE_COMPILE_PRIORITY") || "normal").toLowerCase();
  if (text === "auto") return isBusy() ? priorities.low : priorities.normal;
  // Who names one that there is not wants something else than to be as others.
  return Object.hasOwn(priorities, text) ? priorities[text as keyof typeof priorities] : priorities.low;
}

/** Whether a compiler may list the folders in which it searches for headers (lib/native/trace_sieve.h). */
export function mayList(environment: Environment): boolean {
  return environment.get("ZCCACHE_SEARCH")?.toLowerCase() !== "ask";
}

/** Whether every processor has something to do: the next one that comes takes it from another. */
function machineIsBusy(): boolean {
  try {
    const running = Number(/ (\d+)\/\d+ /.exec(Deno.readTextFileSync("/proc/loadavg"))?.[1]);
    return running - 1 >= navigator.hardwareConcurrency; // we are one of them
  } catch {
    return false; // no /proc
  }
}

/** The program that is to follow this link, as named; undefined: none is, or it is no link. */
export function deployCommand(environment: Environment, kind: string): string | undefined {
  return kind === "link" ? environment.get("ZCCACHE_LINK_DEPLOY_CMD") || undefined : undefined;
}

/** That program where it is found, and the linked file; empty: there is nothing to run. */
export function deployOf(
  { argv, cwd }: Pick<Message<"ask">, "argv" | "cwd">,
  command: string | undefined,
  { path, isProgram }: { path: string | null; isProgram(path: string): boolean },
): string[] {
  if (command === undefined) return [];
  const linked = mainOutput({ argv, cwd }) ?? `${cwd}/a.out`;
  // Nowhere: it is called by its name and fails, which is told.
  if (command.includes("/")) return [absolute(command, cwd), linked];
  const folders = (path ?? unsetPath).split(":").map((folder) => absolute(folder, cwd));
  const folder = folders.find((folder) => isProgram(`${folder}/${command}`));
  return [folder === undefined ? command : `${folder}/${command}`, linked];
}
