/**
 * Why what a run gave holds in its folder, or its tree, alone: which question is asked of which kind of line.
 *
 *     lines whose tree is mapped away          tree.ts
 *     that name files in full                  in_full.ts
 *     that name them from the folder           anywhere.ts
 *     links, besides                           links.ts
 *
 * Always true: an option that no word shows binds, whatever the words say.
 *
 * @module
 */
import { listRule, toolName } from "../compilers/mod.ts";
import type { Observation } from "../trace/mod.ts";
import { boundTo } from "./anywhere.ts";
import { hiddenOptions } from "./hidden_options.ts";
import { boundInFull, TextsRead } from "./in_full.ts";
import type { Statements } from "./ingest.ts";
import type { Job } from "./job.ts";
import { boundLink } from "./links.ts";
import { bind } from "./remap.ts";
import { boundToTree, TreeNames } from "./tree.ts";

export class Bounds {
  readonly #treeNames = new TreeNames();
  readonly #texts = new TextsRead();

  /** Notes in the job what binds its result, as far as its questions tell; what it made is looked at when it is kept. */
  note(job: Job, statements: Statements, found: Observation): void {
    const hidden = hiddenOptions(job.variables!, statements.inputs);
    job.listRule = listRule(toolName(job.realTool), found.programs);
    if (job.remap?.use !== undefined) {
      const why = hidden === undefined
        ? boundToTree(job, statements, found, this.#treeNames)
        : { reason: "path_sensitive_arg" as const, what: hidden };
      bind(job, why);
    } else if (job.use !== undefined) {
      const hasDebug = job.use.debug && job.products.length > 0;
      job.bound = hasDebug ? "debug information" : hidden ?? this.#toFolder(job, statements, found);
    }
  }

  /** Whether files are read for that. */
  readsFiles({ kind, remap, use }: Job): boolean {
    return remap !== undefined || use?.full !== undefined || kind !== "compile";
  }

  #toFolder(job: Job, statements: Statements, found: Observation): string | undefined {
    if (job.use!.full !== undefined) return boundInFull(job, statements, found, this.#texts);
    const { out, err } = job.report!, result = { status: 0, out, err, oneOutput: false, outputs: [] };
    const run = { environment: job.variables!, inputs: statements.inputs, result };
    return boundTo(job.ask.cwd, run, found) ??
      (job.kind === "link" ? boundLink(job, statements, found, this.#texts) : undefined);
  }
}
