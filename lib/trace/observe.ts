/**
 * From questions to statements: what a traced run depended on, what it left behind, or why it cannot be kept.
 *
 * Pure: no file is looked at here. Events are taken in the order in which they happened over all processes, because the
 * order decides: a file read before the run wrote it is an input, one read afterwards is the run's own.
 *
 * Rules, each met as a wrong object first (soundness.md, prototypes' notes):
 * - opened: the content counts; looked at and never opened: size and time; probed: that it is there; not found: that it is not;
 * - a question about a path that the run then writes counts only where the run reads that path (before, or back
 *   afterwards), or where the program is no known compiler;
 * - created and gone at the end: neither input nor output;
 * - an append to an existing file outside the working folder that the run never reads is a log, and ignored.
 *
 * @module
 */
import { type Parts, partsOf } from "../base/paths.ts";
import { AbsentPaths } from "./absent.ts";
import {
  anyReader,
  differs,
  noObservation,
  type Observation,
  type Question,
  type Refused,
  strength,
} from "./observation.ts";
import { changes } from "./format.ts";
import { dropOwnQuestions, refusedAtEnd } from "./outputs.ts";
import { NamedPaths } from "./named.ts";
import { Processes } from "./processes.ts";
import type { TraceEvent } from "./read.ts";
import {
  alwaysAsked,
  belongsToSystem,
  clockRule,
  factRule,
  identityRule,
  ignoresVariable,
  isChance,
  isDescriptor,
  isMakeOfLto,
  type Refusal,
  standingInputs,
} from "./rules.ts";

/** Linux's numbers, as a record holds them. */
const errnos = { ENOENT: 2, EEXIST: 17, ENOTDIR: 20, EISDIR: 21, EINVAL: 22 } as const;

/** `cwd`: the run's working folder. `full`: as readRecord gives it. */
export function observe(
  events: readonly TraceEvent[],
  doubts: number,
  cwd: string,
  full: ReadonlySet<string> = new Set(),
): Observation | Refused {
  const observer = new Observer(cwd, { full });
  for (const event of events) observer.take(event);
  return observer.finish(doubts);
}

export class Observer {
  readonly #cwd: string;
  refused: Refused | undefined;
  /** What was seen so far; only `finish` says what of it counts. */
  readonly found: Observation;
  /** Names of all files that were found, written or removed. */
  readonly #names = new Set<string>();
  readonly #removed = new NamedPaths<true>(this.#names);
  /** Paths that a program asked about whose habits we do not know. */
  readonly #askedByUnknown = new Set<string>();
  #unknownAsks = false;
  readonly #processes = new Processes();

  constructor(cwd: string, from: { full?: ReadonlySet<string>; parts?: (path: string) => Parts } = {}) {
    this.#cwd = cwd;
    const absent = new AbsentPaths(from.parts ?? partsOf);
    this.found = {
      ...noObservation(),
      files: new NamedPaths(this.#names),
      written: new NamedPaths(this.#names),
      variables: new Set(alwaysAsked),
      absent,
      full: from.full ?? new Set(),
    };
  }

  #refuse(refusal: Refusal, what: string): void {
    this.refused ??= { refusal, what };
  }

  /** Its paths are tidy. After a refusal nothing more is taken. */
  take(event: TraceEvent): void {
    if (this.refused !== undefined) return;
    this.#unknownAsks = this.#processes.classOf(event.image) !== "compiler";
    switch (event.kind) {
      case "hello":
      case "forked":
      case "exec":
      case "exec_failed":
      case "spawned":
      case "goodbye":
        return this.#process(event);
      case "ungated":
        return this.#refuse("pass_untraced_program", event.path);
      case "script":
        this.found.programs.add(event.path);
        this.#mayBeScript(event.path);
        return this.#ask("content", event.path, event.signature);
      case "open_read":
        if (this.#processes.classOf(event.image) === "interpreter" && !this.#isMakeOfLto(event.image)) {
          this.#mayBeScript(event.path);
        }
        if (isChance(event.path)) this.#chance(event.image);
        return this.#ask("content", event.path, event.signature, this.#processes.nameOf(event.image));
      case "library":
        return this.#ask("content", event.path, event.signature);
      case "stat":
        return this.#ask("stat", event.path, event.signature);
      case "lstat":
        return this.#ask("lstat", event.path, event.signature);
      case "probe":
        return this.#ask("exists", event.path, undefined);
      case "spawn":
        return;
      case "absent":
        return this.#missed(event.path);
      case "refused":
        return this.#answered(event.path, event.answer);
      case "list":
        return this.#isMakeOfLto(event.image) ? undefined : this.#listed(event.path);
      case "read_link":
        this.#ask("exists", event.path, undefined);
        return void this.#note(this.found.linkTexts, event.path, event.text);
      case "real_path":
        return void this.#note(this.found.physical, event.path, event.text);
      case "environment":
        return void this.found.variables.add(event.name);
      case "cwd":
        return; // it is in the key
      case "random":
        return this.#chance(event.image);
      case "clock":
        return this.#clock(event.clock, event.image);
      case "identity":
        return this.#identity(event.image);
      case "odd":
        return this.#refuse("pass_unmodelled", event.text);
      default:
        return this.#write(event);
    }
  }

  /**
   * As `take` is told of an absence in each of the first `count` of `folders`, which are tidy. A compiler looks for a
   * name before anything of that name was met, so mostly nothing contradicts it, and no path needs be put together. No
   * `name` is "." or "..".
   */
  takeSearch(image: number, folders: readonly string[], name: string, count = folders.length): void {
    if (this.refused !== undefined) return;
    this.#unknownAsks = this.#processes.classOf(image) !== "compiler";
    const plain = !this.#unknownAsks && !this.#names.has(name);
    if (plain && this.found.absent.addSearch(folders, name, count)) return;
    for (let i = 0; i < count; i++) this.#missed(folders[i] === "/" ? `/${name}` : `${folders[i]}/${name}`);
  }

  #clock(clock: string, image: number): void {
    const name = this.#processes.nameOf(image);
    if (clockRule(clock, this.#processes.classOf(image), name) === "refuse") this.#refuse("pass_time", name);
  }

  /** A seed may be any, where we know that it is one. */
  #chance(image: number): void {
    if (this.#processes.classOf(image) === "unknown") {
      this.#refuse("pass_random", this.#processes.nameOf(image));
    }
  }

  #process(event: Extract<TraceEvent, { pid: number }>): void {
    const { pid, image } = event;
    switch (event.kind) {
      case "hello":
        this.found.programs.add(event.path);
        if (this.#processes.hello(pid, image, event.path) !== "compiler") this.found.wholeEnvironment = true;
        return this.#ask("content", event.path, undefined);
      case "exec":
        return this.#processes.becomes(pid, event.path);
      case "exec_failed":
        this.#processes.stays(pid, image);
        if (event.answer === errnos.ENOENT || event.answer === errnos.ENOTDIR) {
          return this.#missed(event.path);
        }
        return this.#answered(event.path, event.answer);
      case "spawned":
        return this.#processes.spawned(pid);
      case "goodbye":
        return this.#processes.goodbye(pid);
    }
  }

  #mayBeScript(path: string): void {
    if (!belongsToSystem(path)) this.found.scripts.add(path);
  }

