/**
 * The words of the scenarios, as one table: behaviour, and the help from which README.md is made.
 *
 * A word returns what it found wrong, or undefined; `!` in front turns that round. Every word that is no row
 * here is a tool (by name, or because it holds a slash) and is run as a differential test.
 *
 * @module
 */
import type { CommandLine } from "./words.ts";
import type { World } from "./world.ts";
import { firstDifference } from "./tree.ts";

/** What a word found wrong, in a sentence. */
export type Verdict = string | undefined;

interface Command {
  usage: string;
  help: string;
  run(world: World, args: string[], line: CommandLine): Verdict;
}

/** Names that are run through the cache without a word in front. */
export const tools = new Set(
  ("cc c++ gcc g++ cpp clang clang++ ar ranlib ld ld.lld ld.gold as strip nm objcopy gcc-ar " +
    "gcc-12 g++-12 clang-14 clang++-14 x86_64-linux-gnu-gcc c99 true false").split(" "),
);

export const commands: Record<string, Command> = {
  run: {
    usage: "run TOOL ARGS...",
    help:
      "Run a tool plainly and, from the same state, through the cache; files, modes, times, texts and exit code " +
      "must agree. Tools known by name, and words with a slash, need no `run`.",
    run: (world, args, line) => runTool(world, { ...line, argv: args }),
  },
  exec: {
    usage: "exec PROGRAM ARGS...",
    help: "Run a program as it is, once, without the cache.",
    run(world, args, line) {
      const ran = world.exec({ ...line, argv: args });
      world.last = ran;
      return ran.code === 0 ? undefined : `exit code ${ran.code}\n${ran.stdout}${ran.stderr}`;
    },
  },
  zccache: {
    usage: "zccache ARGS...",
    help: "Run the executable under test itself (`zccache clear`). Nothing in the mode `plain`.",
    run(world, args) {
      if (!world.isOurs) return undefined;
      const ran = world.zccache(args);
      world.last = ran;
      return ran.code === 0 ? undefined : `exit code ${ran.code}\n${ran.stderr}`;
    },
  },
  outcome: {
    usage: "outcome NAME[|NAME...]...",
    help:
      "How the last tool line was counted. A name stands for itself and for all that continue it: `miss` for " +
      "`miss_input`, `pass` for `pass_time`. Several words: it was counted as so many, in whatever order. In the mode " +
      "`declared` only a hit that was not expected counts.",
    run(world, wanted) {
      if (!world.isOurs) return undefined;
      const names = world.outcomes(), left = [...names];
      if (world.mode === "declared") {
        const hits = names.filter((name) => name.startsWith("hit")).length;
        const most = wanted.filter((word) => /\bhit/.test(word)).length;
        return hits <= most ? undefined : wrongOutcome(world, names, wanted);
      }
      for (const word of wanted) {
        const fits = (found: string) => word.split("|").some((name) => `${found}_`.startsWith(`${name}_`));
        const at = left.findIndex(fits);
        if (at >= 0) left.splice(at, 1);
      }
      const agrees = left.length === 0 && names.length === wanted.length;
      return agrees ? undefined : wrongOutcome(world, names, wanted);
    },
  },
  stdout: {
    usage: "stdout TEXT",
    help: "The last program's standard output holds TEXT; `! stdout .` asks that it be empty.",
    run: (world, [text]) => holds("stdout", world.last?.stdout, text),
  },
  stderr: {
    usage: "stderr TEXT",
    help: "Likewise for standard error.",
    run: (world, [text]) => holds("stderr", world.last?.stderr, text),
  },
  code: {
    usage: "code NUMBER",
    help: "The last program's exit code; 128 and the signal's number where one ended it.",
    run(world, [wanted]) {
      return world.last?.code === Number(wanted) ? undefined : `the exit code was ${world.last?.code}`;
    },
  },
  loose: {
    usage: "loose PATTERN...",
    help:
      "Bytes of files that match (`*` stands for anything but `/`) are not compared from here on, because the " +
      "tool writes others each time; that they are there, their modes and times still are.",
    run(world, patterns) {
      for (const pattern of patterns) world.loose.push(globPattern(pattern));
      return undefined;
    },
  },
  cmp: {
    usage: "cmp A B",
    help: "Two files hold the same bytes.",
    run(world, [a, b]) {
      const at = firstDifference(Deno.readFileSync(world.path(a)), Deno.readFileSync(world.path(b)));
      return at === undefined ? undefined : `${a} and ${b} differ from byte ${at} on`;
    },
  },
  exists: {
    usage: "exists NAME...",
    help: "Something is there under each name; a link counts as itself.",
    run: (world, names) => firstOf(names, (name) => isThere(world.path(name)) ? undefined : `no ${name}`),
  },
  holds: {
    usage: "holds FILE TEXT",
    help: "A file's bytes hold TEXT.",
    run(world, [name, text]) {
      const content = new TextDecoder().decode(Deno.readFileSync(world.path(name)));
      return content.includes(text) ? undefined : `${name} does not hold ${JSON.stringify(text)}`;
    },
  },
  mode: {
    usage: "mode FILE OCTAL",
    help: "A file's permission bits.",
    run(world, [name, wanted]) {
      const mode = ((Deno.lstatSync(world.path(name)).mode ?? 0) & 0o7777).toString(8);
      return mode === wanted.replace(/^0+/, "") ? undefined : `${name} has mode ${mode}, expected ${wanted}`;
    },
  },
  edit: {
    usage: "edit FILE OLD NEW",
    help: "Replace OLD by NEW wherever it stands, writing the file in place.",
    run(world, [name, old, replacement]) {
      const text = Deno.readTextFileSync(world.path(name));
      if (!text.includes(old)) return `${name} does not hold ${JSON.stringify(old)}`;
      Deno.writeTextFileSync(world.path(name), text.replaceAll(old, replacement));
      return undefined;
    },
  },
  write: {
    usage: "write FILE LINE...",
    help: "Write a file anew, a line for each word.",
    run(world, [name, ...lines]) {
      Deno.writeTextFileSync(world.path(name), lines.map((line) => line + "\n").join(""));
      return undefined;
    },
  },
  append: {
    usage: "append FILE TEXT",
    help: "Add TEXT to the end of a file.",
    run(world, [name, text]) {
      Deno.writeTextFileSync(world.path(name), text, { append: true });
      return undefined;
    },
  },
  rm: {
    usage: "rm NAME...",
    help: "Remove files, or folders with all they hold. A name that is not there is an error.",
    run(world, names) {
      for (const name of names) Deno.removeSync(world.path(name), { recursive: true });
      return undefined;
    },
  },
  mkdir: {
    usage: "mkdir FOLDER...",
    help: "Make folders, with their parents.",
    run(world, names) {
      for (const name of names) Deno.mkdirSync(world.path(name), { recursive: true });
      return undefined;
    },
  },
  mv: {
    usage: "mv OLD NEW",
    help: "Rename, replacing what is there.",
    run: (world, [from, to]) => done(Deno.renameSync(world.path(from), world.path(to))),
  },
  cp: {
    usage: "cp FROM TO",
    help: "Copy a file's bytes and mode.",
    run: (world, [from, to]) => done(Deno.copyFileSync(world.path(from), world.path(to))),
  },
  symlink: {
    usage: "symlink TARGET NAME",
    help: "Make a symbolic link, replacing one that is there.",
    run(world, [target, name]) {
      if (isThere(world.path(name))) Deno.removeSync(world.path(name));
      Deno.symlinkSync(target, world.path(name));
      return undefined;
    },
  },
  link: {
    usage: "link OLD NEW",
    help: "Make a hard link.",
    run: (world, [from, to]) => done(Deno.linkSync(world.path(from), world.path(to))),
  },
  touch: {
    usage: "touch FILE...",
    help: "Set the times of files to now.",
    run(world, names) {
      for (const name of names) Deno.utimeSync(world.path(name), new Date(), new Date());
      return undefined;
    },
  },
  chmod: {
    usage: "chmod OCTAL FILE...",
    help: "Set permission bits of files and folders.",
    run(world, [mode, ...names]) {
      for (const name of names) {
        const path = world.path(name);
        // Through a link to a device the whole machine would be changed.
        if (!Deno.statSync(path).isFile && !Deno.statSync(path).isDirectory) {
          throw new Error(`${name} is no file`);
        }
        Deno.chmodSync(path, parseInt(mode, 8));
      }
      return undefined;
    },
  },
  env: {
    usage: "env NAME=VALUE... | env -NAME...",
    help: "Set or remove variables for all that follows. `NAME=VALUE tool ...` sets one for one line.",
    run(world, args) {
      for (const arg of args) {
        const at = arg.indexOf("=");
        if (arg.startsWith("-")) world.env.delete(arg.slice(1));
        else world.env.set(arg.slice(0, at), arg.slice(at + 1));
      }
      return undefined;
    },
  },
  cd: {
    usage: "cd FOLDER",
    help: "Go to a folder, as a shell would: PWD keeps the name used, links are not resolved.",
    run(world, [name]) {
      const folder = name === ".." ? world.cwd.slice(0, world.cwd.lastIndexOf("/")) : world.path(name);
      if (!isFolder(folder)) return `${name} is no folder`;
      world.cwd = folder;
      world.env.set("PWD", world.cwd);
      return undefined;
    },
  },
  umask: {
    usage: "umask OCTAL",
    help: "Permission bits that new files lack.",
    run(world, [mask]) {
      world.umask = mask;
      return undefined;
    },
  },
  user: {
    usage: "user UID",
    help:
      "Give all folders to another user, who runs all that follows. For root: permissions do not bind root.",
    run: (world, [uid]) => done(world.becomeUser(Number(uid))),
  },
  limit: {
    usage: "limit OPTION VALUE",
    help: "A shell's `ulimit` for the tools that follow.",
    run(world, [option, value]) {
      world.limits.push(`ulimit ${option} ${value}`);
      return undefined;
    },
  },
  sleep: {
    usage: "sleep SECONDS",
    help: "Wait.",
    run(_world, [seconds]) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(seconds) * 1000);
      return undefined;
    },
  },
  stop: {
    usage: "stop",
    help: "Stop the daemon in good order and start another. Nothing where the mode has none.",
    run(world) {
      world.endDaemon({ kill: false });
      world.startDaemon();
      return undefined;
    },
  },
  kill: {
    usage: "kill",
    help: "Kill the daemon with signal 9 and start another. Nothing where the mode has none.",
    run(world) {
      world.endDaemon({ kill: true });
      world.startDaemon();
      return undefined;
    },
  },
  damage: {
    usage: "damage flip|cut|remove blobs|shards|journal",
    help: "Flip a bit of, cut in half or remove every file of that kind in the cache, while the daemon runs.",
    run: (world, [how, what]) => !world.isOurs ? undefined : damage(world, how, what),
  },
  empty: {
    usage: "empty",
    help: "Remove everything in the cache folder behind the daemon's back.",
    run(world) {
      if (!world.isOurs) return undefined;
      emptyFolder(world.cache);
      return undefined;
    },
  },
};

