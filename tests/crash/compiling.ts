/**
 * Compiles through the executable, each compared with what the compiler alone gives.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { engine, until, World } from "../process/engine.ts";

/** How the cache is asked. */
export type Mode = "one-shot" | "daemon";
export const modes: readonly Mode[] = ["one-shot", "daemon"];

export class Compiling extends World {
  readonly #right = new Map<string, Uint8Array>();
  readonly mode: Mode;
  #before: Record<string, number> = {};

  constructor(mode: Mode, env: Record<string, string> = {}) {
    super();
    this.mode = mode;
    Object.assign(this.env, mode === "one-shot" ? { ZCCACHE_DAEMON: "off" } : {}, env);
  }

  /** The engine's command line. */
  readonly command: readonly string[] = engine;
  /** What is put in front of the engine's command line: another user's hat. */
  as: string[] = [];

  override spawn(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
    if (this.as.length === 0) return super.spawn(args, env);
    const [command, ...words] = [...this.as, ...engine, ...args];
    return new Deno.Command(command, {
      args: words,
      env: { ...this.env, ...env },
      clearEnv: true,
      cwd: this.work,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Writes `<name>.c`, whose object has about `bytes` bytes, and learns what the compiler alone makes of it. */
  async source(name: string, bytes = 16): Promise<void> {
    const numbers = Array.from({ length: bytes / 4 }, (_, i) => i * 7 + name.length);
    Deno.writeTextFileSync(
      `${this.work}/${name}.c`,
      `const char ${name}_name[] = "${name}";\nint ${name}[] = {${numbers}};\n`,
    );
    const { code } = await new Deno.Command("cc", {
      args: ["-c", `${name}.c`, "-o", `${name}.plain`],
      cwd: this.work,
    }).output();
    assertEquals(code, 0);
    this.#right.set(name, Deno.readFileSync(`${this.work}/${name}.plain`));
  }

  /** Compiles; fails where anything but the right object comes out, or a word is said. */
  async build(name: string): Promise<void> {
    const target = `${this.work}/${name}.o`;
    try {
      Deno.removeSync(target);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const ended = await this.run(["wrap", "cc", "-c", `${name}.c`, "-o", `${name}.o`]);
    assertEquals(ended, { code: 0, signal: null, out: "", err: "" }, `${name}, ${this.mode}`);
    assertEquals(Deno.readFileSync(target), this.#right.get(name), `${name}.o, ${this.mode}`);
  }

  /** Compiles, and says how it went: the outcome's name. */
  async outcome(name: string): Promise<string> {
    await this.news();
    await this.build(name);
    return (await this.news()).join();
  }

  /** Outcomes since the last call, each as often as it was. */
  async news(): Promise<string[]> {
    const { by_outcome } = JSON.parse((await this.run(["stats", "--json"])).out) as {
      by_outcome: Record<string, number>;
    };
    const before = this.#before;
    this.#before = by_outcome;
    return Object.entries(by_outcome).flatMap(([name, n]) =>
      Array(Math.max(0, n - (before[name] ?? 0))).fill(name)
    );
  }

  /** Everything that was logged. */
  log(): string {
    return this.inRuntime(".log").map((name) => Deno.readTextFileSync(`${this.runtime}/${name}`)).join("");
  }
  /** Waits for a line in the log. */
  async logged(line: RegExp): Promise<void> {
    await until(`the log says ${line}:\n${this.log()}`, () => line.test(this.log()));
  }

  /** Names in the store's tmp/. */
  temporary(): string[] {
    return [...Deno.readDirSync(`${this.cache}/v1/tmp`)].map(({ name }) => name);
  }
  /** Those that runs have left there. */
  staged(): string[] {
    return stagedIn(`${this.cache}/v1/tmp`);
  }
  /** Files below the cache folder whose path matches. */
  files(match: RegExp, folder = `${this.cache}/v1`): string[] {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? this.files(match, `${folder}/${name}`) : [`${folder}/${name}`]
    ).filter((path) => match.test(path));
  }

  async stop(): Promise<void> {
    await this.run(["stop"]);
  }
  /** kill -9 of the daemon, if there is one. */
  async kill(): Promise<void> {
    const { code, pid } = await this.status();
    if (code !== 0) return;
    Deno.kill(pid as number, "SIGKILL");
    await until("it dies", () => dead(pid as number));
  }
}

/** Names in a store's tmp/, but for what a daemon has ready there: empty files, and room in which nothing is owed. */
export function stagedIn(folder: string): string[] {
  const isReady = (name: string) => {
    const path = `${folder}/${name}`;
    try {
      const { size, mode } = Deno.statSync(path);
      if (!name.startsWith("owed-")) return size === 0 && (mode! & 0o777) === 0o600;
      return Deno.readFileSync(path).subarray(0, 4).every((byte) => byte === 0);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true; // gone meanwhile
      throw error;
    }
  };
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !isReady(name));
}

/** Whether all threads of a process are gone: while one is left it holds the process's locks, be the first a zombie or not. */
function dead(pid: number): boolean {
  try {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].length;
    return threads === 1 && /^State:\s*[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** Runs a command that must succeed. */
export function sh(command: string, ...args: string[]): void {
  const { code, stderr } = new Deno.Command(command, { args, stdout: "null" }).outputSync();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

let mounting: boolean | undefined;
/** Whether this process may mount; tests that need it are skipped by name where it may not. */
export function mayMount(): boolean {
  if (mounting !== undefined) return mounting;
  const folder = Deno.makeTempDirSync();
  const can = Deno.uid() === 0 &&
    new Deno.Command("mount", { args: ["-t", "tmpfs", "none", folder], stderr: "null" }).outputSync().success;
  if (can) sh("umount", folder);
  Deno.removeSync(folder);
  return mounting = can;
}

/** Something that is mounted until it is disposed. */
export class Mount {
  readonly folder: string;
  constructor(folder: string, ...args: string[]) {
    this.folder = folder;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    sh("mount", ...args, folder);
  }
  [Symbol.dispose](): void {
    sh("umount", "-l", this.folder);
  }
}
