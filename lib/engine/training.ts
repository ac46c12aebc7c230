/**
 * The engine as scripts/build runs it, to get V8's code of what ran: the first word says where that lies and goes. It is
 * an executable like the engine, for V8 takes code only under the flags and in the version that made it.
 *
 * @module
 */
import { loadProgram } from "./program.ts";

const [path, ...args] = Deno.args;
Object.defineProperty(Deno, "args", { value: args });
const program = loadProgram(import.meta.dirname!, path), exit = Deno.exit;
if (program.tookCode === false) {
  console.error(`V8 does not take the code that it made: ${path}`);
  exit(1);
}
Deno.exit = (status): never => {
  Deno.writeFileSync(path, program.code());
  return exit(status);
};
await program.run();
