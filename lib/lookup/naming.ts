/**
 * What a request is called: the key under which its candidates lie, and the keys of the parts that it may fall into.
 *
 * Options decide here only what is no part of a key because it reaches no byte: names of outputs, where the compiler's
 * habits with them are known, the folder, the way to the tool. Where the asker's tree is mapped away, a second name holds
 * in every tree; outputs then have the names of their line, and sources are not taken apart.
 *
 * @module
 */
import { absolute } from "../base/paths.ts";
import type { Digest } from "../base/digest.ts";
import {
  folderUse,
  linkNamesOf,
  type Names,
  namesOf,
  partsOf,
  toolName,
  withoutLinkWords,
} from "../compilers/mod.ts";
import type { Inputs } from "../inputs/mod.ts";
import type { Message } from "../protocol/mod.ts";
import { actionOf, anywhere, inAnyTree, lineOf, linkAnywhere } from "./action.ts";
import { toSlot } from "./anywhere.ts";
import type { Comments } from "./comments.ts";
import { addsOptions } from "./hidden_options.ts";
import { type Job, newJob } from "./job.ts";
import type { Remap } from "./remap.ts";
import { deployCommand } from "./wishes.ts";

/** Drivers whose habits with names, lists and several sources are known, by what a link leads to. */
const knownDrivers = new Set(["gcc", "g++", "clang", "clang++"]);

function isKnownDriver({ realTool }: Job): boolean {
  return knownDrivers.has(toolName(realTool));
}

export interface NamingOptions {
  inputs: Inputs;
  comments: Pick<Comments, "use" | "named">;
  /** What distinguishes this machine's processor. */
  cpu(): string;
}

export class Naming {
  readonly #with: NamingOptions;
  /** What the last job's line names: one that does not start early is asked for it twice. */
  #last: { job: Job; names: Names | undefined } | undefined;

  constructor(options: NamingOptions) {
    this.#with = options;
  }

  /** The compiles of each source, where a line names several that are there. */
  parts(job: Job): Job["parts"] {
    if (job.kind !== "compile" || job.remap !== undefined || addsOptions(job.environment!.keys())) {
      return undefined;
    }
    if (!isKnownDriver(job)) return undefined;
    const { ask } = job, parts = partsOf(ask.argv.slice(1));
    const isThere = (source: string) =>
      typeof this.#with.inputs.content(absolute(source, ask.cwd)) === "object";
    if (!parts?.every(({ source }) => isThere(source))) return undefined;
    const { kind, native, environment, lacksTemporary, realTool } = job;
    return parts.map(({ source, words }) => {
      const part = newJob(job.id, { ...ask, argv: [ask.argv[0], ...words] });
      Object.assign(part, { kind, native, environment, lacksTemporary, realTool });
      this.name(part);
      return { source, job: part };
    });
  }

