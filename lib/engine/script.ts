/**
 * The bundle of the program as a classic script, which is what V8 can be handed code for (lib/engine/program.ts).
 *
 * A script has no `import` and no `import.meta`: what those give is handed to the function that it is. So are the
 * timers, because a script's own are those of Node.
 *
 * @module
 */

/** The modules that the program may import: lib/engine/program.ts has them ready. */
export const programModules = ["node:buffer", "node:crypto", "node:timers", "node:zlib"] as const;

/** What the script's function is given, in this order. */
export const programParameters = [
  "modules",
  "meta",
  "setTimeout",
  "setInterval",
  "clearTimeout",
  "clearInterval",
] as const;

const importLine = /^import \{([^}]*)\} from "([^"]+)";$/gm;

/**
 * The script that does what the ES module `bundle` does, as a function of `programParameters` that gives a promise.
 *
 * @throws {Error} where the bundle imports or exports what a script cannot.
 */
export function asScript(bundle: string): string {
  const body = bundle.replace(importLine, (_line, names: string, module: string) => {
    if (!programModules.some((known) => known === module)) {
      throw new Error(`The program imports ${module}: add it to programModules in lib/engine`);
    }
    return `const {${names.replaceAll(" as ", ": ")}} = modules[${JSON.stringify(module)}];`;
  }).replaceAll("import.meta.", "meta.");
  const left = /^(?:import|export)\b.*|\bimport\.meta\b.*/m.exec(body);
  if (left) throw new Error(`A script cannot hold this line of the program: ${left[0]}`);
  return `(async function (${programParameters.join(", ")}) {\n${body}\n})`;
}