/** The daemon may put a file into a folder between the look at it and its removal: then it is done again. */
function emptyFolder(folder: string, attempts = 100): void {
  for (const { name } of Deno.readDirSync(folder)) {
    try {
      Deno.removeSync(`${folder}/${name}`, { recursive: true });
    } catch (error) {
      if (attempts === 0 || !(error instanceof Error && error.message.includes("os error 39"))) throw error;
      return emptyFolder(folder, attempts - 1);
    }
  }
}

/** Runs a tool line as a differential test. */
export function runTool(world: World, line: CommandLine): Verdict {
  const { ran, differences } = world.differential(line);
  // A difference is wrong whether or not the line was expected to fail.
  if (differences.length > 0) throw new Error(differences.join("\n"));
  return ran.code === 0 ? undefined : `exit code ${ran.code}\n${ran.stdout}${ran.stderr}`;
}

function wrongOutcome(world: World, names: readonly string[], wanted: readonly string[]): Verdict {
  return `the outcome was ${names.join(", ")}, expected ${wanted.join(", ")}\n${world.logged(3)}`;
}

function done(_: void): Verdict {
  return undefined;
}

function firstOf(names: string[], check: (name: string) => Verdict): Verdict {
  return names.map(check).find((verdict) => verdict !== undefined);
}

