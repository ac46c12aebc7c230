/**
 * Which compiles may start before they are named.
 *
 * A name holds what the source holds: to read and digest that takes as long as all else that a launcher waits for. But
 * most compiles of a first build have lines of which nothing is stored, and keys begin with their line (action.ts).
 *
 * Always true: whoever starts early would have run the tool anyway, at once. What it is called is found out right after
 * the answer, before anybody else is answered.
 *
 * @module
 */
import type { Store } from "../store/mod.ts";
import { lineOf } from "./action.ts";
import type { Job } from "./job.ts";
import type { Naming } from "./naming.ts";
import type { Twins } from "./twins.ts";
import { mostAtOnce } from "./wishes.ts";

export interface EarlyOptions {
  store: Pick<Store, "mayHold">;
  naming: Pick<Naming, "nameOutputs">;
  twins: Pick<Twins, "hasLine">;
}

/**
 * Whether a request surely ends in a run, by its line alone. Of files named in full the texts are read, so what is foreseen
 * of such a run depends on its name; and where the asker limits how many run, it may have to wait.
 */
export function startsEarly(job: Job, { store, naming, twins }: EarlyOptions): boolean {
  const { input, environment, ask: { argv, cwd } } = job;
  if (input !== undefined || mostAtOnce(environment!) !== Infinity) return false;
  naming.nameOutputs(job);
  if (job.names === undefined || argv.some((word) => word.includes(cwd))) return false;
  const line = lineOf(job.names.others);
  return !store.mayHold(line) && !twins.hasLine(line);
}
