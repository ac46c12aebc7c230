/**
 * The private world of one scenario in one mode: folders, environment, daemon, and the two ways to run a tool.
 *
 *     <root>/work     where the script stands; the only folder that is compared
 *     <root>/cache    ZCCACHE_CACHE_DIR       <root>/run   XDG_RUNTIME_DIR
 *     <root>/home     HOME                    <root>/tmp   TMPDIR, which must end as the plain run leaves it
 *
 * Keeps true: nothing of the caller's environment but PATH reaches a tool, and both ways see the same one.
 *
 * @module
 */
import { type CommandLine, shellQuote, shellRedirection } from "./words.ts";
import type { Programs } from "./programs.ts";
import { outcomesCounted } from "./counters.ts";
import { placesOf, startDaemon, stopDaemon } from "./daemons.ts";
import { shown } from "../../lib/base/bytes.ts";
import { compareRuns, onlySteady, type PlainRun, withoutDrawn } from "./steady.ts";
import { compareTrees, restoreTree, takeTree, type Tree } from "./tree.ts";

/**
 * How a tool line is run; `plain` compares the compiler with itself, which proves the scenario's own texts, and `peer`
 * with another cache (scripts/peers.ts).
 */
export type Mode = "plain" | "one-shot" | "daemon" | "launcher" | "masquerade" | "declared" | "peer";

