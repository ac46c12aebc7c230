/**
 * The names of a job's action: one for its folder; where its folder may not matter, or its tree is mapped away, a second
 * one under which it is found from elsewhere.
 *
 * @module
 */
import type { Digest } from "../base/digest.ts";
import { absolute } from "../base/paths.ts";
import { folderUse } from "../compilers/mod.ts";
import type { Inputs } from "../inputs/mod.ts";
import { actionOf, anywhere, inAnyTree } from "./action.ts";
import { toSlot } from "./anywhere.ts";
import type { Job } from "./job.ts";

/** Names the action. `cpu`: identity of the processor, where the line may ask for it. */
export function nameAction(job: Job, inputs: Inputs, cpu: string | undefined): void {
  const { ask, input, deploy, remap } = job;
  job.action = actionOf(ask, { cpu, input, deploy, added: remap?.added });
  if (remap === undefined) return nameAnywhere(job, inputs);
  const { use, added } = remap, { slot } = job;
  const digests = use && digestsOf(job, use.sources, inputs);
  if (use === undefined || digests === undefined) return;
  const maps = added.map((word) => word.replace(slot.folder, () => slot.name));
  const moved = { cwd: toSlot(ask.cwd, slot), words: use.words, added: maps };
  job.action.anywhere = inAnyTree(job.action, moved, digests);
}

/** Names the action by what its sources hold, where its folder may not matter. */
function nameAnywhere(job: Job, inputs: Inputs): void {
  const { argv, tool, cwd } = job.ask,
    use = job.kind === "compile" ? folderUse(argv.slice(1), cwd) : undefined;
  if (use === undefined || !tool.startsWith("/") || tool.startsWith(cwd + "/")) return;
  const digests = digestsOf(job, use.sources, inputs);
  if (digests === undefined) return;
  job.use = use;
  job.action!.anywhere = anywhere(job.action!, digests);
}

/** What the sources hold; undefined where one cannot be read. */
function digestsOf(job: Job, sources: readonly string[], inputs: Inputs): Digest[] | undefined {
  const digests: Digest[] = [];
  for (const source of sources) {
    const content = source === "-" ? undefined : inputs.content(absolute(source, job.ask.cwd));
    const digest = typeof content === "object" ? content.digest : source === "-" ? job.input : undefined;
    if (digest === undefined) return undefined;
    digests.push(digest);
  }
  return digests;
}
