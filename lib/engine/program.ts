/**
 * The program as it lies in the engine: a script, and the code that V8 made of it while zccache was built.
 *
 *     program/main.js   the bundle as a script
 *     program/code      V8's bytecode of the functions that an ordinary run needs
 *
 * V8 parses a function when it is called first. Of the 57 ms that `zccache --version` took, 18 were that; a daemon's
 * first compile took 40 ms more for it. The code lies in the executable, so whoever can change it can change the
 * program. V8 takes it only where its own version and flags are those of the build; else it parses, as ever.
 *
 * @module
 */
import * as buffer from "node:buffer";
import * as crypto from "node:crypto";
import * as timers from "node:timers";
import { Script } from "node:vm";
import * as zlib from "node:zlib";
import { type programModules, programParameters } from "./script.ts";

const modules: Record<typeof programModules[number], unknown> = {
  "node:buffer": buffer,
  "node:crypto": crypto,
  "node:timers": timers,
  "node:zlib": zlib,
};

export interface Program {
  /** Whether V8 took the code; undefined where there is none. */
  tookCode?: boolean;
  /** Code of all functions that have run until now, and of those whose code was taken. */
  code(): Uint8Array;
  /** Runs the program, which ends the process. */
  run(): Promise<void>;
}

/** The program in `folder`, with the code at `codePath`, if there is any. */
export function loadProgram(folder: string, codePath = `${folder}/program/code`): Program {
  const cachedData = readIfThere(codePath);
  const script = new Script(Deno.readTextFileSync(`${folder}/program/main.js`), {
    filename: "zccache.js",
    cachedData,
  });
  const run = script.runInThisContext() as (...given: unknown[]) => Promise<void>;
  const given: Record<typeof programParameters[number], unknown> = {
    modules,
    meta: { dirname: folder, url: `file://${folder}/main.js` },
    setTimeout,
    setInterval,
    clearTimeout,
    clearInterval,
  };
  return {
    tookCode: cachedData && !script.cachedDataRejected,
    code: () => script.createCachedData(),
    run: () => run(...programParameters.map((name) => given[name])),
  };
}

function readIfThere(path: string): buffer.Buffer | undefined {
  try {
    const bytes = Deno.readFileSync(path);
    return buffer.Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
