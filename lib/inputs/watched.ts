/**
 * Whether a unit's statements still hold, without looking at what has not changed since they held last.
 *
 * A check remembers the tick up to which everything was true. Later only what an event has touched is looked at, by
 * `Inputs`; and what cannot be watched, each time. So a hit costs the same for one header and for two thousand.
 *
 * @module
 */
import { type Absences, type Input, inputKinds, type Unit } from "../store/unit.ts";
import { absencesHold, namesAreAbsent, namesIn } from "./absences.ts";
import { type Inputs, join } from "./mod.ts";
import type { Node, Tick, Tree } from "./tree.ts";

interface Check {
  epoch: number;
  /** Everything held at this tick; -1: nothing was looked at yet. */
  tick: Tick;
  /** One for each input, and for each folder of the absences. */
  nodes: Node[];
  folders: Node[];
}

/** After so many answers from the watch all statements are looked at, whatever the watch says. */
const sampleEvery = 1000;

export class Watched {
  readonly #tree: Tree;
  readonly #inputs: Inputs;
  readonly #checks = new WeakMap<Unit, Check>();
  #answers = 0;
  /** What the watch did not see, if it ever failed: then it is believed no more. */
  #disagreement: string | undefined;

  constructor(tree: Tree, inputs: Inputs) {
    this.#tree = tree;
    this.#inputs = inputs;
  }

  /** Takes in what happened since the last decision. */
  begin(): void {
    this.#tree.drain();
  }

  get disagreement(): string | undefined {
    return this.#disagreement;
  }

  /** The path about which a statement of `unit` is no longer true; undefined where all hold. */
  failing(unit: Unit): string | undefined {
    const tree = this.#tree;
    let check = this.#checks.get(unit);
    if (check === undefined || check.epoch !== tree.epoch) {
      this.#checks.set(unit, check = this.#register(unit));
    }
    const from = check.tick;
    if (from >= 0 && ++this.#answers % sampleEvery === 0) this.#sample(unit, check);
    const now = tree.now;
    const failing = this.#failingInput(unit, check, from) ?? this.#failingAbsence(unit, check, from);
    // What happens from here on comes with a later tick.
    if (failing === undefined) check.tick = now;
    return failing;
  }

  #register({ inputs, absences }: Unit): Check {
    const tree = this.#tree;
    const nodes = inputs.map(({ kind, path }) =>
      kind === inputKinds.listing ? tree.folder(path) : tree.node(path)
    );
    const folders = absences.folders.map(({ path }) => tree.folder(path));
    return { epoch: tree.epoch, tick: -1, nodes, folders };
  }

  #failingInput(unit: Unit, { nodes }: Check, from: Tick): string | undefined {
    const { inputs } = unit;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (
        node.tick <= from && node.watched &&
        !(inputs[i].kind === inputKinds.listing && node.membersTick > from)
      ) {
        continue;
      }
      if (node.stale) this.#again(node, inputs[i].kind === inputKinds.listing);
      if (!this.#inputs.holds(inputs[i], unit)) return inputs[i].path;
    }
    return undefined;
  }

  #again(node: Node, isFolder: boolean): void {
    if (isFolder) this.#tree.folder(node.path);
    else this.#tree.node(node.path);
  }

  #failingAbsence({ absences }: Unit, check: Check, from: Tick): string | undefined {
    if (from < 0) return absencesHold(absences, this.#inputs) ? undefined : "a file that was not there";
    for (let i = 0; i < check.folders.length; i++) {
      const folder = check.folders[i];
      if (folder.stale) this.#again(folder, true);
      if (folder.watched && folder.tick <= from) {
        if (folder.membersTick <= from) continue;
        const came = this.#tree.cameSince(folder, from);
        const failing = came?.find((name) => this.#appeared(absences, i, name));
        if (failing !== undefined) return join(folder.path, failing);
        if (came !== undefined) continue;
      }
      if (!this.#inputs.absent(folder.path) && !namesAreAbsent(absences, i, this.#inputs)) return folder.path;
    }
    return undefined;
  }

  /** Whether `name` is one that was absent in the folder with this index, and is there now. */
  #appeared(absences: Absences, folder: number, name: string): boolean {
    if (!namesIn(absences, folder).has(name)) return false;
    return !this.#inputs.absent(join(absences.folders[folder].path, name));
  }

  /** Looks at everything: should a statement fail that the watch takes for true, the watch is not to be trusted. */
  #sample(unit: Unit, check: Check): void {
    const { inputs, absences } = unit;
    const [wrong, wrongAbsence] = this.#inputs.afresh(() => {
      const wrong = inputs.find((input: Input) => !this.#inputs.holds(input, unit));
      return [wrong, wrong === undefined && !absencesHold(absences, this.#inputs)];
    });
    if (wrong === undefined && !wrongAbsence) return;
    this.#tree.drain(); // it may have changed just now
    const unseen = check.epoch === this.#tree.epoch &&
      this.#failingInput(unit, check, check.tick) === undefined &&
      this.#failingAbsence(unit, check, check.tick) === undefined;
    if (unseen) this.#disagreement = wrong?.path ?? "a file that was not there";
  }
}
