/**
 * What a compiler driver is made of, asked of itself: the programs that it starts and the libraries that they load, the
 * places at which others would be taken first, the folders in which it looks for headers.
 *
 * Only for the declared way, where no trace names them. Asked on a miss, once for each driver and what may lead it
 * elsewhere; an answer is used again only while all that it rests on is as it was.
 *
 * @module
 */
import { byteString, fromText, sameBytes, shown } from "../base/bytes.ts";
import { absolute, tidy } from "../base/paths.ts";
import { knownTool } from "../compilers/mod.ts";
import { c, readHead, readSmall, signatureOf, statx } from "../os/mod.ts";
import type { Environment } from "./circumstances.ts";
import { unsetPath } from "./search_path.ts";

/** Byte strings. */
export interface Toolchain {
  /** Files whose content decides. */
  files: Set<string>;
  /** Paths that must stay absent because they would be taken first. */
  absent: Set<string>;
  /** Folders whose entries decide: installations among which the newest is taken. */
  listings: Set<string>;
  /** Folders in which every compile looks for headers, those among them that are not there. */
  searched: Set<string>;
}

/** Who is asked, and what may change the answer. */
export interface Driver {
  /** As found, and where its links lead. */
  tool: string;
  realTool: string;
  /** Words for the machine. */
  machine: readonly string[];
  cwd: string;
  environment: Environment;
}

/** Programs that a driver may start to compile C or C++; one that it does not know is left out. */
const parts = ["cc1", "cc1plus", "as"];
const languages = ["c", "c++"];
/** Beside each of these folders clang looks for installations of gcc. */
const installations = /^(.*)\/lib(?:32|64|x32)?\/(?:gcc|gcc-cross)$/;
const installationFolders = ["lib", "lib32", "lib64", "libx32"].flatMap((lib) => [
  `${lib}/gcc`,
  `${lib}/gcc-cross`,
]);

/** gcc's driver has a megabyte or two. */
const largestDriver = 64 << 20;

interface Known {
  /** Undefined where the driver does not tell. */
  toolchain: Toolchain | undefined;
  /** State of each file and folder it rests on, by path, when it was asked. */
  signatures: [string, Uint8Array | undefined][];
}

export class Toolchains {
  readonly #known = new Map<string, Known>();
  readonly #ask: (driver: Driver) => { found: Toolchain; tells: boolean };

  constructor(ask = askDriver) {
    this.#ask = ask;
  }

  /** Of a driver, or undefined where it does not tell. */
  of(driver: Driver): Toolchain | undefined {
    const { tool, realTool, machine, cwd, environment } = driver;
    const path = environment.get("PATH") ?? unsetPath, libraries = environment.get("LD_LIBRARY_PATH") ?? "";
    const folders = libraries === "" ? path.split(":") : [...path.split(":"), ...libraries.split(":")];
    const relative = folders.some((folder) => !folder.startsWith("/"));
    const key = [tool, realTool, path, libraries, relative ? cwd : "", ...machine].join("\0");
    const before = this.#known.get(key);
    if (before?.signatures.every(([path, signature]) => isAs(path, signature))) return before.toolchain;
    const { found, tells } = this.#ask(driver);
    const restsOn = [tool, realTool, ...found.files, ...found.absent, ...found.listings, ...found.searched];
    this.#known.set(key, {
      toolchain: tells ? found : undefined,
      signatures: [...new Set(restsOn)].map((path) => [path, signatureAt(path, found)]),
    });
    return tells ? found : undefined;
  }
}

/** A folder that is searched may gain and lose headers; it rests on its being there. */
function signatureAt(path: string, { searched }: Toolchain): Uint8Array | undefined {
  const state = statx(path);
  if (typeof state === "number") return undefined;
  return searched.has(path) ? signatureOf(state).subarray(0, identityBytes) : signatureOf(state);
}

/** Device and inode stand first in a signature. */
const identityBytes = 16;

function isAs(path: string, signature: Uint8Array | undefined): boolean {
  const state = statx(path);
  if (typeof state === "number" || signature === undefined) {
    return typeof state === "number" && signature === undefined;
  }
  return sameBytes(signatureOf(state).subarray(0, signature.length), signature);
}

function askDriver(driver: Driver): { found: Toolchain; tells: boolean } {
  const found: Toolchain = {
    files: new Set([driver.tool, driver.realTool]),
    absent: new Set(),
    listings: new Set(),
    searched: new Set(),
  };
  // A script, or another program under a compiler's name, asks things of which its compiler knows nothing.
  const tells = knownTool(driver.realTool) === "driver" && isProgram(driver.realTool) &&
    new Asking(driver, found).ask();
  return { found, tells };
}

class Asking {
  readonly #driver: Driver;
  readonly #found: Toolchain;
  readonly #folders: string[];

