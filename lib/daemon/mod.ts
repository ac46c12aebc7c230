/**
 * The decider as a process: a daemon for all clients, or a one-shot engine for one.
 *
 * @module
 */
export { type ChildEnd, runChild } from "./child.ts";
export { type CacheOptions, openCache } from "./cache.ts";
export { type Answer, askAdmin } from "./client.ts";
export { oneShotSocketName } from "./leftovers.ts";
export { type Cache, type Ending, serve, type ServeOptions } from "./lifecycle.ts";
export { runOneShot } from "./one_shot.ts";
export { endpointName, findPlaces, isOwnedElsewhere, ownerOf, type Places } from "./places.ts";
export {
  answers,
  daemonWords,
  isKept,
  keptVariables,
  startDaemon,
  type Started,
  startNoteMs,
  startWaitMs,
} from "./start.ts";
