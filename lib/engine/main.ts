/**
 * What `deno compile` makes the engine of: runs the program that lies beside this file.
 *
 * @module
 */
import { loadProgram } from "./program.ts";

await loadProgram(import.meta.dirname!).run();
