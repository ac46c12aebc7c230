/**
 * A decider for tests of the launcher: it says what a test tells it to say, whole, broken or not at all.
 *
 * The launchers under test are built here with short deadlines: one static, as installed, and one with
 * sanitizers, so that each table of cases runs through both.
 *
 * @module
 */
import { bytesOf, byteString } from "../../lib/base/bytes.ts";
import { parts } from "../../lib/native/parts.ts";
import { libc } from "../../lib/os/mod.ts";
import type { AnyMessage, Message } from "../../lib/protocol/mod.ts";
import { buildId, Peer } from "./peer.ts";

export { runPlainly } from "../../lib/protocol/testing.ts";
export { buildId, Peer } from "./peer.ts";

const source = new URL("../../lib/native/launcher.c", import.meta.url).pathname;
/** Both deadlines of the launchers under test, and how long they wait for an equal run. */
export const deadlineMs = 400, waitLimitMs = 800;
/** How long they wait to be heard where nothing depends on it. */
export const leftDeadlineMs = 100;
const warnings = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
const deadlines = [
  `-DZC_ANSWER_DEADLINE_MS=${deadlineMs}`,
  `-DZC_REPORT_DEADLINE_MS=${deadlineMs}`,
  `-DZC_LEFT_DEADLINE_MS=${leftDeadlineMs}`,
  `-DZC_WAIT_LIMIT_MS=${waitLimitMs}`,
];

export interface Launcher {
  name: string;
  path: string;
}

function compile(name: string, options: string[]): Launcher {
  const path = `${Deno.makeTempDirSync()}/launcher`;
  Deno.chmodSync(path.slice(0, path.lastIndexOf("/")), 0o755);
  const made = new Deno.Command("cc", { args: [...warnings, ...options, source, "-o", path] }).outputSync();
  if (!made.success) throw new Error(`cc ${name}: ${new TextDecoder().decode(made.stderr)}`);
  return { name, path };
}

/** The launcher as it is installed but for its deadlines, and the same under sanitizers. */
export const launchers: Launcher[] = [
  compile("static", ["-O2", ...parts.launcher.options[0], ...deadlines]),
  compile("sanitized", [
    "-O1",
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    ...deadlines,
  ]),
];
export const plain = launchers[0];

/** The launcher with its real deadlines and no optimisation, for runs under valgrind. */
export function forValgrind(): Launcher {
  return compile("dynamic", ["-O0", "-g"]);
}

const system = libc(); // loaded here, or the first test to use it would be taken for a leak

export interface Told {
  code: number;
  signal: Deno.Signal | null;
  /** Byte strings. */
  out: string;
  err: string;
  heard: AnyMessage[];
  ms: number;
}

export interface Scene {
  launcher: Launcher;
  /** Run by sh in a fresh folder; "$L" stands for the launcher's path, "$S" for the socket. Default: `zc TOOL`. */
  script: string;
  /** What the decider does once asked; undefined: nobody listens. */
  decide?: (peer: Peer, folder: string) => Promise<void>;
  env?: Record<string, string>;
  folder?: string;
  /** Play it as user 65534, the decider too; for cases in which root meets no refusal. Needs root. */
  asNobody?: boolean;
  /** Only the decider is user 65534. */
  listenAsNobody?: boolean;
}

/** Shell words that call the launcher as the engine does. */
export const zc = `"$L" --socket "$S" --build ${buildId.toString(16)} --`;

/** A new folder that every user may write to. */
export function newFolder(): string {
  const folder = Deno.makeTempDirSync();
  Deno.chmodSync(folder, 0o777);
  return folder;
}

function listenAt(path: string): Deno.Listener {
  return Deno.listen({ transport: "unix", path });
}

/**
 * The kernel shows as peer who called listen(); this thread is another user for just that call.
 * `syscall` and not libc's setreuid, which would change every thread.
 */
function listenAsNobody(path: string): Deno.Listener {
  const setreuid = 113n, same = 0xffffffffn; // x86-64; -1 as uid_t: leave the real one
  system.syscall(setreuid, same, 65534n);
  try {
    return listenAt(path);
  } finally {
    system.syscall(setreuid, same, 0n);
  }
}

/** Plays one scene to its end. A decider that fails fails the test. */
export async function play(scene: Scene): Promise<Told> {
  const folder = scene.folder ?? newFolder();
  const socket = `${newFolder()}/s`;
  const listener = scene.decide &&
    (scene.asNobody || scene.listenAsNobody ? listenAsNobody(socket) : listenAt(socket));
  const heard: AnyMessage[] = [];
  const serving = listener && serve(listener, scene.decide!, folder, heard);
  const began = performance.now();
  const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
  const [command, ...args] = [...scene.asNobody ? nobody : [], "sh", "-c", scene.script];
  const told = await new Deno.Command(command, {
    args,
    cwd: folder,
    env: { L: scene.launcher.path, S: socket, ASAN_OPTIONS: "detect_leaks=0", ...scene.env },
    stdin: "null",
  }).output();
  const ms = performance.now() - began;
  listener?.close();
  await serving;
  return {
    code: told.code,
    signal: told.signal,
    out: byteString(told.stdout),
    err: byteString(told.stderr),
    heard,
    ms,
  };
}

async function serve(
  listener: Deno.Listener,
  decide: NonNullable<Scene["decide"]>,
  folder: string,
  heard: AnyMessage[],
): Promise<void> {
  const talks: Promise<void>[] = [];
  try {
    for await (const connection of listener) {
      const peer = new Peer(connection);
      talks.push(
        decide(peer, folder).finally(() => {
          heard.push(...peer.heard);
          try {
            connection.close();
          } catch (error) {
            if (!(error instanceof Deno.errors.BadResource)) throw error; // the decider closed it by itself
          }
        }),
      );
    }
  } finally {
    await Promise.all(talks);
  }
}

/** A read-only file as in the store, with these bytes; its path. */
export function blobOf(bytes: string): string {
  const path = `${newFolder()}/blob`;
  Deno.writeFileSync(path, bytesOf(bytes), { mode: 0o444 });
  return path;
}

/** Temporary files of the launcher in `folder`. */
export function leftovers(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) => name.startsWith(".zc-"));
}

/** A hit with everything at its default. */
export function hit(parts: Partial<Message<"hit">>): Message<"hit"> {
  const none = new Uint8Array();
  return { name: "hit", status: 0, flags: 0, out: none, err: none, files: [], ...parts };
}

/** Whether what is said is heard: on a busy machine a launcher may have gone meanwhile. */
async function isHeard(said: Promise<void>): Promise<boolean> {
  try {
    await said;
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** A decider that gives one answer and hears the rest. */
export function answering(...answers: AnyMessage[]): NonNullable<Scene["decide"]> {
  return async (peer) => {
    for (const answer of answers) {
      if (await peer.next() === undefined || !await isHeard(peer.say(answer))) return;
    }
    while (await peer.next() !== undefined);
  };
}
