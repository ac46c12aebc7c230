/**
 * What a compiler driver is made of, asked of itself: the programs that it starts and the libraries that they load.
 *
 * Only for the declared way, where no trace names them. Asked once for each driver and PATH, on a miss.
 *
 * @module
 */
import { fromText, shown } from "../base/bytes.ts";
import { c, statx } from "../os/mod.ts";
import type { Environment } from "./circumstances.ts";

/** Files whose content decides, and paths that must stay absent because they would be taken first. Byte strings. */
export interface Toolchain {
  files: string[];
  absent: string[];
}

/** Programs that a driver may start to compile C or C++; one that it does not know is left out. */
const parts = ["cc1", "cc1plus", "as"];

export class Toolchains {
  readonly #known = new Map<string, Toolchain | undefined>();

  /** Of the driver at `tool` (byte string), or undefined where it does not tell. */
  of(tool: string, environment: Environment): Toolchain | undefined {
    const path = environment.get("PATH") ?? "", libraries = environment.get("LD_LIBRARY_PATH") ?? "";
    const key = [tool, path, libraries].join("\0");
    if (!this.#known.has(key)) this.#known.set(key, ask(tool, path, libraries));
    return this.#known.get(key);
  }
}

function ask(tool: string, path: string, libraries: string): Toolchain | undefined {
  const run = (command: string[]) => output(command, path, libraries);
  const search = run([tool, "-print-search-dirs"]);
  const install = search && /^(?:install|libraries): =?(\/[^:\n]*)/m.exec(search)?.[1];
  if (!install) return undefined;
  const found: Toolchain = { files: [tool], absent: [`${install.replace(/\/*$/, "")}/specs`, `${tool}.cfg`] };
  for (const part of parts) {
    const name = run([tool, `-print-prog-name=${part}`])?.trimEnd();
    if (!name) return undefined;
    if (name.startsWith("/")) found.files.push(name);
    else alongPath(name, path, found);
  }
  for (const file of [...found.files]) {
    const text = run(["/usr/bin/ldd", file]);
    if (text === undefined) return undefined;
    for (const [, library] of text.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) found.files.push(library);
  }
  return found;
}

/** The program `name` as execvp finds it; the folders before it must go on to lack it. */
function alongPath(name: string, path: string, found: Toolchain): void {
  for (const folder of path.split(":")) {
    const file = `${folder || "."}/${name}`, state = statx(file);
    if (typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFREG) {
      return void found.files.push(file);
    }
    found.absent.push(file);
  }
}

/** What a command prints (byte string); undefined where it fails. It sees nothing of the asker but the search paths. */
function output(command: string[], path: string, libraries: string): string | undefined {
  const env: Record<string, string> = { PATH: shown(path), LC_ALL: "C" };
  if (libraries !== "") env.LD_LIBRARY_PATH = shown(libraries);
  const [program, ...args] = command.map(shown);
  try {
    const { success, stdout } = new Deno.Command(program, {
      args,
      env,
      clearEnv: true,
      cwd: "/",
      stdin: "null",
      stderr: "null",
    }).outputSync();
    // ldd says of a static program that it is none, and fails: it loads nothing.
    return success || program === "/usr/bin/ldd" ? fromText(new TextDecoder().decode(stdout)) : undefined;
  } catch {
    return undefined; // it cannot be started: it does not tell
  }
}
