/**
 * Whether a client sees the files that we see.
 *
 * The daemon looks at paths of its own mount namespace and root folder. A client in a container or chroot means
 * other files by the same names, so it is not served; its compile passes with a name for the reason. The client
 * says what it sees, and /proc says it again, and of the root also on which mount it lies: the roots of most file
 * systems have the same inode number. A client whose /proc entry cannot be read counts as elsewhere (another pid
 * namespace gives pid 0), unless it is gone: then nobody is left to serve.
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { c, statx, statxWithMount } from "../os/mod.ts";

/** What a client says of itself. */
export interface SaidTree {
  /** Inode of the mount namespace. */
  namespace: bigint;
  /** Inode of the root folder. */
  root: bigint;
}

export interface FileTree extends SaidTree {
  /** Device and mount of the root folder. */
  device: bigint;
  mount: bigint;
}

/** The tree of process `who` ("self" or a pid), or undefined where /proc does not tell. */
export function fileTreeOf(who: "self" | number): FileTree | undefined {
  const namespace = statx(fromText(`/proc/${who}/ns/mnt`)),
    root = statxWithMount(fromText(`/proc/${who}/root/`));
  if (typeof namespace === "number" || typeof root === "number") return undefined;
  return { namespace: namespace.ino, root: root.ino, device: root.dev, mount: root.mount };
}

/**
 * Why the asker, who says it is in `said`, is not served: as an outcome; undefined where it sees what we see.
 *
 * @param own Our own tree.
 * @param pid As the kernel knows the peer.
 */
export function whyElsewhere(
  own: FileTree | undefined,
  said: SaidTree,
  pid: number,
): "pass_other_file_tree" | "pass_untraceable" | undefined {
  if (own === undefined || pid === 0 || own.namespace !== said.namespace || own.root !== said.root) {
    return "pass_other_file_tree";
  }
  const known = fileTreeOf(pid);
  if (known === undefined) return isGone(pid) ? "pass_untraceable" : "pass_other_file_tree";
  const same = known.namespace === own.namespace && known.root === own.root &&
    known.device === own.device && known.mount === own.mount;
  return same ? undefined : "pass_other_file_tree";
}

/** A process that has ended is in no namespace any more, also before its parent has asked for its status. */
function isGone(pid: number): boolean {
  return statx(fromText(`/proc/${pid}/ns/mnt`)) === c.ENOENT;
}