  constructor(driver: Driver, found: Toolchain) {
    this.#driver = driver;
    this.#found = found;
    this.#folders = (driver.environment.get("PATH") ?? unsetPath).split(":").map((folder) =>
      absolute(folder, driver.cwd)
    );
  }

  ask(): boolean {
    const { tool } = this.#driver;
    const dirs = this.#run([tool, "-print-search-dirs"])?.out,
      machine = this.#run([tool, "-dumpmachine"])?.out;
    if (dirs === undefined || machine === undefined) return false;
    const list = (name: string) => {
      const [, text = ""] = new RegExp(`^${name}: =?(/[^\\n]*)`, "m").exec(dirs) ?? [];
      return text.split(":").filter((folder) => folder.startsWith("/")).map(tidy);
    };
    const programs = list("programs"), libraries = list("libraries");
    if (programs.length === 0 || libraries.length === 0) return false;
    const specs = [...list("install"), ...programs, ...libraries].map((folder) => `${folder}/specs`);
    // What they hold may name other files, and be anything.
    const told = [...specs, ...this.#optionFiles(machine.trimEnd())].filter((path) => this.#either(path));
    return told.length === 0 && this.#programs(programs, machine.trimEnd()) &&
      languages.filter((language) => this.#search(language)).length > 0 &&
      this.#libraries([...this.#found.files]);
  }

  /** A file that counts whether it is there or not. */
  #either(path: string): boolean {
    const state = statx(path), isFile = typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFREG;
    if (isFile) this.#found.files.add(path);
    else if (typeof state === "number") this.#found.absent.add(path);
    return isFile;
  }

  /** Files of options that clang reads where they are: named by the driver, the target, or both. */
  #optionFiles(machine: string): string[] {
    return [this.#driver.tool, this.#driver.realTool].flatMap((path) => {
      const folder = path.replace(/\/[^/]*$/, ""),
        modes = [path.slice(folder.length + 1), "clang", "clang++"];
      const names = modes.flatMap((mode) => [mode, `${machine}-${mode}`]);
      return [...names, machine].map((name) => `${folder}/${name}.cfg`);
    });
  }

  /** Each program that may be started: what the driver names, and the first of that name where it and execvp look. */
  #programs(programs: readonly string[], machine: string): boolean {
    for (const part of parts) {
      const named = this.#run([this.#driver.tool, `-print-prog-name=${part}`])?.out.trimEnd();
      if (!named) return false;
      if (named.startsWith("/") && !this.#either(tidy(named))) return false;
      for (const name of [part, `${machine}-${part}`]) {
        for (const folder of [...programs, ...this.#folders]) if (this.#either(`${folder}/${name}`)) break;
      }
    }
    return [...this.#found.files].every(isProgram);
  }

  /** The folders of headers, as the driver lists them when it searches; false where it does not know the language. */
  #search(language: string): boolean {
    const words = ["-E", "-v", "-x", language, "/dev/null"];
    const said = this.#run([this.#driver.tool, ...this.#driver.machine, ...words])?.err;
    if (said === undefined || !/^End of search list/m.test(said) || !this.#isItself(said)) return false;
    const searched = said.slice(said.indexOf("search starts here:"), said.search(/^End of search list/m));
    for (const [, folder] of searched.matchAll(/^ (\/.*)$/gm)) this.#found.searched.add(tidy(folder));
    for (const [, folder] of said.matchAll(/^ignoring nonexistent directory "(\/.*)"$/gm)) {
      this.#found.searched.add(tidy(folder));
    }
    if (/^Configuration file: /m.test(said)) return false;
    for (const [, folder] of said.matchAll(/^Found candidate GCC installation: (\/.*)\/[^/]+$/gm)) {
      this.#installations(tidy(folder));
    }
    return true;
  }

  /** Whether the tool is the driver that speaks here, and none that starts another one. */
  #isItself(said: string): boolean {
    const { tool, realTool } = this.#driver, clang = /^ "(\/[^"]+)" -cc1 /m.exec(said)?.[1];
    if (clang !== undefined) return isSame(clang, realTool);
    const bytes = said.includes(`\nCOLLECT_GCC=${tool}\n`) ? readSmall(realTool, largestDriver) : undefined;
    return bytes !== undefined && byteString(bytes).includes("COLLECT_GCC");
  }

  /** Installations of gcc stand by version in a folder for their target, that one beside others. */
  #installations(folder: string): void {
    const targets = folder.replace(/\/[^/]*$/, ""), prefix = installations.exec(targets)?.[1];
    this.#found.listings.add(folder).add(targets);
    if (prefix === undefined) return;
    for (const name of installationFolders) {
      const path = `${prefix}/${name}`;
      if (typeof statx(path) === "number") this.#found.absent.add(path);
      else this.#found.listings.add(path);
    }
  }

  #libraries(programs: readonly string[]): boolean {
    const text = this.#run(["/usr/bin/ldd", ...programs])?.out;
    if (text === undefined) return false;
    for (const [, library] of text.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) this.#found.files.add(tidy(library));
    return true;
  }

  /** What a command prints (byte strings); undefined where it fails. It sees nothing of the asker but the search paths. */
  #run(command: string[]): { out: string; err: string } | undefined {
    const { cwd, environment } = this.#driver, env: Record<string, string> = { LC_ALL: "C" };
    for (const name of ["PATH", "LD_LIBRARY_PATH"]) {
      if (environment.has(name)) env[name] = shown(environment.get(name)!);
    }
    const [program, ...args] = command.map(shown);
    try {
      const { success, stdout, stderr } = new Deno.Command(program, {
        args,
        env,
        clearEnv: true,
        cwd: shown(cwd),
        stdin: "null",
      }).outputSync();
      // ldd fails where one of them is static, and goes on: that one loads nothing.
      if (!success && program !== "/usr/bin/ldd") return undefined;
      const text = (bytes: Uint8Array) => fromText(new TextDecoder().decode(bytes));
      return { out: text(stdout), err: text(stderr) };
    } catch {
      return undefined; // it cannot be started: it does not tell
    }
  }
}

function isSame(a: string, b: string): boolean {
  const one = statx(a), other = statx(b);
  return typeof one === "object" && typeof other === "object" && one.dev === other.dev &&
    one.ino === other.ino;
}

/** Whether a file begins as an ELF program does. */
function isProgram(path: string): boolean {
  const head = readHead(path, 4);
  return head !== undefined && byteString(head) === "\x7fELF";
}
