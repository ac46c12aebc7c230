/**
 * A scenario's daemon from its start to its end, without a process for each: `zccache start` and `zccache stop` would take
 * as long as all of a small scenario. `tests/process` and the words `stop` and `kill` try the commands themselves.
 *
 * @module
 */
import { shown } from "../../lib/base/bytes.ts";
import { CacheError } from "../../lib/base/errors.ts";
import { answers, askAdmin, findPlaces, isKept, ownerOf, type Places } from "../../lib/daemon/mod.ts";
import { libc } from "../../lib/os/mod.ts";

libc(); // opened once for all tests

const lookEveryMs = 2, deadlineMs = 20_000;
/** An older client than every daemon: none ends on its account. */
export const oldBuild = 0n;

type Variables = ReadonlyMap<string, string>;

/** Where the cache that these variables name has its socket and lock. @throws {Error} where they cannot be */
export function placesOf(env: Variables, cwd: string): Places {
  const places = findPlaces({
    uid: Deno.uid()!,
    cwd,
    cacheDir: env.get("ZCCACHE_CACHE_DIR"),
    endpoint: env.get("ZCCACHE_ENDPOINT"),
    home: env.get("HOME"),
    runtimeDir: env.get("XDG_RUNTIME_DIR"),
  });
  if (places instanceof CacheError) throw places;
  return places;
}

/** Starts a daemon of `zccache` as a client does, and waits until it answers. @throws {Error} where it does not */
export function startDaemon(zccache: string, env: Variables, cwd: string): void {
  const places = placesOf(env, cwd), log = shown(places.log);
  Deno.mkdirSync(log.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o700 });
  const script = 'umask 077; cd / && setsid "$1" --serve --spawned </dev/null >>"$2" 2>&1 &';
  const { success } = new Deno.Command("sh", {
    args: ["-c", script, "sh", zccache, log],
    env: Object.fromEntries([...env].filter(([name]) => isKept(`${name}=`))),
    clearEnv: true,
    stdout: "null",
    stderr: "null",
  }).outputSync();
  if (!success) throw new Error(`Cannot start ${zccache}`);
  waitUntil("The daemon does not answer", () => answers(places.socket));
}

/** Ends the daemon in good order, if there is one. @throws {Error} where it goes on */
export function stopDaemon(env: Variables, cwd: string): void {
  const places = placesOf(env, cwd);
  askAdmin(ownerOf(places) ?? places.socket, { verb: "stop", build: oldBuild, deadlineMs });
  waitUntil("The daemon does not end", () => ownerOf(places) === undefined);
}

function waitUntil(problem: string, holds: () => boolean): void {
  const looked = new Int32Array(new SharedArrayBuffer(4));
  for (const end = Date.now() + deadlineMs; !holds(); Atomics.wait(looked, 0, 0, lookEveryMs)) {
    if (Date.now() > end) throw new Error(problem);
  }
}
