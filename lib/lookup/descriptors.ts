/**
 * Whether a tool inherits more to read than standard input: a descriptor above 2 that a script may read, as in
 * `while read name <&3; do cc ...; done 3<list`.
 *
 * No trace tells what came from one, so a script that could read one is run each time. What yields nothing does not count:
 * descriptors opened for writing only, folders, empty files (locks), /dev/null; nor does make's jobserver, which a script
 * must not read.
 *
 * Always true: what cannot be looked at counts as readable.
 *
 * @module
 */
import type { Environment } from "./circumstances.ts";

/** Of open(2), as fdinfo prints them. */
const flags = {
  accessMode: 3,
  writeOnly: 1,
  folder: 0o200000,
  path: 0o10000000,
  closedOnExec: 0o2000000,
} as const;
const firstBeyond = 3;

/** Descriptors and the fifo of the jobservers that an environment names. */
function jobservers(environment: Environment): Set<string> {
  const found = new Set<string>();
  for (const name of ["MAKEFLAGS", "CARGO_MAKEFLAGS", "MFLAGS"]) {
    for (const [, value] of (environment.get(name) ?? "").matchAll(/--jobserver-(?:auth|fds)=(\S+)/g)) {
      for (const word of value.startsWith("fifo:") ? [value.slice(5)] : value.split(",")) found.add(word);
    }
  }
  return found;
}

/** A launcher closes a few files that it has opened itself while it is looked at. */
const mostLooks = 10;

/** Whether a program that process `pid` becomes or starts could read from a descriptor above 2. `proc`: where /proc is. */
export function inheritsReadable(pid: number, environment: Environment, proc = "/proc"): boolean {
  const jobs = jobservers(environment);
  for (let looks = 0; looks < mostLooks; looks++) {
    try {
      return [...Deno.readDirSync(`${proc}/${pid}/fd`)].some(({ name }) =>
        Number(name) >= firstBeyond && !jobs.has(name) && isReadable(`${proc}/${pid}`, name, jobs)
      );
    } catch (cause) {
      // What was closed since it was listed is nothing that a tool inherits; the rest has not been looked at yet.
      if (!(cause instanceof Deno.errors.NotFound)) return true; // another user's, or another file tree's
    }
  }
  return true;
}

function isReadable(process: string, name: string, jobs: ReadonlySet<string>): boolean {
  const [, octal] = /^flags:\s*([0-7]+)/m.exec(Deno.readTextFileSync(`${process}/fdinfo/${name}`)) ?? [];
  const held = parseInt(octal, 8);
  if (held & (flags.path | flags.closedOnExec)) return false;
  if ((held & flags.accessMode) === flags.writeOnly) return false;
  const file = `${process}/fd/${name}`, leadsTo = Deno.readLinkSync(file);
  if (leadsTo === "/dev/null" || jobs.has(leadsTo)) return false;
  const { isDirectory, isFile, size } = Deno.statSync(file);
  return !isDirectory && !(isFile && size === 0);
}