  /** Whether the words of a request's driver are all that it is told, and are known. */
  #isPlain(job: Job): boolean {
    // A variable may ask for a list, too, which a run that had one by its words did not look at.
    return job.remap === undefined && !addsOptions(job.environment!.keys()) && isKnownDriver(job);
  }

  /** Says in the job what a compile's line names, where that is known. No file is looked at. */
  nameOutputs(job: Job): void {
    const isKnown = job.kind === "compile" && this.#isPlain(job);
    job.names = isKnown ? this.#namesOf(job) : undefined;
  }

  #namesOf(job: Job): Names | undefined {
    if (this.#last?.job !== job) this.#last = { job, names: namesOf(job.ask.argv.slice(1)) };
    return this.#last.names;
  }

  /** Names the action of a request. */
  name(job: Job): void {
    const cpu = job.native ? this.#with.cpu() : undefined;
    job.deploy = deployCommand(job.environment!, job.kind);
    const words = job.ask.argv.slice(1), added = job.remap?.added;
    this.nameOutputs(job);
    const tool = (job.names && this.#toolsPlace(job.ask)) ?? job.ask.tool;
    job.action = actionOf(job.ask, {
      cpu,
      input: job.input,
      names: job.names,
      line: job.kind === "compile" ? lineOf(job.names?.others ?? words) : undefined,
      deploy: job.deploy,
      added,
      tool,
    });
    if (job.kind === "link" && job.deploy === undefined && this.#isPlain(job)) this.#nameLink(job);
    if (job.kind !== "compile") return;
    job.comments = this.#with.comments.use(words);
    if (job.remap === undefined) this.#nameAnywhere(job, tool);
    else this.#nameInTrees(job, job.remap);
  }

  /** Where the tool lies, if it was named by a way there. */
  #toolsPlace({ tool, cwd }: Message<"ask">): string | undefined {
    if (tool.startsWith("/") && !tool.includes("/../")) return undefined;
    const path = absolute(tool, cwd), cut = path.lastIndexOf("/");
    const folder = this.#with.inputs.physical(path.slice(0, cut) || "/");
    return typeof folder === "string" ? `${folder === "/" ? "" : folder}${path.slice(cut)}` : undefined;
  }

  /** Names the action by what its sources hold, where its folder may not matter. */
  #nameAnywhere(job: Job, tool: string): void {
    const { argv, cwd } = job.ask, use = folderUse(argv.slice(1), cwd);
    if (use === undefined || !tool.startsWith("/") || tool.startsWith(cwd + "/")) return;
    const digests = this.#digestsOf(job, use.sources);
    if (digests === undefined) return;
    job.use = use;
    job.action!.anywhere = anywhere(job.action!, digests, use.full && cwd);
  }

  /** Names a link by what its objects hold. Under its own name, too, it has a row for the names. */
  #nameLink(job: Job): void {
    const { argv, tool, cwd } = job.ask, names = linkNamesOf(argv.slice(1));
    if (!tool.startsWith("/") || tool.startsWith(cwd + "/")) return;
    if (argv.slice(1).some((word) => word.includes(cwd))) return;
    if (names === undefined) return this.#nameSourcesLinked(job);
    const objects = names.objects!, digests = this.#digestsOf(job, objects);
    if (digests === undefined) return;
    job.names = names, job.use = { debug: false, sources: objects };
    job.action!.anywhere = linkAnywhere(job.action!, names, digests);
  }

  /** Names a compile and link in one by what its sources hold: so configure scripts ask. */
  #nameSourcesLinked(job: Job): void {
    const { argv, cwd } = job.ask, use = folderUse(withoutLinkWords(argv.slice(1)), cwd);
    const digests = use && this.#digestsOf(job, use.sources);
    if (use === undefined || digests === undefined) return;
    job.use = use;
    job.action!.anywhere = anywhere(job.action!, digests);
  }

  /** The same for every tree, where the words say how they name theirs. */
  #nameInTrees(job: Job, { use, added }: Remap): void {
    const { slot, ask: { cwd } } = job, digests = use && this.#digestsOf(job, use.sources);
    if (use === undefined || digests === undefined) return;
    const maps = added.map((word) => word.replace(slot.folder, () => slot.name));
    const moved = { cwd: toSlot(cwd, slot), words: use.words, added: maps };
    job.action!.anywhere = inAnyTree(job.action!, moved, digests);
  }

  /** What names the sources; undefined where one cannot be read. */
  #digestsOf(job: Job, sources: readonly string[]): Digest[] | undefined {
    const { comments, inputs } = this.#with, digests: Digest[] = [];
    for (const source of sources) {
      const path = absolute(source, job.ask.cwd),
        content = source === "-" ? undefined : inputs.content(path);
      if (typeof content === "object") {
        digests.push(comments.named(path, content, job.comments, inputs.justRead(content)));
      } else if (source === "-" && job.input !== undefined) digests.push(job.input);
      else return undefined;
    }
    return digests;
  }
}
