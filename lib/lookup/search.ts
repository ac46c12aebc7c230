/**
 * Looks for the candidate that serves a request, and makes a delivery of it.
 *
 * Always true: a candidate is delivered only if each of its statements holds in this decision, by the watch or by a look;
 * a watch that was once wrong is believed no more.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { shown } from "../base/bytes.ts";
import { absencesHold, type Inputs, type Tree, Watched } from "../inputs/mod.ts";
import { takesFiles } from "../os/mod.ts";
import { heldStyle, hitFlags, type Message, styles } from "../protocol/mod.ts";
import type { Store, StoredUnit } from "../store/mod.ts";
import { textStyles, type Unit } from "../store/unit.ts";
import { isInWords, listHere } from "./lists.ts";
import { fromSlot, InFolder, slotOf } from "./anywhere.ts";
import { type Asker, type Environment, environmentHolds, terminalOf } from "./circumstances.ts";
import { inheritsReadable } from "./descriptors.ts";
import type { Comments } from "./comments.ts";
import type { Job } from "./job.ts";
import { namesFit, renamed, withObjects } from "./renamed.ts";
import { foundOn } from "./search_path.ts";
import { textsIn } from "./texts.ts";

/** Results of one tree alone have paths that begin with its folder, or with the working folder. */
function pathHere(path: string, { slot, ask: { cwd } }: Job): string {
  return fromSlot(fromSlot(path, slot), slotOf(cwd));
}

export interface SearchOptions {
  store: Store;
  inputs: Inputs;
  comments: Comments;
  log: { warn(text: string): void };
  /** Off: every statement is looked at, each time. */
  watch?: { tree: Tree; wake(): void };
  /** What distinguishes this machine's processor. */
  cpu(): string;
  /** Milliseconds since 1970. */
  now(): number;
}

export class Search {
  readonly #with: SearchOptions;
  #watched: Watched | undefined;
  readonly #inFolder = new InFolder();

  constructor(options: SearchOptions) {
    this.#with = options;
    this.#watched = options.watch && new Watched(options.watch.tree, options.inputs);
  }

  /** Whether a watch tells what has not changed, so that an answer may be given again without a look. */
  get watches(): boolean {
    return this.#watched !== undefined;
  }

  /** A new decision: nothing that was seen before counts, and what happened meanwhile is taken in. */
  begin(): void {
    this.#with.inputs.begin();
    this.#with.watch?.wake();
    this.#watched?.begin();
    const unseen = this.#watched && (this.#watched.disagreement ?? this.#with.inputs.disagreement);
    if (unseen === undefined) return;
    this.#with.log.warn(`watching is switched off: it did not see that ${shown(unseen)} changed`);
    this.#watched = undefined;
    this.#with.inputs.stopWatching();
  }

