/**
 * Whether a client sees the files that we see.
 *
 * The daemon looks at paths of its own mount namespace and root folder. A client in a container or chroot means
 * other files by the same names, so it is not served; its compile passes with a name for the reason. The client
 * says what it sees, and /proc says it again: a client whose /proc entry cannot be read counts as elsewhere
 * (another pid namespace gives pid 0).
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { statx } from "../os/mod.ts";

export interface FileTree {
  /** Inode of the mount namespace. */
  namespace: bigint;
  /** Inode of the root folder. */
  root: bigint;
}

/** The tree of process `who` ("self" or a pid), or undefined where /proc does not tell. */
export function fileTreeOf(who: "self" | number): FileTree | undefined {
  const namespace = statx(fromText(`/proc/${who}/ns/mnt`)), root = statx(fromText(`/proc/${who}/root/`));
  if (typeof namespace === "number" || typeof root === "number") return undefined;
  return { namespace: namespace.ino, root: root.ino };
}

/** Whether the asker, who says it is in `said`, sees `own`. `pid`: as the kernel knows the peer. */
export function seesSameFiles(own: FileTree | undefined, said: FileTree, pid: number): boolean {
  if (own === undefined || pid === 0 || !sameTree(own, said)) return false;
  const known = fileTreeOf(pid);
  return known !== undefined && sameTree(own, known);
}

function sameTree(a: FileTree, b: FileTree): boolean {
  return a.namespace === b.namespace && a.root === b.root;
}
