/**
 * Finds the programs under test: the built executable, and the launcher that it unpacked for itself.
 *
 * @module
 */

/** The programs under test. */
export interface Programs {
  zccache: string;
  launcher: string;
}

/**
 * The launcher is unpacked on first need, so a daemon is started and stopped first; of all that lie in the folder
 * it is the newest whose `engine-path` names this executable.
 *
 * @param zccache absolute path
 */
export function findPrograms(zccache: string): Programs {
  const home = Deno.makeTempDirSync({ prefix: "zs-" });
  const env = { HOME: home, XDG_RUNTIME_DIR: home, ZCCACHE_CACHE_DIR: `${home}/cache` };
  const run = (...args: string[]) => new Deno.Command(zccache, { args, env }).outputSync();
  const started = run("start");
  run("stop");
  Deno.removeSync(home, { recursive: true });
  const launcher = newestLauncher(`/tmp/zccache-${Deno.uid()}-native`, Deno.realPathSync(zccache));
  if (launcher !== undefined) return { zccache, launcher };
  throw new Error(`${zccache} unpacked no launcher: ${new TextDecoder().decode(started.stderr)}`);
}

function newestLauncher(base: string, engine: string): string | undefined {
  const found: { path: string; made: number }[] = [];
  for (const { name, isDirectory } of listFolder(base)) {
    const path = `${base}/${name}/launcher`;
    if (!isDirectory || firstLine(`${base}/${name}/engine-path`) !== engine) continue;
    if (firstLine(path) !== undefined) found.push({ path, made: Deno.statSync(path).ctime?.getTime() ?? 0 });
  }
  return found.sort((a, b) => b.made - a.made)[0]?.path;
}

function listFolder(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function firstLine(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).split("\n", 1)[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
