/**
 * What runs are seen to ask, whichever way: by their records, also of one run the shares of several sources, or by what is
 * declared where there is no record.
 *
 * Always true: the tool itself is among what was read, though no process of its own opens it.
 *
 * @module
 */
import { Bytes } from "../base/growing.ts";
import { absolute } from "../base/paths.ts";
import type { Inputs } from "../inputs/mod.ts";
import {
  eventsOfSources,
  type Observation,
  observe,
  readRecord,
  type Refused,
  Spellings,
} from "../trace/mod.ts";
import { declaredObservation } from "./declared.ts";
import { Following } from "./following.ts";
import type { Job } from "./job.ts";
import { Toolchains } from "./toolchain.ts";

/** Copies of records that are kept for the next runs: of usual length, and as many as may run at once. */
const longestKept = 1 << 20, mostKept = 8;

export class Observing {
  readonly #inputs: Inputs;
  readonly #toolchains = new Toolchains();
  #spellings = new Spellings();
  /** Memory for copies of records: some 100 KB for each run, made anew, would make the collector run all the while. */
  readonly #copies: Bytes[] = [];

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** What a run asked and left behind, once it is over, or why that cannot be kept. */
  observation(job: Job): Observation | Refused {
    if (job.running !== undefined) {
      const { ask, realTool, running } = job, { cwd, environment, declared: { machine } } = running;
      const driver = { tool: absolute(ask.tool, cwd), realTool, machine, cwd, environment };
      return declaredObservation(running, this.#toolchains.of(driver));
    }
    const following = this.following(job), found = following.finish();
    if (following.copy.length < longestKept && this.#copies.length < mostKept) {
      following.copy.clear();
      this.#copies.push(following.copy);
    }
    if ("refusal" in found) return found;
    const { parts, report } = job;
    const isPlain = report!.status === 0 && report!.out.length + report!.err.length === 0;
    if (parts !== undefined && isPlain && !found.wholeEnvironment) job.partsFound = this.#share(job);
    for (const each of [found, ...job.partsFound ?? []]) this.#addTool(job, each);
    return found;
  }

  /** What each of several sources saw of the run, where that can be told. */
  #share({ ask: { cwd }, record, parts }: Job): Observation[] | undefined {
    const read = readRecord(record!.read(), cwd, this.#spellings);
    if ("problem" in read) return undefined;
    const sources = parts!.map(({ source }) => absolute(source, cwd));
    const shares = eventsOfSources(read.events, sources)?.map((events) =>
      observe(events, read.doubts, cwd, read.full)
    );
    return shares?.every((share): share is Observation => !("refusal" in share)) ? shares : undefined;
  }

  #addTool(job: Job, found: Observation): void {
    // No traced process opens the tool itself: a script's interpreter does, a program's loader does not.
    const deployers = job.deployer === undefined ? [] : [job.deployer];
    for (const path of [absolute(job.ask.tool, job.ask.cwd), job.realTool, ...deployers]) {
      const seen = found.files.get(path);
      if (seen?.question !== "content") {
        found.files.set(path, { question: "content", signature: seen?.signature });
      }
    }
  }

  /** The record of a job's run, as far as it was read. */
  following(job: Job): Following {
    if (job.following !== undefined) return job.following;
    if (this.#spellings.areMany) this.#spellings = new Spellings();
    const { ask: { cwd }, record, startedAt } = job, inputs = this.#inputs;
    const spellings = this.#spellings, copy = this.#copies.pop() ?? new Bytes();
    return job.following = new Following({ record: record!, cwd, startedAt, spellings, inputs, copy });
  }
}
