/**
 * The engine as tests start it: the built executable where it is there, else the sources, in a world of its own.
 *
 * @module
 */
const root = new URL("../../", import.meta.url).pathname;

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The command line that begins every call of the engine. */
export const engine: readonly string[] = exists(`${root}dist/zccache`)
  ? [`${root}dist/zccache`]
  : [Deno.execPath(), "run", "-A", `${root}main.ts`];

export interface Ended {
  code: number;
  signal: Deno.Signal | null;
  out: string;
  err: string;
}

/** A home, runtime and cache folder, and the engine within them. */
export class World {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zccache-test-" }));
  readonly cache = `${this.folder}/cache`;
  readonly runtime = `${this.folder}/run/zccache`;
  readonly work = `${this.folder}/work`;
  readonly env: Record<string, string>;

  constructor() {
    for (const name of ["run", "home", "work"]) Deno.mkdirSync(`${this.folder}/${name}`, { mode: 0o700 });
    this.env = {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      HOME: `${this.folder}/home`,
      XDG_RUNTIME_DIR: `${this.folder}/run`,
      ZCCACHE_CACHE_DIR: this.cache,
      ...(engine.length > 1 ? { DENO_DIR: denoFolder() } : {}),
    };
  }

  /** Starts the engine with `args` and leaves it running. */
  spawn(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
    return new Deno.Command(engine[0], {
      args: [...engine.slice(1), ...args],
      env: { ...this.env, ...env },
      clearEnv: true,
      cwd: this.work,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs the engine with `args` to its end. */
  async run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
    const { code, signal, stdout, stderr } = await this.spawn(args, env).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, signal, out: text(stdout), err: text(stderr) };
  }

  /** What `status --json` says, the daemon's part on one level with the rest. */
  async status(): Promise<{ code: number } & Record<string, unknown>> {
    const { code, out } = await this.run(["status", "--json"]);
    const { daemon, ...rest } = JSON.parse(out);
    return { ...rest, ...daemon, code };
  }

  /** Waits until the daemon answers; its pid. */
  async daemon(): Promise<number> {
    for (const until = performance.now() + 10_000; performance.now() < until;) {
      const { code, pid } = await this.status();
      if (code === 0) return pid as number;
    }
    throw new Error("no daemon within 10 s");
  }

  /** Names in the runtime folder that end in `suffix`. */
  inRuntime(suffix: string): string[] {
    return [...Deno.readDirSync(this.runtime)].map(({ name }) => name).filter((name) =>
      name.endsWith(suffix)
    );
  }

  /** Stops what runs and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["stop"]);
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Sources are compiled once, not once for each world. */
function denoFolder(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}

/** Whether process `pid` is there and is no zombie. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Waits until `done` says so. @throws After `limitMs`. */
export async function until(what: string, done: () => boolean, limitMs = 10_000): Promise<void> {
  for (const end = performance.now() + limitMs; !done();) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
