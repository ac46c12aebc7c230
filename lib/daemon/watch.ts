/**
 * The daemon's watch over inputs: opened where the system allows it, drained by a timer so that its queue never
 * fills (a checkout of 4,096 files would), and given back when nobody asks.
 *
 * @module
 */
import type { Log } from "../base/log.ts";
import { Tree } from "../inputs/mod.ts";
import { fileSystemType } from "../os/mod.ts";

/** The queue holds 16,384 events; a checkout makes some 100 a millisecond. */
const drainMs = 40;
/** After this time without a decision the watches are given back (decisions.md 8). */
const idleMs = 60_000;
/** Of the watches that a user has: editors want some as well. */
const share = 0.5;
/** Where the system does not say how many there are. */
const fewWatches = 8_192;

/** A tree with what keeps it drained. */
export interface Watch {
  tree: Tree;
  /** What `status` says. */
  state(): string;
  /** Somebody asks: the timer runs from now on. */
  wake(): void;
  close(): void;
}

/** Opens the watch, or says why every statement will be looked at each time. */
export function openWatch(log: Log, now: () => number): Watch | { problem: string } {
  const tree = Tree.open({
    log,
    mostWatches: Math.floor(watchesHere() * share),
    fileSystemOf: fileSystemType,
  });
  if (typeof tree === "number") return { problem: `inotify cannot be opened (errno ${tree})` };
  let timer: number | undefined, asked = now();
  const turn = () => {
    tree.drain();
    if (now() - asked < idleMs) return;
    tree.forget();
    clearInterval(timer);
    timer = undefined;
  };
  return {
    tree,
    state: () => {
      const { watches, problem } = tree.facts;
      return problem === "" ? `${watches} watches` : `${watches} watches; ${problem}`;
    },
    wake: () => {
      asked = now();
      timer ??= setInterval(turn, drainMs);
    },
    close: () => {
      clearInterval(timer);
      tree.close();
    },
  };
}

function watchesHere(): number {
  try {
    return Number(Deno.readTextFileSync("/proc/sys/fs/inotify/max_user_watches"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return fewWatches;
    }
    throw error;
  }
}
