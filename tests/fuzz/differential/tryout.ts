/**
 * A place to try lines in while a sequence is drawn: the project as it begins, and no cache.
 *
 * @module
 */
import { readLine, runLine, writeFiles } from "../../script/engine.ts";
import { parseLine } from "../../script/words.ts";
import { World } from "../../script/world.ts";
import { files, prelude } from "./project.ts";
import { linesOf, type ToolStep } from "./sequence.ts";

export class Tryout {
  readonly #world = new World("plain", undefined);

  constructor() {
    writeFiles(this.#world, files);
    for (const text of prelude.flatMap(linesOf)) runLine(this.#world, parseLine(text, 0));
  }

  /** Runs a line; whether it ended well. What it wrote stays, for the lines that follow. */
  works(step: ToolStep): boolean {
    return linesOf(step).every((text) => {
      const line = readLine(this.#world, parseLine(text, 0));
      if (line.argv[0] === "run") line.argv.shift();
      return this.#world.exec(line).code === 0;
    });
  }

  [Symbol.dispose](): void {
    this.#world.close();
  }
}
