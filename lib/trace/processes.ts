/**
 * Who took part in a run: each process from its hello to its goodbye, and which program it was.
 *
 * A program that was started and never said hello was not watched; one that said no goodbye may have left its last
 * questions unsaid. Either way the record does not tell everything, and the run cannot be kept.
 *
 * @module
 */
import { classOf, type ProgramClass, programName, type Refusal } from "./rules.ts";

export class Processes {
  /** Image -> class and name of its program. */
  readonly #programs = new Map<number, { class: ProgramClass; name: string }>();
  /** Pids that owe a hello: after an exec, or as spawned. */
  readonly #owed = new Map<number, string>();
  readonly #greeted = new Set<number>();
  /** Images that have not said goodbye and have not become another program, by pid. */
  readonly #open = new Map<number, number>();

  /** A program says that it is watched; its class. */
  hello(pid: number, image: number, path: string): ProgramClass {
    const program = { class: classOf(path), name: programName(path) };
    this.#programs.set(image, program);
    this.#owed.delete(pid);
    this.#greeted.add(pid);
    this.#open.set(pid, image);
    return program.class;
  }

  /** A process is about to become the program at `path`. */
  becomes(pid: number, path: string): void {
    this.#owed.set(pid, path);
    this.#open.delete(pid);
  }

  /** It could not, and goes on as it was. */
  stays(pid: number, image: number): void {
    this.#owed.delete(pid);
    if (this.#greeted.has(pid)) this.#open.set(pid, image);
  }

  /** A child came to be that may have said hello before its parent knew. */
  spawned(pid: number): void {
    if (!this.#greeted.has(pid)) this.#owed.set(pid, "spawned");
  }

  goodbye(pid: number): void {
    this.#open.delete(pid);
  }

  classOf(image: number): ProgramClass {
    return this.#programs.get(image)?.class ?? "unknown";
  }

  /** The program's name for people. */
  nameOf(image: number): string {
    return this.#programs.get(image)?.name ?? "?";
  }

  /** Why the record does not tell everything; undefined where all who took part came and went in order. */
  missing(): { refusal: Refusal; what: string } | undefined {
    if (this.#greeted.size === 0) return { refusal: "pass_incomplete_trace", what: "the tool said no hello" };
    for (const program of this.#owed.values()) return { refusal: "pass_untraced_program", what: program };
    for (const image of this.#open.values()) {
      return { refusal: "pass_incomplete_trace", what: `${this.nameOf(image)} ended early` };
    }
    return undefined;
  }
}
