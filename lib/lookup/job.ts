/**
 * One run of one tool, from its request to its end: what is known of it so far.
 *
 * @module
 */
import type { Digest } from "../base/digest.ts";
import type { CommentUse, DependencyList, FolderUse, Names } from "../compilers/mod.ts";
import type { Message } from "../protocol/mod.ts";
import type { Owing, StoredUnit } from "../store/mod.ts";
import type { Input, Unit } from "../store/unit.ts";
import type { Observation, Record } from "../trace/mod.ts";
import type { Action } from "./action.ts";
import { type Slot, slotOf } from "./anywhere.ts";
import type { Environment } from "./circumstances.ts";
import type { Running } from "./declared.ts";
import type { Following } from "./following.ts";
import type { Statements } from "./ingest.ts";
import type { Ended, Outcome } from "./outcome.ts";
import type { Product } from "./outputs.ts";
import type { Remap, Unshared } from "./remap.ts";
import type { Times } from "./times_that_count.ts";

/** Only `id` and `ask` are for others. */
export interface Job {
  readonly id: number;
  readonly ask: Message<"ask">;
  /** The request as it came. */
  frame?: Uint8Array;
  outcome?: Outcome;
  /** What the outcome is about: a path, a word, a program. */
  what: string;
  kind: string;
  /** The line may ask for this machine's own processor. */
  native: boolean;
  savedUs: number;
  action?: Action;
  /** SHA-256 of the source on standard input, where that is one. */
  input?: Digest;
  environment?: Environment;
  /** A variable names a folder for temporary files that is none. */
  lacksTemporary: boolean;
  /** What is delivered, and whether an equal request may be answered by it without a search. */
  stored?: StoredUnit;
  repeatable?: boolean;
  /** Its statements in the asker's folder. */
  unit?: Unit;
  realTool: string;
  /** What it waits for, or waited for last: an equal run, or its turn. */
  waits?: "twin" | "turn";
  /** The program that follows the link, as named, and where it was found. */
  deploy?: string;
  deployer?: string;
  startedAt: bigint;
  /** Why no candidate served, to be the outcome once the run is stored. */
  missed: Outcome;
  record?: Record;
  /** What was read of it so far. */
  following?: Following;
  /** Instead of a record, where there is no tracer. */
  running?: Running;
  report?: Message<"report">;
  /** Where the line names several sources: the compiles of each, and whether they are asked for one by one instead. */
  parts?: { source: string; job: Job }[];
  /** What each part saw of one run of all. */
  partsFound?: Observation[];
  isDivided: boolean;
  /** What the run depended on, or why that cannot be said; unknown until its outputs are on their way. */
  statements?: Statements | Ended;
  /** Of which files the time counts; found out while outputs are where the run left them. */
  times?: Times;
  /** What is left to be found out about the statements, once nobody waits. */
  judge?: () => void;
  /** Outputs that the launcher stages without asking first, and where; and what it said of them. */
  foreseen?: Message<"run">["foreseen"];
  left?: ReadonlyMap<string, Message<"left">["files"][number] & { to: string }>;
  /** Whether its tool could read from more than standard input; asked ahead where the launcher may go. */
  inherits?: boolean;
  /** What a result can be made of again, should this process die before it is stored. */
  owing?: Owing;
  /** Nobody waits for the end: the launcher exits once the outputs are staged. */
  leavesEarly: boolean;
  /** Statements of what was stored. */
  learned?: Input[];
  variables?: [string, string | null][];
  /** What the line names its outputs, where that reaches no other byte. */
  names?: Names;
  /** How the compiler sets dependency lists, where that is known. */
  listRule?: DependencyList["rule"];
  /** What of the request holds in any folder, if it may at all. */
  use?: FolderUse;
  /** How the request's words use comments, if they keep them out of the result. */
  comments?: CommentUse;
  /** The folder that stands as a slot in what is found from elsewhere: the asker's, or the root of his tree. */
  slot: Slot;
  /** How the tree's name is kept out, where the asker wants that. */
  remap?: Remap;
  /** Why it is not, or what was made is not shared although it is. */
  unshared?: Unshared;
  /** Why the result holds in its folder, or tree, alone. */
  bound?: string;
  /** A program took part whose habits are not known. */
  unknownTool: boolean;
  /** A text or an output names a file in the folder for temporary files. */
  namesTemporary: boolean;
  /** Folders in which a run that failed made files, with the working folder as a slot. */
  writtenIn?: string[];
  /** Outputs may name what runs on another device. */
  mayOffload: boolean;
  /** A program gave an output a mode of its own choice. */
  givesModes: boolean;
  products: Product[];
  staged: string[];
}

/** A job of which nothing is known but its request. */
export function newJob(id: number, ask: Message<"ask">): Job {
  return {
    id,
    ask,
    what: "",
    kind: "other",
    native: false,
    savedUs: 0,
    realTool: "",
    startedAt: 0n,
    missed: "miss_new",
    lacksTemporary: false,
    isDivided: false,
    leavesEarly: false,
    slot: slotOf(ask.cwd),
    unknownTool: false,
    namesTemporary: false,
    mayOffload: false,
    givesModes: false,
    products: [],
    staged: [],
  };
}
