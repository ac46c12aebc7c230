/**
 * The store's folder: made, checked, swept.
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { CacheError } from "../base/errors.ts";
import { c, isAlive, libc, statx } from "../os/mod.ts";
import { stagedForDebts } from "./debts.ts";
import { readIfThere, removeIfThere, replaceFile } from "./files.ts";
import { folders, formatLine, names, temporaryPid } from "./layout.ts";

/** A launcher may still be writing what a daemon that has just died asked it to stage. */
const youngMs = 60_000;
/** Staged files of a process that cannot be seen (another container) are left this long. */
const strangerMs = 3_600_000;

/**
 * Makes the folders that are missing and checks that nobody else can write to them.
 *
 * @returns Whether the folder can be written to.
 * @throws {CacheError} `unusable_place` where it is another user's, open to others, no folder, or of another format.
 */
export function preparePlace(folder: string): "writable" | "read-only" {
  const parent = folder.slice(0, folder.lastIndexOf("/"));
  const made = makeFolder(parent) &&
    folders.every((name) => makeFolder(name === "" ? folder : `${folder}/${name}`));
  for (const path of [parent, folder]) checkPrivate(path);
  const format = readIfThere(`${folder}/${names.format}`);
  if (format === undefined) return made && writeFormat(folder) ? "writable" : "read-only";
  if (new TextDecoder().decode(format) !== formatLine) {
    throw new CacheError("unusable_place", {
      cannot: `use the cache folder "${folder}"`,
      found: "it was written in another format",
      help: "Choose another folder with ZCCACHE_CACHE_DIR",
    });
  }
  return made && mayWrite(folder) ? "writable" : "read-only";
}

function makeFolder(path: string): boolean {
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return true;
    if (readOnly(cause)) return false;
    if (cause instanceof Deno.errors.NotFound) {
      Deno.mkdirSync(path, { mode: 0o700, recursive: true });
      return true;
    }
    throw cause;
  }
}

function readOnly(cause: unknown): boolean {
  return cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable ||
    (cause instanceof Error && /read-only/i.test(cause.message));
}

/** Whole or not at all: half a line, left by a full disk or a kill, would be another format for ever. */
function writeFormat(folder: string): boolean {
  try {
    replaceFile(folder, `${folder}/${names.format}`, new TextEncoder().encode(formatLine));
    return true;
  } catch (cause) {
    if (readOnly(cause)) return false;
    throw cause;
  }
}

/** Asks the file system, not the mode bits: it may be mounted read-only. A full disk may have room later. */
function mayWrite(folder: string): boolean {
  const probe = `${folder}/tmp/${Deno.pid}-0`;
  try {
    Deno.writeFileSync(probe, new Uint8Array(0), { mode: 0o600 });
    removeIfThere(probe);
    return true;
  } catch (cause) {
    if (readOnly(cause)) return false;
    if (cause instanceof Error && /ENOSPC|EDQUOT/.test(String((cause as { code?: string }).code))) {
      return true;
    }
    throw cause;
  }
}

function checkPrivate(path: string): void {
  const state = statx(fromText(path));
  if (typeof state === "number") return;
  const refuse = (found: string, help: string): never => {
    throw new CacheError("unusable_place", { cannot: `use the cache folder "${path}"`, found, help });
  };
  const another = "choose another folder with ZCCACHE_CACHE_DIR";
  if ((state.mode & c.S_IFMT) !== c.S_IFDIR) refuse("it is no folder", `Remove it, or ${another}`);
  if (state.uid !== libc().geteuid()) {
    refuse(`it belongs to user ${state.uid}`, another[0].toUpperCase() + another.slice(1));
  }
  if (state.mode & 0o022) {
    refuse(
      `others may write to it (mode ${(state.mode & 0o777).toString(8)})`,
      `Run \`chmod 700 ${path}\`, or ${another}`,
    );
  }
}

/** Removes what dead processes staged, but for what they owe. */
export function sweepStaged(folder: string, now: number): void {
  const owed = stagedForDebts(folder);
  for (const { name } of Deno.readDirSync(`${folder}/tmp`)) {
    const pid = temporaryPid(name);
    if (pid === undefined) continue;
    const path = `${folder}/tmp/${name}`;
    const state = statx(fromText(path), { follow: false });
    if (typeof state === "number" || owed.has(fromText(path))) continue;
    const ageMs = now - Number(state.mtime / 1_000_000n);
    if (ageMs > strangerMs || (ageMs > youngMs && !isAlive(pid))) removeIfThere(path);
  }
}
