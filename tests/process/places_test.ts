/**
 * The launcher (lib/native/places.h) and the engine (lib/daemon/places.ts) must look for one socket, or every
 * compile would start a daemon that no launcher finds.
 */
import { assertEquals } from "@std/assert";
import { CacheError } from "../../lib/base/errors.ts";
import { findPlaces } from "../../lib/daemon/places.ts";
import { libc, userId } from "../../lib/os/mod.ts";

libc(); // opened before the tests, which would call it a leak
const compiler = ["cc", "gcc", "clang"].find((name) => {
  try {
    return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false; // not installed
  }
});

const program = `#define _GNU_SOURCE
#include "places.h"
int main(void) { char path[MOST_SOCKET_PATH + 1]; return find_socket(path) ? (puts(path), 0) : 1; }
`;

/** Environments below a folder in which HOME, caches and runtime folders lie. */
const cases: { name: string; env: Record<string, string> }[] = [
  { name: "home and runtime folder", env: { HOME: "home", XDG_RUNTIME_DIR: "run" } },
  { name: "no runtime folder", env: { HOME: "home" } },
  { name: "a runtime folder that is not there", env: { HOME: "home", XDG_RUNTIME_DIR: "nowhere" } },
  { name: "a cache folder", env: { HOME: "home", XDG_RUNTIME_DIR: "run", ZCCACHE_CACHE_DIR: "cache" } },
  { name: "a cache folder behind a link", env: { XDG_RUNTIME_DIR: "run", ZCCACHE_CACHE_DIR: "link" } },
  {
    name: "a cache folder whose name is no text",
    env: { XDG_RUNTIME_DIR: "run", ZCCACHE_CACHE_DIR: "cäche \u{1F600}" },
  },
  { name: "an endpoint", env: { HOME: "home", XDG_RUNTIME_DIR: "run", ZCCACHE_ENDPOINT: "own.sock" } },
  {
    name: "a runtime folder whose socket path would be too long",
    env: { HOME: "home", XDG_RUNTIME_DIR: "l".repeat(70) },
  },
];

Deno.test({
  name: "launcher and engine look for the same socket",
  ignore: compiler === undefined,
  fn: async (t) => {
    const folder = Deno.realPathSync(Deno.makeTempDirSync());
    for (const name of ["home", "run", "cache", "l".repeat(70)]) {
      Deno.mkdirSync(`${folder}/${name}`, { mode: 0o700 });
    }
    Deno.symlinkSync("cache", `${folder}/link`);
    Deno.writeTextFileSync(`${folder}/socket.c`, program);
    const include = new URL("../../lib/native", import.meta.url).pathname;
    const built = new Deno.Command(compiler!, {
      args: ["-std=gnu11", "-I", include, "-o", `${folder}/socket`, `${folder}/socket.c`],
    }).outputSync();
    assertEquals(
      new TextDecoder().decode(built.stderr).includes("error"),
      false,
      new TextDecoder().decode(built.stderr),
    );
    for (const { name, env } of cases) {
      await t.step(name, () => {
        const full = Object.fromEntries(
          Object.entries(env).map(([key, value]) => [key, `${folder}/${value}`]),
        );
        const bytes = (key: string) =>
          full[key] && String.fromCharCode(...new TextEncoder().encode(full[key]));
        const places = findPlaces({
          uid: userId(),
          cwd: folder,
          home: bytes("HOME"),
          runtimeDir: bytes("XDG_RUNTIME_DIR"),
          cacheDir: bytes("ZCCACHE_CACHE_DIR"),
          endpoint: bytes("ZCCACHE_ENDPOINT"),
        });
        if (places instanceof CacheError) throw places;
        const { stdout } = new Deno.Command(`${folder}/socket`, { env: full, clearEnv: true }).outputSync();
        assertEquals(new TextDecoder().decode(stdout).trimEnd(), places.socket);
      });
    }
    Deno.removeSync(folder, { recursive: true });
  },
});
