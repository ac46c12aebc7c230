/**
 * Scripts that are run plainly and through the cache, and must end alike. For what a scenario's words cannot say.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { byteString } from "../../lib/base/bytes.ts";
import { findPrograms } from "../script/programs.ts";
import { engine, World } from "./engine.ts";

export const isRoot = Deno.uid() === 0;

/** Whether a shell script succeeds here: what a test needs may be forbidden even to root. */
export function can(script: string): boolean {
  return new Deno.Command("sh", { args: ["-c", script], stdout: "null", stderr: "null" }).outputSync()
    .success;
}

export const hasCompiler = can("command -v gcc");
export const canMount = isRoot && can("unshare -m sh -c 'mount -t tmpfs none /mnt'");

export type Entry = "none" | "wrap" | "launcher";

/** Runs `script` with `$Z` in front of its tools: nothing, or the cache. Texts are byte strings. */
export async function shell(
  world: World,
  script: string,
  entry: Entry = "wrap",
): Promise<{ code: number; text: string }> {
  const front = {
    none: "",
    wrap: `${engine.join(" ")} wrap`,
    launcher: entry === "launcher" ? launcher() : "",
  };
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", `exec 2>&1\n${script}`],
    env: { ...world.env, Z: front[entry], LC_ALL: "C" },
    clearEnv: true,
    cwd: world.work,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return { code, text: byteString(stdout) };
}

let unpacked: string | undefined;

function launcher(): string {
  return unpacked ??= findPrograms(engine[0]).launcher;
}

export async function outcomes(world: World): Promise<Record<string, number>> {
  return JSON.parse((await world.run(["stats", "--json"])).out).by_outcome;
}

/** Runs the script plainly, then through the cache `times` times; each must say the same. The outcomes of these. */
export async function alike(
  world: World,
  script: string,
  times = 2,
  entry: Entry = "wrap",
): Promise<Record<string, number>> {
  const plain = await shell(world, script, "none");
  if (entry === "launcher") await world.run(["start"]);
  for (let i = 1; i <= times; i++) assertEquals([i, await shell(world, script, entry)], [i, plain]);
  return await outcomes(world);
}

export interface Hazard {
  name: string;
  script: string;
  needs?: boolean;
  /** Outcomes of the runs through the cache. */
  counts?: Record<string, number>;
  times?: number;
  /** Only the launcher, called by its path, gets so far: the engine's runtime does not start for such a caller. */
  byLauncher?: true;
}

/** What a script waits for before a file that it made is compiled. */
export const settle = "sleep 0.03";

/** Registers a test of each. */
export function registerHazards(hazards: readonly Hazard[]): void {
  for (const { name, script, needs, counts, times, byLauncher } of hazards) {
    const ignore = !hasCompiler || needs === false || (byLauncher === true && engine.length > 1);
    Deno.test({ name: `through the cache as without it: ${name}`, ignore }, async () => {
      await using world = new World();
      world.env.S = engine.join(" ");
      const counted = await alike(world, script, times, byLauncher ? "launcher" : "wrap");
      for (const [outcome, count] of Object.entries(counts ?? {})) {
        assertEquals([outcome, counted[outcome] ?? 0], [outcome, count], JSON.stringify(counted));
      }
    });
  }
}
