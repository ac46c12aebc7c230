/**
 * One variant of a configured project with one compiler: configured, built, built again, a header edited, built;
 * first plainly, then in each way through the cache, cold and warm, and in a second folder.
 *
 * What is compared with the plain build of the same folder: every file, what the build system read from depfiles,
 * every line that configuring and building said, that a second build does nothing, and which steps an edited
 * header leads to.
 *
 * @module
 */
import type { Programs } from "../tests/script/programs.ts";
import { Cache, countInto, emptyRow, type Row, warmFaults } from "./realworld_cache.ts";
import { compareLines, compareProducts, type Products, takeProducts } from "./realworld_products.ts";
import { Unreachable } from "./realworld_sources.ts";
import type { ConfiguredProject, Entry, Variant } from "./realworld_variants.ts";

interface Stage {
  name: string;
  entry: Entry;
  tree: "one" | "two";
  /** Configured anew in an empty folder, or else only cleaned. */
  fresh: boolean;
  /** Everything that is built hits; or every compile, where a link belongs to its tree. */
  warm?: boolean | "compiles";
  edit?: boolean;
}

const journeys: Record<"ways" | "trees" | "shared", Stage[]> = {
  ways: [
    { name: "plain", entry: "plain", tree: "one", fresh: true, edit: true },
    { name: "word, cold", entry: "word", tree: "one", fresh: true, edit: true },
    { name: "word, warm", entry: "word", tree: "one", fresh: false, warm: true },
    { name: "word, warm, new", entry: "word", tree: "one", fresh: true, warm: true, edit: true },
    { name: "run", entry: "run", tree: "one", fresh: true, edit: true },
    { name: "run, warm, new", entry: "run", tree: "one", fresh: true, warm: true, edit: true },
  ],
  trees: [
    { name: "one, cold", entry: "word", tree: "one", fresh: true },
    { name: "two, plain", entry: "plain", tree: "two", fresh: true },
    { name: "two", entry: "word", tree: "two", fresh: true },
    { name: "two, warm", entry: "word", tree: "two", fresh: true, warm: true },
  ],
  shared: [
    { name: "one, plain", entry: "plain", tree: "one", fresh: true },
    { name: "one, cold", entry: "word", tree: "one", fresh: true },
    { name: "two, plain", entry: "plain", tree: "two", fresh: true },
    { name: "two", entry: "word", tree: "two", fresh: true, warm: "compiles" },
    { name: "two, warm", entry: "word", tree: "two", fresh: true, warm: true },
  ],
};

/** Comes before a compiler as we do, and maps C and C++ as ZCCACHE_PATH_REMAP does: what a shared build must be equal to. */
const mapping = (root: string) =>
  `#!/bin/sh
case "$* " in *.[sS]" "*) exec "$@" ;; esac
tool=$1
shift
exec "$tool" -ffile-prefix-map=${root}=. "-ffile-prefix-map=$(pwd -P)=." "$@"
`;

/** What one command said, and how long it took. */
interface Said {
  lines: string[];
  seconds: number;
}

/** A build as it is found afterwards. */
interface State {
  products: Products;
  built: Said;
  depends: string[];
}

/** All that is compared of one stage. */
interface Built {
  configured?: Said;
  first: State;
  /** A second build, which has nothing to do. */
  again: Said;
  edited?: State;
}

/** A variant being built; `side` holds both trees, and everything else. */
export class ConfiguredBuilder {
  readonly #cache: Cache;
  /** Where `zccache run` puts its links. */
  readonly #links: RegExp;

  constructor(
    readonly project: ConfiguredProject,
    readonly variant: Variant,
    readonly compiler: string,
    readonly side: string,
    readonly programs: Programs,
  ) {
    this.#cache = new Cache(side, programs);
    if (this.#shares) this.#cache.env.ZCCACHE_PATH_REMAP = "auto";
    this.#links = new RegExp(`${this.#cache.env.ZCCACHE_CACHE_DIR}/tools/[0-9a-f]+/`, "g");
  }

  get #shares(): boolean {
    return this.variant.journey === "shared";
  }

