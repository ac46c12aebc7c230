/**
 * Random walks: edit a small project in every way that builds and people do, compile after each step plainly and
 * through the cache, compare. What no scenario thought of is found here.
 *
 * A failure names its seed and step; RANDOM_SEED=n RANDOM_STEPS=n repeats or lengthens it. SCENARIO_MODES picks
 * modes. Keeps true: states recur, so that a walk without hits is a fault too.
 *
 * @module
 */
import { findPrograms } from "./script/programs.ts";
import { type Mode, World } from "./script/world.ts";

const executable = new URL("../dist/zccache", import.meta.url).pathname;
const modes = (Deno.env.get("SCENARIO_MODES") ?? "one-shot,daemon,launcher").split(",") as Mode[];
const seed = Number(Deno.env.get("RANDOM_SEED") ?? 1);
const steps = Number(Deno.env.get("RANDOM_STEPS") ?? 60);

const source = `#include "x.h"
#include <y.h>
#if __has_include(<z.h>)
#include <z.h>
#else
#define Z 7
#endif
__asm__(".data\\n.incbin \\"data.bin\\"\\n");
#ifndef M
#define M 0
#endif
#ifdef ONCE
#include "real1/inc2/x.h"
#include "real2/inc2/x.h"
int count = __COUNTER__;
#endif
#if M == 1
static int unused;
#elif M == 2
#warning said by M
#endif
int values[] = { X, Y, Z, M };
const char *file = __FILE__;
`;
// The last folder is never touched, so that nearly every step compiles.
const search = ["-Iinc1", "-Ilink/inc2", "-Iinc3", "-Ibase"];
const commands = [
  ["gcc", ...search, "-c", "src/a.c", "-o", "out/a.o"],
  ["gcc", ...search, "-g", "-MD", "-c", "src/a.c", "-o", "out/a.o"],
  ["gcc", ...search, "-S", "src/a.c", "-o", "out/a.s"],
  ["gcc", ...search, "-shared", "-fPIC", "-o", "out/lib.so", "src/a.c"],
  ["clang", ...search, "-MMD", "-c", "src/a.c", "-o", "out/a.o"],
  ["gcc", ...search, "-Wall", "@args", "-MD", "-MP", "-c", "src/a.c", "-o", "out/a.o"],
  ["gcc", ...search, "-DM=1", "-UM", "-DM=2", "-c", "src/a.c", "-o", "out/a.o"],
  ["gcc", ...search, "-UM", "-DM=1", "-Wall", "-S", "src/a.c", "-o", "out/a.s"],
  ["g++", ...search, "-x", "c++", "-fpermissive", "-c", "src/a.c", "-o", "out/a.o"],
  ["gcc", ...search, "-DONCE", "-c", "src/a.c", "-I.", "-o", "out/a.o"],
  ["clang", ...search, "-DONCE", "-c", "src/a.c", "-I.", "-o", "out/a.o"],
  ["ar", "rcs", "out/lib.a", "out/a.o"],
  ["ar", "rcs", "libs1/libp.a", "out/a.o"],
  ["gcc", "-shared", "-o", "out/p.so", "-Wl,--whole-archive", "-Llibs1", "-Llibs2", "-lp"],
];
const paths = ["", "inc3", "base:inc3", "real2/inc2"];
const folders = ["inc1", "real1/inc2", "real2/inc2", "inc3", "src"];

/** Small and even enough for walks; the same numbers from the same seed. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
  }
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % limit;
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** One project folder with the edits that a walk is made of. Each returns what it did, for the report. */
class Project {
  constructor(readonly world: World, readonly dice: Dice) {
    for (const folder of ["src", "inc1", "real1/inc2", "real2/inc2", "base", "out", "libs1", "libs2"]) {
      Deno.mkdirSync(world.path(folder), { recursive: true });
    }
    Deno.symlinkSync("real1", world.path("link"));
    Deno.writeTextFileSync(world.path("src/a.c"), source);
    Deno.writeTextFileSync(world.path("data.bin"), "0");
    Deno.writeTextFileSync(world.path("args"), "-DM=0\n");
    for (const name of ["x", "y"]) this.#write(`real1/inc2/${name}.h`, 0);
    for (const name of ["x", "y"]) this.#write(`real2/inc2/${name}.h`, 1);
    for (const name of ["x", "y"]) this.#write(`base/${name}.h`, 2);
  }