/** Another cache: the words before a tool, and its variables. */
export interface Peer {
  before: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Every mode by name; \`masquerade\` runs the tool by its own name, links to the executable being first on PATH, and
 * \`declared\` by a daemon that has no tracer.
 */
export const everyMode: readonly Mode[] = [
  "plain",
  "one-shot",
  "daemon",
  "launcher",
  "masquerade",
  "declared",
  "peer",
];

/** How a program ended and what it said. */
export interface Ran {
  /** 128 + signal where a signal ended it, as a shell says. */
  code: number;
  stdout: string;
  stderr: string;
}

/** What a line did through the cache, and how that differs from the plain run, a line each. */
export interface Compared {
  ran: Ran;
  differences: string[];
  /** Paths at which plain runs differ among themselves; known only where the comparison was patient. */
  unsteady: string[];
  /** The plain runs that it was compared with. */
  plains: PlainRuns;
}

type PlainRuns = (PlainRun & { tmp: string })[];

/** Further plain runs of a line that seems to differ, before that is believed. */
const morePlainRuns = 7;

/** Names under which the executable stands for a tool in the mode \`masquerade\`. */
const masks =
  ("cc c++ gcc g++ clang clang++ ar ranlib ld ld.lld ld.gold as strip nm objcopy gcc-ar llvm-ar cpp")
    .split(" ");

const bytewise = new TextDecoder("latin1");
// A tool may hang on a fault of ours; a minute is far beyond any compile here.
const deadlineMs = 60_000;

/** One scenario's folders and state. */
export class World {
  readonly root: string;
  readonly work: string;
  readonly cache: string;
  cwd: string;
  umask = "022";
  limits: string[] = [];
  /** Words in front of every program: another user, where the scenario asked for one. */
  #before: string[] = [];
  loose: RegExp[] = [];
  readonly env: Map<string, string>;
  last: Ran | undefined;
  #baseline: Record<string, number> | undefined;
  #runsSinceBaseline = 0;

  constructor(readonly mode: Mode, readonly programs: Programs | undefined, readonly peer?: Peer) {
    this.root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zs-" }));
    this.work = `${this.root}/work`;
    this.cache = `${this.root}/cache`;
    for (const name of ["work", "run", "home", "tmp"]) {
      Deno.mkdirSync(`${this.root}/${name}`, { mode: 0o700 });
    }
    Deno.chmodSync(this.work, 0o755);
    this.cwd = this.work;
    this.env = new Map([
      ["PATH", Deno.env.get("PATH") ?? "/usr/bin:/bin"],
      ["HOME", `${this.root}/home`],
      ["TMPDIR", `${this.root}/tmp`],
      ["XDG_RUNTIME_DIR", `${this.root}/run`],
      ["ZCCACHE_CACHE_DIR", this.cache],
      ["ZCCACHE_DAEMON", mode === "one-shot" ? "off" : "auto"],
      ...(mode === "declared" ? [["ZCCACHE_TRACE", "off"] as const] : []),
      ["PWD", this.work],
      ...Object.entries(peer?.env ?? {}),
    ]);
    if (mode === "masquerade") this.#putMasks();
    if (!this.hasDaemon) return;
    if (programs?.isOfHere) startDaemon(programs.zccache, this.env, this.cwd);
    else this.startDaemon();
  }

  /** Whether our own executable is what is tried. */
  get isOurs(): boolean {
    return this.mode !== "plain" && this.mode !== "peer";
  }

  get hasDaemon(): boolean {
    return this.isOurs && this.mode !== "one-shot";
  }

  /** An absolute path for a name in the script. */
  path(name: string): string {
    return name.startsWith("/") ? name : `${this.cwd}/${name}`;
  }

  startDaemon(): void {
    if (!this.hasDaemon) return;
    const { code, stderr } = this.zccache(["start"]);
    if (code !== 0) throw new Error(`The daemon did not start (${code}): ${stderr}`);
  }

  /** Gives the whole world to another user, who runs everything from here on. Needs root. */
  becomeUser(uid: number): void {
    if (this.hasDaemon) this.zccache(["stop"]);
    const { success } = new Deno.Command("chown", { args: ["-R", `${uid}:${uid}`, this.root] }).outputSync();
    if (!success) throw new Error(`Cannot give ${this.root} to user ${uid}`);
    this.#before = ["setpriv", "--reuid", String(uid), "--regid", String(uid), "--clear-groups"];
    this.startDaemon();
  }

  /** Ends the daemon in good order, or by SIGKILL. */
  endDaemon(options: { kill: boolean }): void {
    if (!this.hasDaemon) return;
    if (!options.kill) {
      const { code, stderr } = this.zccache(["stop"]);
      if (code !== 0) throw new Error(`The daemon did not stop (${code}): ${stderr}`);
      return;
    }
    const status = this.zccache(["status", "--json"]);
    const pid = Number(JSON.parse(status.stdout).daemon?.pid);
    if (!Number.isInteger(pid) || pid < 2) throw new Error(`No daemon to kill: ${status.stdout}`);
    Deno.kill(pid, "SIGKILL");
    waitForEnd(pid);
  }

  /** Runs the executable under test for its own sake, in the scenario's environment. */
  zccache(args: string[]): Ran {
    if (this.programs === undefined) throw new Error("No executable in the mode `plain`");
    return this.#shell({ assignments: [], argv: [this.programs.zccache, ...args], redirections: [] });
  }

  /** Runs a program as it is. */
  exec(line: CommandLine): Ran {
    return this.#shell(line);
  }

  /**
   * Runs a tool plainly, puts the folder back, runs it through the cache, and compares.
   *
   * `patient`: where the two differ, the tool runs plainly again, and only what all plain runs have in common counts.
   * `plains`: what it gave before, from the same state.
   */
  differential(line: CommandLine, options: { patient?: boolean; plains?: PlainRuns } = {}): Compared {
    const before = takeTree(this.work);
    const plains = options.plains ?? [this.#plainRun(line, before)];
    settle();
    const cachedStart = Date.now();
    const ran = this.#shell(this.#through(line));
    this.#runsSinceBaseline++;
    const cached = takeTree(this.work);
    const cachedTmp = temporaryNames(takeTree(`${this.root}/tmp`));
    const isLoose = (path: string) => this.loose.some((pattern) => pattern.test(path));
    const compare = () => {
      const left = onlySteady(plains, cached);
      const differences = compareTrees({
        before,
        plain: left.plain,
        cached: left.cached,
        cachedStart,
        isLoose,
      });
      differences.push(...left.names, ...compareRuns(plains.map((plain) => plain.ran), ran));
      const tmp = plains[0].tmp;
      if (plains.every((plain) => plain.tmp === tmp) && tmp !== cachedTmp) {
        differences.push(`TMPDIR holds "${tmp}" when plain, "${cachedTmp}" when cached`);
      }
      const counted = this.peer === undefined ? differences : ofResult(differences, plains[0].ran, ran);
      return { ran, differences: counted, unsteady: left.unsteady, plains };
    };
    let compared = compare(), wasRestored = false;
    for (let i = 0; options.patient && compared.differences.length > 0 && i < morePlainRuns; i++) {
      restoreTree(this.work, before);
      plains.push(this.#plainRun(line, before));
      wasRestored = true;
      compared = compare();
    }
    if (wasRestored) restoreTree(this.work, cached);
    restoreTree(`${this.root}/tmp`, new Map());
    this.last = ran;
    return compared;
  }

  /** Runs a line plainly from a state, and leaves that state. */
  #plainRun(line: CommandLine, before: Tree): PlainRun & { tmp: string } {
    settle(); // or what this run writes could be as old as what was there
    restoreTree(`${this.root}/tmp`, new Map());
    const ran = this.#shell(naming([], line));
    const tree = takeTree(this.work), tmp = temporaryNames(takeTree(`${this.root}/tmp`));
    restoreTree(this.work, before);
    restoreTree(`${this.root}/tmp`, new Map());
    return { ran, tree, tmp };
  }

  /** Remembers the counters, so that `outcomes` tells what came after. */
  beginCounting(): void {
    if (!this.isOurs || (this.#baseline !== undefined && this.#runsSinceBaseline === 0)) return;
    this.#baseline = this.#counters();
    this.#runsSinceBaseline = 0;
  }

  /** The outcomes counted since `beginCounting`, one name a run. */
  outcomes(): string[] {
    const before = this.#baseline ?? {};
    const now = this.#counters();
    this.#baseline = now;
    this.#runsSinceBaseline = 0;
    return Object.keys(now).flatMap((name) => Array(now[name] - (before[name] ?? 0)).fill(name));
  }

  /** The last lines that the cache wrote down: they name the file on whose account a run passed or missed. */
  logged(lines: number): string {
    try {
      const text = Deno.readTextFileSync(shown(placesOf(this.env, this.cwd).log));
      return text.trimEnd().split("\n").slice(-lines).join("\n");
    } catch (error) {
      return String(error); // of a failure, so nothing is to hide it
    }
  }

  /** Ends the daemon and removes all folders. */
  close(): void {
    if (this.hasDaemon && this.#isKnown) stopDaemon(this.env, this.cwd);
    else if (this.hasDaemon && this.programs !== undefined) this.zccache(["stop"]);
    Deno.removeSync(this.root, { recursive: true });
  }

  /** Of another user's cache only he is told. */
  get #isKnown(): boolean {
    return this.#before.length === 0 && this.programs?.isOfHere === true;
  }

  #counters(): Record<string, number> {
    if (this.#isKnown) return outcomesCounted(this.env, this.cwd);
    const { code, stdout, stderr } = this.zccache(["stats", "--json"]);
    if (code !== 0) throw new Error(`zccache stats --json ended with ${code}: ${stderr}`);
    return JSON.parse(stdout).by_outcome;
  }

  /** The same line through the cache. */
  #through(line: CommandLine): CommandLine {
    if (this.peer !== undefined) {
      return naming(this.peer.before, { ...line, argv: [...this.peer.before, ...line.argv] });
    }
    if (this.mode === "plain" || this.programs === undefined) return naming([], line);
    if (this.mode === "masquerade") {
      const path = `${this.root}/masks:${this.env.get("PATH")}`;
      return naming([], { ...line, assignments: [["PATH", path], ...line.assignments] });
    }
    const before = this.mode === "launcher" ? [this.programs.launcher] : [this.programs.zccache, "wrap"];
    return naming(before, { ...line, argv: [...before, ...line.argv] });
  }

  #putMasks(): void {
    if (this.programs === undefined) throw new Error("No executable to stand for tools");
    Deno.mkdirSync(`${this.root}/masks`);
    for (const name of masks) Deno.symlinkSync(this.programs.zccache, `${this.root}/masks/${name}`);
  }

  /** Through a shell file, so that umask, limits, redirections and any byte in a word are exactly the user's. */
  #shell(line: CommandLine): Ran {
    const assignments = line.assignments.map(([name, value]) => `export ${name}=${shellQuote(value)}`);
    const command = [
      ...[...this.#before, ...line.argv].map(shellQuote),
      ...line.redirections.map(shellRedirection),
    ].join(" ");
    const file = `${this.root}/line.sh`;
    // On one line, so that what the shell says itself is the same however many words come before.
    const text = [`umask ${this.umask}`, ...this.limits, ...assignments, `exec ${command}`];
    Deno.writeTextFileSync(file, text.join("; ") + "\n");
    const child = new Deno.Command("timeout", {
      args: ["-s", "KILL", String(deadlineMs / 1000), "/bin/sh", file],
      cwd: this.cwd,
      env: Object.fromEntries(this.env),
      clearEnv: true,
      stdin: "null",
    }).outputSync();
    return {
      code: child.code,
      stdout: bytewise.decode(child.stdout),
      stderr: bytewise.decode(child.stderr),
    };
  }
}

/** Of another cache only the bytes count, and that they are there, where it ran the tool at all. */
function ofResult(differences: readonly string[], plain: Ran, ran: Ran): string[] {
  return plain.code === ran.code
    ? differences.filter((text) => /: (?:differs from byte|only the plain run made it)/.test(text))
    : [];
}

/** The line with a variable that holds what stands before its tool. */
function naming(before: readonly string[], line: CommandLine): CommandLine {
  return { ...line, assignments: [...line.assignments, ["THROUGH", before.join(" ")]] };
}

/** Temporary names are drawn anew by each run of a tool: as many of each form must be there, not the same. */
function temporaryNames(tree: Tree): string {
  return [...tree.keys()].map(withoutDrawn).sort().join(" ");
}

/** Lets the kernel's coarse clock move on, as it does between two steps of a real build. */
function settle(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 12);
}

function waitForEnd(pid: number): void {
  for (let i = 0; i < 500; i++) {
    try {
      const state = Deno.readTextFileSync(`/proc/${pid}/stat`);
      if (/\) Z /.test(state)) return;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    settle();
  }
  throw new Error(`Process ${pid} did not end after SIGKILL`);
}