function holds(stream: string, text: string | undefined, wanted: string): Verdict {
  const found = wanted === "." ? text !== "" : text?.includes(wanted);
  return found ? undefined : `${stream} does not hold ${JSON.stringify(wanted)}:\n${text}`;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A name with `*` in it as an expression. */
export function globPattern(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?:^|/)${parts.join("[^/]*")}$`);
}

const kinds: Record<string, (path: string) => boolean> = {
  blobs: (path) => path.includes("/objects/"),
  shards: (path) => path.endsWith(".msgpack"),
  journal: (path) => path.endsWith("/journal.log"),
};

function damage(world: World, how: string, what: string): Verdict {
  world.zccache(["stats"]); // a daemon answers once it is done with the runs before
  const files = [...walkFiles(world.cache)].filter(kinds[what]);
  // Which of the two holds the index at a given moment is the store's affair.
  if (files.length === 0 && what === "blobs") return `there is no file of the kind ${what} to damage`;
  for (const file of files) {
    const bytes = Deno.readFileSync(file);
    Deno.chmodSync(file, 0o600);
    if (how === "remove") Deno.removeSync(file);
    else if (how === "cut") Deno.truncateSync(file, bytes.length >> 1);
    else {
      bytes[bytes.length >> 1] ^= 0x10;
      Deno.writeFileSync(file, bytes);
    }
  }
  return undefined;
}

function* walkFiles(folder: string): Generator<string> {
  for (const item of Deno.readDirSync(folder)) {
    if (item.isDirectory) yield* walkFiles(`${folder}/${item.name}`);
    else if (item.isFile) yield `${folder}/${item.name}`;
  }
}