  #isMakeOfLto(image: number): boolean {
    return isMakeOfLto(this.#processes.nameOf(image), this.found.programs);
  }

  #identity(image: number): void {
    const name = this.#processes.nameOf(image);
    if (identityRule(name, this.#processes.classOf(image)) === "refuse") this.#refuse("pass_identity", name);
  }

  /** A yes: something is at `path`. */
  #ask(question: Question, path: string, signature: Uint8Array | undefined, reader?: string): void {
    const rule = question === "content" && isDescriptor(path) ? "refuse" : factRule(path);
    if (rule === "ignore") return;
    if (rule === "refuse") return this.#refuse("pass_irregular_input", path);
    const written = this.found.written.get(path);
    if (written !== undefined) {
      if (question === "content") written.read = true;
      return;
    }
    if (this.found.absent.has(path)) return this.#refuse("pass_input_changed", path);
    if (this.#unknownAsks) this.#askedByUnknown.add(path);
    const before = this.found.files.get(path);
    if (before === undefined) return void this.found.files.set(path, { question, signature, reader });
    if (differs(before, question, signature)) return this.#refuse("pass_input_changed", path);
    if (strength[question] > strength[before.question]) before.question = question;
    before.signature ??= question === "lstat" ? undefined : signature;
    if (reader !== undefined) before.reader = (before.reader ?? reader) === reader ? reader : anyReader;
  }

  /** A no: nothing is at `path`. */
  #missed(path: string): void {
    if (factRule(path) !== undefined) return;
    if (this.found.written.has(path) || this.#removed.has(path)) return;
    const before = this.found.files.get(path);
    // lstat answers for a dangling link, stat does not: both are true at once.
    if (before !== undefined && before.question !== "lstat" && before.question !== "exists") {
      return this.#refuse("pass_input_changed", path);
    }
    if (this.#unknownAsks) this.#askedByUnknown.add(path);
    this.found.absent.add(path);
  }

  #answered(path: string, errno: number): void {
    if (factRule(path) !== undefined || this.found.written.has(path)) return;
    if (errno === errnos.EINVAL || errno === errnos.EISDIR) return this.#ask("exists", path, undefined);
    this.found.refused.set(path, errno);
  }

  #listed(path: string): void {
    if (factRule(path) !== undefined) return;
    if (this.found.written.get(path)?.style === "folder") return;
    this.found.listings.add(path);
  }