  /** What stands before the compiler, as a word of its own. */
  #launcher({ entry, tree }: Stage): string | undefined {
    if (entry === "word") return this.programs.zccache;
    return entry === "plain" && this.#shares ? `${this.side}/${tree}/mapping` : undefined;
  }

  /** A tree with the sources, and the mark of its root. */
  #plant(tree: Stage["tree"], fetch: (into: string) => void): void {
    const root = `${this.side}/${tree}`;
    if (exists(root)) return;
    Deno.mkdirSync(`${root}/source`, { recursive: true });
    Deno.mkdirSync(`${root}/.git`);
    Deno.writeTextFileSync(`${root}/mapping`, mapping(root), { mode: 0o755 });
    fetch(`${root}/source`);
    // A time that can be given back to the nanosecond.
    Deno.utimeSync(`${root}/source/${this.project.header}`, 1_700_000_000, 1_700_000_000);
  }

  /** Goes through all stages, and calls `report` with each row. */
  run(fetch: (into: string) => void, report: (row: Row) => void): void {
    const plain = new Map<string, Built>(), cold = new Map<string, Built>();
    try {
      for (const stage of journeys[this.variant.journey ?? "ways"]) {
        this.#plant(stage.tree, fetch);
        const rows: Row[] = [], built = this.#stage(stage, plain.get(stage.tree), rows);
        if (stage.entry === "plain") plain.set(stage.tree, built);
        else {
          const key = `${stage.tree} ${stage.entry}`;
          this.#compare(rows, plain.get(stage.tree), built, this.#excused(stage) ? undefined : cold.get(key));
          if (!cold.has(key)) cold.set(key, built);
        }
        rows.forEach(report);
      }
    } finally {
      this.#cache.zccache("stop");
    }
  }

  #stage(stage: Stage, plain: Built | undefined, rows: Row[]): Built {
    const { variant, project: { system, header } } = this;
    const folder = `${this.side}/${stage.tree}/build`, source = `${this.side}/${stage.tree}/source`;
    const say = (what: string, words: string[], then?: Said, warm: Stage["warm"] = false) =>
      this.#row(rows, stage, what, words, then, warm);
    let configured: Said | undefined;
    if (stage.fresh) {
      remove(folder);
      Deno.mkdirSync(folder);
      const launcher = this.#launcher(stage);
      const words = system.configure({ source, compiler: this.compiler, variant, launcher });
      configured = say("configure", words, plain?.configured);
    } else this.#command(system.clean, folder, stage.entry);
    const warm = this.#excused(stage) ? false : stage.warm;
    const state = (what: string, then?: State) => {
      const built = say(what, system.build, then?.built, warm);
      return { built, products: takeProducts(folder, system.spared), depends: this.#depends(folder) };
    };
    const first = state("build", plain?.first);
    const again = this.#command(system.build, folder, stage.entry);
    if (!stage.edit) return { configured, first, again };
    const path = `${source}/${header}`, text = Deno.readTextFileSync(path), { mtime } = Deno.statSync(path);
    Deno.writeTextFileSync(path, `${text}\nextern int realworld_edit;\n`);
    const edited = state("edited", plain?.edited);
    Deno.writeTextFileSync(path, text);
    // Where precompiled headers hold times, a header that was only touched would cost hits.
    if (variant.freshMisses?.[this.compiler] !== undefined) Deno.utimeSync(path, mtime!, mtime!);
    return { configured, first, again, edited };
  }

  /** Whether it cannot hit everything, nor give the same loose files again. */
  #excused({ fresh }: Stage): boolean {
    return fresh && this.variant.freshMisses?.[this.compiler] !== undefined;
  }

  /** Runs one command between two looks at the counters. */
  #row(
    rows: Row[],
    stage: Stage,
    what: string,
    words: string[],
    plain: Said | undefined,
    warm: Stage["warm"],
  ): Said {
    const before = this.#cache.counters();
    const said = this.#command(words, `${this.side}/${stage.tree}/build`, stage.entry);
    const row = emptyRow({
      project: `${this.project.name} ${this.variant.name}`,
      compiler: this.compiler,
      build: `${stage.name}: ${what}`,
      seconds: said.seconds,
      ratio: said.seconds / (plain ?? said).seconds,
    });
    const after = this.#cache.counters();
    countInto(row, before, after);
    row.runs = row.hits + row.misses + row.passed;
    if (warm === true) row.faults.push(...warmFaults(row));
    const { misses } = after.by_kind.compile, more = misses - before.by_kind.compile.misses;
    if (warm === "compiles" && more > (this.variant.unshared ?? 0)) {
      row.faults.push(`${more} compiles were not shared`);
    }
    rows.push(row);
    return said;
  }

  /** Adds to the rows how the build differs from the plain one; loose files, from the first one through the cache. */
  #compare(rows: Row[], plain: Built | undefined, built: Built, cold: Built | undefined): void {
    const faultsOf = (what: string) => rows.find(({ build }) => build.endsWith(`: ${what}`))?.faults ?? [];
    if (plain === undefined) return;
    if (built.configured && plain.configured) {
      faultsOf("configure").push(
        ...compareLines("configure", plain.configured.lines, built.configured.lines),
      );
    }
    faultsOf("build").push(
      ...this.#differences(plain.first, built.first, cold?.first),
      ...compareLines("the second build", plain.again.lines, built.again.lines),
    );
    if (built.edited && plain.edited) {
      faultsOf("edited").push(...this.#differences(plain.edited, built.edited, cold?.edited));
    }
  }

  #differences(plain: State, built: State, cold: State | undefined): string[] {
    const loose = this.variant.loose?.[this.compiler];
    const wanted = loose === undefined ? plain.products : loosened(plain, cold ?? built, loose);
    return [
      ...compareProducts(wanted, built.products),
      ...compareLines("the build", plain.built.lines, built.built.lines),
      ...compareLines("what the build depends on", plain.depends, built.depends),
    ];
  }

  #depends(folder: string): string[] {
    const { depends } = this.project.system;
    if (depends === undefined) return [];
    return this.#command(depends, folder, "plain").lines.map((line) => line.replace(/deps mtime \d+/, ""));
  }

  #command(words: string[], cwd: string, entry: Entry): Said {
    const through = entry === "run" ? [this.programs.zccache, "run", "--", ...words] : words;
    const options = {
      args: through.slice(1),
      cwd,
      env: this.#cache.env,
      clearEnv: true,
      stdin: "null",
    } as const;
    const start = performance.now(), { success, stdout, stderr } = output(through[0], options);
    const seconds = (performance.now() - start) / 1000;
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    if (success) return { lines: this.#lines(text), seconds };
    throw new Error(`${words.join(" ")} failed in ${cwd}:\n${text.split("\n").slice(-30).join("\n")}`);
  }

  /** Without what differs from run to run, and without our own words. */
  #lines(text: string): string[] {
    return text.replaceAll(`${this.programs.zccache} `, "")
      .replaceAll(new RegExp(`${this.side}/\\w+/mapping `, "g"), "")
      .replaceAll(this.#links, "/usr/bin/")
      .split("\n").filter((line) => !line.startsWith("zccache: "))
      .map((line) => line.replace(/^\[\d+\/\d+\] |\([0-9.]+s\)/g, "").trimEnd())
      .sort();
  }
}

/** The plain build's files, those that are loose as the other build has them. */
function loosened(plain: State, other: State, loose: RegExp): Products {
  return new Map(
    [...plain.products].map((
      [path, state],
    ) => [path, loose.test(path) ? other.products.get(path) ?? state : state]),
  );
}

/** @throws {Unreachable} where the program is not here. */
function output(program: string, options: Deno.CommandOptions): Deno.CommandOutput {
  try {
    return new Deno.Command(program, options).outputSync();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Unreachable(`${program} is not installed`);
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function remove(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