  readonly edits: (() => string)[] = [
    () => this.#writeSome(),
    () => this.#writeSome(),
    () => this.#renameOver(),
    () => this.#removeSome(),
    () => this.#flipLink(),
    () => this.#moveFolder("inc1"),
    () => this.#moveFolder("inc3"),
    () => this.#restoredTime(),
    () => this.#editData(),
    () => this.#spoilOutputs(),
    () => this.#touchAll(),
    () => this.#restart(),
    () => this.#dangle(),
    () => this.#twin(),
    () => this.#editArguments(),
    () => this.#searchPath(),
    () => this.#otherTarget(),
    () => this.#otherMask(),
    () => this.#library(),
  ];

  #write(path: string, value: number): void {
    const name = path.slice(-3, -2).toUpperCase();
    // Equal values make equal files under #pragma once, which compilers tell apart by more than their text.
    const count = "extern int counted[__COUNTER__ >= 0 ? 1 : -1];";
    const text = `#pragma once\n#undef ${name}\n#define ${name} ${value}\n${count}\n`;
    Deno.writeTextFileSync(this.world.path(path), text);
  }

  #header(): string {
    return `${this.dice.of(folders)}/${this.dice.of(["x", "y", "z"])}.h`;
  }

  #attempt(what: string, edit: () => void): string {
    try {
      edit();
      return what;
    } catch (error) {
      // A walk may ask for what is not there at the moment: that step is an empty one.
      const { NotFound, AlreadyExists, FilesystemLoop } = Deno.errors;
      if ([NotFound, AlreadyExists, FilesystemLoop].some((kind) => error instanceof kind)) {
        return `no ${what}`;
      }
      throw error;
    }
  }

  #writeSome(): string {
    const [path, value] = [this.#header(), this.dice.below(3)];
    return this.#attempt(`write ${path} ${value}`, () => this.#write(path, value));
  }

  #renameOver(): string {
    const [path, value] = [this.#header(), this.dice.below(3)];
    return this.#attempt(`rename over ${path} ${value}`, () => {
      this.#write(`${path.slice(0, -3)}new${path.slice(-3)}`, value);
      Deno.renameSync(this.world.path(`${path.slice(0, -3)}new${path.slice(-3)}`), this.world.path(path));
    });
  }

  #removeSome(): string {
    const path = this.#header();
    return this.#attempt(`remove ${path}`, () => Deno.removeSync(this.world.path(path)));
  }

  #flipLink(): string {
    const target = this.dice.of(["real1", "real2"]);
    Deno.removeSync(this.world.path("link"));
    Deno.symlinkSync(target, this.world.path("link"));
    return `link to ${target}`;
  }

  #moveFolder(name: string): string {
    return this.#attempt(`move ${name}`, () => {
      const [here, away] = [this.world.path(name), this.world.path(`${name}.away`)];
      if ([...Deno.readDirSync(this.world.work)].some((item) => item.name === name)) {
        if (existing(away)) Deno.removeSync(away, { recursive: true });
        Deno.renameSync(here, away);
      } else if (name === "inc3" && this.dice.below(2) === 0) Deno.mkdirSync(here);
      else Deno.renameSync(away, here);
    });
  }

  #restoredTime(): string {
    const [path, value] = [this.#header(), this.dice.below(3)];
    return this.#attempt(`write ${path} ${value} with its old time`, () => {
      const { mtime, atime } = Deno.statSync(this.world.path(path));
      this.#write(path, value);
      Deno.utimeSync(this.world.path(path), atime ?? 0, mtime ?? 0);
    });
  }

  #editData(): string {
    const value = String(this.dice.below(3));
    Deno.writeTextFileSync(this.world.path("data.bin"), value);
    return `data ${value}`;
  }

  #spoilOutputs(): string {
    for (const { name } of [...Deno.readDirSync(this.world.path("out"))]) {
      const path = this.world.path(`out/${name}`);
      if (this.dice.below(2) === 0) Deno.removeSync(path);
      else Deno.writeTextFileSync(path, "spoilt", { append: true });
    }
    return "spoil outputs";
  }

  #touchAll(): string {
    for (const folder of folders) {
      this.#attempt("touch", () => {
        for (const { name } of Deno.readDirSync(this.world.path(folder))) {
          Deno.utimeSync(this.world.path(`${folder}/${name}`), new Date(), new Date());
        }
      });
    }
    return "touch all";
  }

  #dangle(): string {
    const [path, to] = [this.#header(), this.dice.of(["real1/inc2/x.h", "later/x.h", "later/z.h"])];
    return this.#attempt(`link ${path} to ${to}`, () => {
      if (this.dice.below(2) === 0) Deno.mkdirSync(this.world.path("later"), { recursive: true });
      else if (existing(this.world.path("later"))) this.#write(to, this.dice.below(3));
      if (existing(this.world.path(path))) Deno.removeSync(this.world.path(path));
      Deno.symlinkSync(this.world.path(to), this.world.path(path));
    });
  }

  #twin(): string {
    const [from, to] = [this.#header(), this.#header()];
    return this.#attempt(`hard link ${to} to ${from}`, () => {
      if (from === to) return;
      Deno.statSync(this.world.path(from));
      if (existing(this.world.path(to))) Deno.removeSync(this.world.path(to));
      Deno.linkSync(this.world.path(from), this.world.path(to));
    });
  }

  #editArguments(): string {
    const text = this.dice.of(["-DM=0", "-DM=1", "-DM=2 -Iinc3", "-DM=2 -Wno-cpp -O1"]);
    Deno.writeTextFileSync(this.world.path("args"), text + "\n");
    return `arguments ${text}`;
  }

  #searchPath(): string {
    const value = this.dice.of(paths);
    if (value === "") this.world.env.delete("CPATH");
    else this.world.env.set("CPATH", value);
    return `CPATH ${value}`;
  }

  /** What the next object meets in its place. */
  #otherTarget(): string {
    const [name, kind] = [this.dice.of(["a.o", "a.s", "a.d"]), this.dice.below(3)];
    return this.#attempt(`another ${name} (${kind})`, () => {
      const [path, other] = [this.world.path(`out/${name}`), this.world.path(`out/other`)];
      if (existing(path)) Deno.removeSync(path);
      if (existing(other)) Deno.removeSync(other);
      Deno.writeTextFileSync(other, "other");
      if (kind === 0) Deno.symlinkSync("other", path);
      else if (kind === 1) Deno.linkSync(other, path);
      else Deno.writeTextFileSync(path, "old", { mode: 0o640 });
    });
  }

  #otherMask(): string {
    this.world.umask = this.dice.of(["022", "027", "002"]);
    return `umask ${this.world.umask}`;
  }

  #library(): string {
    const name = this.dice.of(["libs1/libp.a", "libs2/libp.a", "libs1/libp.so"]);
    return this.#attempt(`library ${name}`, () => {
      const path = this.world.path(name);
      if (existing(path)) return Deno.removeSync(path);
      Deno.copyFileSync(this.world.path("out/lib.a"), path);
    });
  }

  #restart(): string {
    const kill = this.dice.below(2) === 0;
    this.world.endDaemon({ kill });
    this.world.startDaemon();
    return kill ? "kill the daemon" : "stop the daemon";
  }
}

