/**
 * Finds the programs under test: the built executable, and the launcher that it unpacked for itself.
 *
 * @module
 */

/** The programs under test. */
export interface Programs {
  zccache: string;
  launcher: string;
  /** It is made of these sources, so how runs were counted need not be asked of it. */
  isOfHere?: boolean;
}

/**
 * The launcher is unpacked on first need, so a daemon is started and stopped first; of all that lie in the folder
 * it is the one whose `engine-path` names the build under test.
 *
 * @param zccache absolute path
 */
export function findPrograms(zccache: string): Programs {
  const home = Deno.makeTempDirSync({ prefix: "zs-" });
  const env = { HOME: home, XDG_RUNTIME_DIR: home, ZCCACHE_CACHE_DIR: `${home}/cache` };
  const run = (...args: string[]) => {
    const { stdout, stderr } = new Deno.Command(zccache, { args, env }).outputSync();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  const started = run("start"), build = /build ([0-9a-f]{16})/.exec(run("--version"))?.[1];
  run("stop");
  Deno.removeSync(home, { recursive: true });
  const base = `/tmp/zccache-${Deno.uid()}-native`;
  for (const { name } of Deno.readDirSync(base)) {
    const launcher = `${base}/${name}/launcher`;
    if (lines(`${base}/${name}/engine-path`)[1] === build && exists(launcher)) {
      return { zccache, launcher, isOfHere: true };
    }
  }
  throw new Error(`${zccache} unpacked no launcher: ${started}`);
}

function lines(path: string): string[] {
  return exists(path) ? Deno.readTextFileSync(path).split("\n") : [];
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
