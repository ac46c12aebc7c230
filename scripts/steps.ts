/**
 * What all scripts share: where the project is, running a program, and saying what is done and how long it took.
 *
 * @module
 */

/** The project's folder, without a slash at the end. */
export const projectFolder = decodeURIComponent(new URL("..", import.meta.url).pathname).replace(/\/$/, "");

/**
 * Makes a folder for what is built and tried. In /var/tmp where TMPDIR names no other place: projects lie on a disk, and
 * whoever watches the folders on the way to one would be told, below /tmp, of every compiler's temporary files.
 */
export function newFolder(prefix: string): string {
  if (!Deno.env.get("TMPDIR")) {
    try {
      return Deno.makeTempDirSync({ dir: "/var/tmp", prefix });
    } catch (error) {
      if (!(error instanceof Error)) throw error; // none there, or not ours to write: the usual place serves as well
    }
  }
  return Deno.makeTempDirSync({ prefix });
}

export interface Ran {
  code: number;
  /** stdout and stderr, in the order of their arrival as far as pipes keep it; "" where they were not captured. */
  text: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Gives up after this time: exit code 124. */
  timeoutMs?: number;
  /** Shows output as it comes, beside capturing it. */
  show?: boolean;
}

/** Runs a program in the project's folder and captures its output; a program that is not there gives code 127. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const signal = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
  try {
    const child = new Deno.Command(argv[0], {
      args: argv.slice(1),
      cwd: options.cwd ?? projectFolder,
      env: options.env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal,
    }).spawn();
    const pieces: Uint8Array[] = [];
    const take = async (stream: ReadableStream<Uint8Array>) => {
      for await (const piece of stream) {
        pieces.push(piece);
        if (options.show) writeAll(piece);
      }
    };
    const [status] = await Promise.all([child.status, take(child.stdout), take(child.stderr)]);
    const text = await new Blob(pieces as BlobPart[]).text();
    return { code: signal?.aborted ? 124 : status.code, text };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, text: `${argv[0]}: not found\n` };
    throw error;
  }
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Says what is done, does it, and says how long it took. */
export async function step<T>(name: string, body: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1) + " s";
  try {
    const result = await body();
    console.log(`${name.padEnd(44)} ${seconds()}`);
    return result;
  } catch (error) {
    console.log(`${name.padEnd(44)} ${seconds()}, failed`);
    throw error;
  }
}

/** Runs a program that must succeed. @throws {Error} with its output where it does not. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, text } = await run(argv, options);
  if (code === 0) return text;
  throw new Error(`${argv.join(" ")}: exit code ${code}\n${text}`);
}

export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
