/**
 * Whether a client sees the files that we see.
 *
 * The daemon looks at paths of its own mount namespace and root folder. A client in a container or chroot means other
 * files by the same names, so it is not served: it decides alone, on the cache that it sees. The client says what it
 * sees: the number of the mount on which its root folder lies, which is another in each namespace and under each root.
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { statx, statxWithMount } from "../os/mod.ts";

export interface FileTree {
  /** Number of the root folder's mount; where the kernel gives mounts no numbers (before 5.8), of the namespace. */
  namespace: bigint;
  /** Inode of the root folder; 0 where `namespace` is the namespace's. */
  root: bigint;
}

/** Our own tree, or undefined where the system does not tell. */
export function ownFileTree(): FileTree | undefined {
  const root = statxWithMount(fromText("/"));
  if (typeof root === "object" && root.mount !== undefined) return { namespace: root.mount, root: root.ino };
  const namespace = statx(fromText("/proc/self/ns/mnt"));
  return typeof namespace === "object" ? { namespace: namespace.ino, root: 0n } : undefined;
}

/** A tree in a word. */
export function treeName({ namespace, root }: FileTree): string {
  return `${namespace}:${root}`;
}

/** Whether the asker, who says it is in `said`, sees `own`. */
export function seesSameFiles(own: FileTree | undefined, said: FileTree): boolean {
  return own !== undefined && own.namespace === said.namespace && own.root === said.root;
}
