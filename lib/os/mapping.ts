/**
 * A file as memory, shared with whoever else maps it: to read and write it costs no system call.
 *
 * Only for files that are preallocated and that nobody cuts: an access to a page without a place in the file kills the
 * process.
 *
 * @module
 */
import { cPath } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

const noAddress = 0xffff_ffff_ffff_ffffn;

/** The first `size` bytes of the file at `path` (byte string), or the errno. `unmap`: the bytes must not be touched afterwards. */
export function mapFile(
  path: string,
  size: number,
): { bytes: Uint8Array<ArrayBuffer>; unmap(): void } | number {
  const descriptor = libc().open(cPath(path), c.O_RDWR | c.O_CLOEXEC, 0);
  if (descriptor < 0) return errno();
  const access = c.PROT_READ | c.PROT_WRITE;
  const at = libc().mmap(null, BigInt(size), access, c.MAP_SHARED, descriptor, 0n), problem = errno();
  libc().close(descriptor);
  if (at === null || Deno.UnsafePointer.value(at) === noAddress) return problem;
  return {
    bytes: new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, size)),
    unmap: () => void libc().munmap(at, BigInt(size)),
  };
}