/** Whether a name is there, if only as a link to nothing. */
function existing(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function hasClang(): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/clang`).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
      throw error;
    }
  });
}

/** Walks; throws with seed and history at the first difference. */
function walk(mode: Mode, programs: ReturnType<typeof findPrograms> | undefined): void {
  const world = new World(mode, programs);
  const dice = new Dice(seed);
  const known = hasClang() ? commands : commands.filter(([tool]) => tool !== "clang");
  const history: string[] = [];
  try {
    const project = new Project(world, dice);
    world.beginCounting();
    for (let step = 0; step < steps; step++) {
      history.push(dice.of(project.edits)());
      const argv = dice.of(known);
      history.push(argv.join(" "));
      const { differences } = world.differential({ assignments: [], argv, redirections: [] });
      if (differences.length > 0) throw new Error(differences.join("\n"));
    }
    if (mode === "plain") return;
    const hits = world.outcomes().filter((name) => name === "hit").length;
    if (hits === 0) throw new Error(`No hit in ${steps} steps`);
  } catch (error) {
    const last = history.slice(-16).join("\n");
    throw new Error(`RANDOM_SEED=${seed}, step ${history.length / 2} of ${steps}\n${last}\n${error}`, {
      cause: error,
    });
  } finally {
    world.close();
  }
}

const programs = modes.every((mode) => mode === "plain") ? undefined : findPrograms(executable);
for (const mode of modes) {
  Deno.test(`random walk ${seed} (${mode}): ${steps} steps, each like the plain compiler`, () =>
    walk(mode, programs));
}
