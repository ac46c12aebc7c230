/**
 * Where trace records lie: in memory, where there is a file system in memory with room to spare.
 *
 * Every process of a run writes into a record through a mapping of its own. On a file system of a disk the first write of
 * each process to each page joins a journal's transaction: measured on ext4, a compile of 15 ms took 1.5 ms longer for it,
 * and on tmpfs nothing.
 *
 *     the runtime folder                         where that is in memory, as $XDG_RUNTIME_DIR mostly is
 *     /dev/shm/zccache-<uid>   0700, ours, no link   else, where so much room is left that nobody will miss it
 *     the runtime folder                         else
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { MIB } from "../base/units.ts";
import { c, fileSystemType, freeBytes, statx, userId } from "../os/mod.ts";

const sharedMemory = "/dev/shm";
/** statfs f_type of tmpfs and ramfs. */
const memoryTypes = new Set([0x01021994, 0x858458f6]);
/** A record takes 8 MiB, a run one record; containers often have 64 MiB there, which are the programs'. */
const leastFreeBytes = 1024 * MIB;

function isInMemory(path: string): boolean {
  const type = fileSystemType(path);
  return type !== undefined && memoryTypes.has(type);
}

/** The folder for records (byte string). Makes it where it is not there. */
export function recordFolder(runtime: string, shared = sharedMemory): string {
  if (isInMemory(runtime) || !isInMemory(shared) || freeBytes(shared) < leastFreeBytes) return runtime;
  const folder = `${shared}/zccache-${userId()}`;
  try {
    Deno.mkdirSync(shown(folder), { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error)) throw error; // there already, or not ours to make: the look that follows says it
  }
  const state = statx(folder, { follow: false });
  const isOurs = typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFDIR &&
    state.uid === userId() && (state.mode & 0o077) === 0;
  return isOurs ? folder : runtime;
}
