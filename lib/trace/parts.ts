/**
 * The record of a compile of several sources, taken apart: what belongs to each source, and what to all.
 *
 * A program belongs to a source that it reads, or to the one to which a file belongs that it reads: the compiler proper
 * to its source, the assembler to what that wrote. What starts them belongs to all.
 *
 * Always true: where a program would belong to two sources, or writes and belongs to none, nothing is taken apart.
 *
 * @module
 */
import type { TraceEvent } from "./read.ts";

const writes = new Set(["create", "truncate", "update", "append", "link", "symlink", "mkdir"]);
const ofProcesses = new Set([
  "hello",
  "forked",
  "spawned",
  "goodbye",
  "exec",
  "exec_failed",
  "ungated",
  "odd",
]);

/** The events of each source (absolute paths), with those of all; undefined where that cannot be told. */
export function eventsOfSources(
  events: readonly TraceEvent[],
  sources: readonly string[],
): TraceEvent[][] | undefined {
  const starter = events[0]?.image, owners = ownersOf(events, sources);
  if (owners === undefined || owners.images.has(starter)) return undefined;
  const { images, files } = owners;
  const stray = events.some(({ image, kind }) => image !== starter && writes.has(kind) && !images.has(image));
  if (stray) return undefined;
  const isOf = (event: TraceEvent, own: number) => {
    if (ofProcesses.has(event.kind)) return true;
    const owner = images.get(event.image);
    if (owner !== undefined) return owner === own;
    return !("path" in event) || (files.get(event.path)?.has(own) ?? true);
  };
  return sources.map((_, own) => events.filter((event) => isOf(event, own)));
}

/** The source of each program, and those of each file that one of them wrote: a temporary name serves for several. */
function ownersOf(
  events: readonly TraceEvent[],
  sources: readonly string[],
): { images: Map<number, number>; files: Map<string, Set<number>> } | undefined {
  const images = new Map<number, number>(), last = new Map(sources.map((path, i) => [path, i]));
  const files = new Map(sources.map((path, i) => [path, new Set([i])]));
  for (const event of events) {
    if (!("path" in event) || event.kind === "spawn") continue;
    const path = event.path, owner = images.get(event.image), ofFile = last.get(path);
    if (event.kind === "open_read" && ofFile !== undefined) {
      if (owner !== undefined && owner !== ofFile) return undefined;
      images.set(event.image, ofFile);
    } else if (owner !== undefined && (writes.has(event.kind) || event.kind === "rename")) {
      for (const written of "to" in event ? [path, event.to] : [path]) {
        last.set(written, owner);
        const all = files.get(written);
        if (all === undefined) files.set(written, new Set([owner]));
        else all.add(owner);
      }
    }
  }
  return { images, files };
}