  /** The first candidate that serves in this folder, or in any. */
  find(job: Job, environment: Environment): Message<"hit"> | undefined {
    const { digest, anywhere } = job.action!, { store } = this.#with;
    for (const fit of job.names === undefined ? ["same"] as const : ["same", "other"] as const) {
      const here = () => this.#among(job, store.candidates(digest), environment, fit, (unit) => unit);
      const everywhere = () =>
        anywhere &&
        this.#among(
          job,
          store.candidates(anywhere),
          environment,
          fit,
          (unit) => this.#inFolder.unit(unit, job.slot),
        );
      const hit = job.use?.debug ? here() ?? everywhere() : everywhere() ?? here();
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  /** The first candidate whose statements all hold, as a delivery. */
  #among(
    job: Job,
    candidates: readonly StoredUnit[],
    environment: Environment,
    fit: "same" | "other",
    inFolder: (unit: Unit) => Unit,
  ): Message<"hit"> | undefined {
    const { ask } = job, terminal = terminalOf(ask, environment);
    const isProgram = (path: string) => this.#with.inputs.isProgram(path);
    const asker: Asker = {
      environment,
      cwd: ask.cwd,
      called: ask.argv[0],
      tool: ask.tool,
      umask: ask.umask,
      lacksTemporary: job.lacksTemporary,
      cpu: () => this.#with.cpu(),
      descriptors: () => inheritsReadable(ask.pid, environment),
      found: (path, names) => foundOn(path, ask.cwd, names, isProgram),
      // Where names are others, so are the folders: renamed() looks at them.
      takesFiles: (folders) => fit === "other" || folders.every((path) => takesFiles(pathHere(path, job))),
    };
    for (const candidate of candidates) {
      if (namesFit(candidate.unit.environment, job.names) !== fit) continue;
      const moved = inFolder(candidate.unit);
      const unit = fit === "same" ? moved : withObjects(moved, job.names!, ask.cwd);
      const agrees = environmentHolds(unit.environment, asker);
      if (!agrees || (unit.terminal !== "" && unit.terminal !== terminal)) {
        if (job.missed === "miss_new") job.missed = "miss_environment";
        continue;
      }
      this.#with.comments.begin();
      const failing = this.failing(unit), { spared } = this.#with.comments;
      if (failing !== undefined) {
        job.missed = "miss_input", job.what = failing;
        continue;
      }
      const served = fit === "same" ? candidate : this.#renamed(job, candidate);
      const hit = served && this.#delivery(job, served);
      if (hit !== undefined && spared !== undefined) job.outcome = "hit_comment", job.what = spared;
      // Folders of another PATH are searched each time, and descriptors looked at, since nothing else does.
      // What is not stored under its names is laid out for them each time.
      job.repeatable = agrees === true && (fit === "same" || served?.id !== candidate.id);
      job.unit = served && inFolder(served.unit);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  /** The path about which a unit's statements are no longer true. */
  failing(unit: Unit): string | undefined {
    if (this.#watched !== undefined) return this.#watched.failing(unit);
    const input = unit.inputs.find((input) => !this.#with.inputs.holds(input, unit));
    if (input !== undefined) return input.path;
    return absencesHold(unit.absences, this.#with.inputs) ? undefined : "a file that was not there";
  }

  /**
   * A candidate under the names asked for, stored as a unit of its own: the next equal request finds it. Where files are
   * named in full, names may be drawn, and nobody asks for them again.
   */
  #renamed({ ask: { cwd }, names, use }: Job, candidate: StoredUnit): StoredUnit | undefined {
    const { store, inputs, log, now } = this.#with;
    if (store.readOnly) return undefined;
    try {
      const unit = renamed(candidate.unit, {
        names: names!,
        cwd,
        inputs,
        read: (blob) => {
          const path = store.blobPath(blob);
          return path === undefined ? undefined : Deno.readFileSync(shown(path));
        },
        keep: (bytes) => store.putBlob(bytes),
        now: now(),
      });
      if (unit === undefined) return undefined;
      const { status } = unit.result;
      if (use?.full !== undefined || status !== 0 || names!.objects !== undefined) {
        return { id: candidate.id, unit, used: candidate.used };
      }
      store.put(unit);
      return store.candidates(unit.key)[0];
    } catch (cause) {
      log.warn(`Cannot store a result under another name: ${messageOf(cause)}`);
      return undefined;
    }
  }

  #delivery(job: Job, stored: StoredUnit): Message<"hit"> | undefined {
    const { id, unit } = stored, texts = textsIn(unit, job.ask.cwd);
    const files: { style: number; mode: number; path: string; source: string }[] = [];
    for (const output of unit.result.outputs) {
      const source = output.style === styles.link
        ? output.text
        : output.style === styles.folder
        ? ""
        : this.#with.store.blobPath(output.blob);
      if (source === undefined) {
        job.missed = "miss_damaged", job.what = output.path;
        this.#with.store.drop(id);
        return undefined;
      }
      if (output.style === textStyles.out || output.style === textStyles.err) {
        texts[output.style === textStyles.out ? "out" : "err"] = Deno.readFileSync(shown(source));
        continue;
      }
      const file = { mode: output.mode, path: pathHere(output.path, job) };
      const isList = output.style !== styles.link && isInWords(output);
      const list = isList ? listHere(output, source, job.slot) : undefined;
      files.push({
        ...file,
        style: output.style | (isList ? heldStyle : 0),
        source: list ?? source,
      });
    }
    this.#with.store.touch(id);
    job.outcome = "hit", job.savedUs = unit.wallUs, job.stored = stored;
    const { status, oneOutput } = unit.result;
    return { name: "hit", status, flags: oneOutput ? hitFlags.one_output : 0, ...texts, files };
  }
}