  #note(map: Map<string, string>, path: string, text: string): void {
    if (factRule(path) === undefined && !this.found.written.has(path)) map.set(path, text);
  }

  #write(event: TraceEvent): void {
    switch (event.kind) {
      case "create":
      case "truncate":
      case "update":
        return this.#wrote(event.path, event.kind, event.before);
      case "append":
        return this.#appended(event.path, event.before);
      case "write_refused":
        return this.#writeRefused(event.path, event.answer);
      case "rename":
        return this.#renamed(event.path, event.to, event.before);
      case "link":
        return this.#linked(event.path, event.to);
      case "symlink":
        return this.#make(event.path, "link", event.text);
      case "mkdir":
        return this.#make(event.path, "folder", "");
      case "unlink":
      case "rmdir":
        return this.#remove(event.path);
      case "change": {
        return this.#changed(event.path, event);
      }
    }
  }

  #changed(path: string, { answer, image }: TraceEvent): void {
    if (factRule(path) !== undefined) return;
    // Of an output the bytes count as they are in the end, and its mode; nothing else is given back.
    const written = this.found.written.get(path);
    if (written === undefined) return this.#refuse("pass_unmodelled", `change of ${path}`);
    if (answer === changes.kept_apart) written.setApart = true;
    // Linkers and archivers compute a mode from the umask; others mean the one they give.
    if (answer === changes.mode && this.#processes.classOf(image) !== "compiler") {
      this.found.givesModes = true;
    }
  }

  #wrote(path: string, how: "create" | "truncate" | "update", before: Uint8Array | undefined): void {
    const rule = factRule(path);
    if (rule === "ignore") return;
    if (rule === "refuse") return this.#refuse("pass_irregular_output", path);
    const written = this.found.written.get(path);
    if (written !== undefined) {
      written.gone = false;
      return;
    }
    const read = this.found.files.get(path)?.question === "content";
    // An existing file opened for update may be read through the same descriptor.
    if (before !== undefined && how === "update" && !read) this.#ask("content", path, before);
    const style = this.#removed.has(path) ? "replace" : before === undefined ? "unknown" : "write_through";
    this.found.written.set(path, {
      style,
      read: read || (before !== undefined && how === "update"),
      gone: false,
      exclusive: how === "create",
      text: "",
    });
  }

  #appended(path: string, before: Uint8Array | undefined): void {
    if (this.found.written.has(path)) return;
    if (before === undefined) {
      // What it holds afterwards is all ours only as long as nothing is there.
      if (factRule(path) === undefined) this.found.absent.add(path), this.#askedByUnknown.add(path);
      return this.#wrote(path, "truncate", before);
    }
    if (factRule(path) === "ignore") return;
    if (this.found.files.get(path)?.question === "content" || path.startsWith(this.#cwd + "/")) {
      return this.#refuse("pass_appends", path);
    }
  }

  #writeRefused(path: string, errno: number): void {
    if (factRule(path) !== undefined) return;
    if (errno === errnos.ENOENT || errno === errnos.ENOTDIR) {
      if (!this.found.written.has(path)) this.found.unmade.add(path);
      return;
    }
    if (errno === errnos.EEXIST) return this.#ask("exists", path, undefined);
    this.found.refused.set(path, errno);
  }

  #renamed(from: string, to: string, before: Uint8Array | undefined): void {
    const source = from, target = to;
    const written = this.found.written.get(source);
    if (written === undefined || written.style === "folder") {
      return this.#refuse("pass_unmodelled", `rename of ${source}`);
    }
    const earlier = this.found.written.get(target);
    const read = this.found.files.get(target)?.question === "content" || earlier?.read === true;
    void before; // a rename replaces whatever is there
    this.found.written.set(target, {
      ...written,
      style: written.style === "link" ? "link" : "replace",
      read,
      gone: false,
    });
    written.gone = true;
  }

  #linked(from: string, to: string): void {
    const written = this.found.written.get(from);
    if (written === undefined) return this.#refuse("pass_unmodelled", `link to ${from}`);
    this.found.written.set(to, { ...written, style: "replace", gone: false });
  }

  #make(path: string, style: "link" | "folder", text: string): void {
    this.found.written.set(path, { style, read: false, gone: false, exclusive: true, text });
  }

  #remove(path: string): void {
    const written = this.found.written.get(path);
    if (written !== undefined) {
      written.gone = true;
      return;
    }
    if (factRule(path) === undefined) this.#removed.set(path, true);
  }

  finish(doubts: number): Observation | Refused {
    if (this.refused !== undefined) return this.refused;
    const found = this.found;
    const missing = this.#processes.missing();
    if (missing !== undefined) return missing;
    if (doubts !== 0) return { refusal: "pass_incomplete_trace", what: `doubts ${doubts}` };
    const refused = refusedAtEnd(found, new Set(this.#removed.keys()), this.#askedByUnknown);
    if (refused !== undefined) return refused;
    for (const path of standingInputs) {
      if (!found.files.has(path)) found.files.set(path, { question: "stat" });
    }
    dropOwnQuestions(found, this.#askedByUnknown);
    for (const name of found.variables) if (ignoresVariable(name)) found.variables.delete(name);
    return found;
  }
}
