/**
 * What running processes cost, read from /proc: CPU time of a contender's daemon, resident memory of a process.
 *
 * Keeps true: a contender's processes are known by the home that the benchmark gave them, so no other daemon of the
 * user counts.
 *
 * @module
 */

/** Clock ticks of /proc/<pid>/stat: 100 a second on every Linux that this runs on. */
const tickMs = 10;

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // it ended meanwhile, or is another user's
  }
}

/** Processes that were started with this home. One peer's daemon keeps only the second variable. */
export function processesOf(home: string): number[] {
  const marks = [`HOME=${home}`, `XDG_RUNTIME_DIR=${home}`];
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) =>
    pid > 0 && textOf(`/proc/${pid}/environ`).split("\0").some((variable) => marks.includes(variable))
  );
}

/** CPU time in ms that the processes with this home have used so far, with that of their children that ended. */
export function cpuOf(home: string): number {
  let ticks = 0;
  for (const pid of processesOf(home)) {
    const stat = textOf(`/proc/${pid}/stat`), fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  }
  return ticks * tickMs;
}

/** Resident memory in MB. */
export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}
