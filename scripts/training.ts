/**
 * What the program does while scripts/build collects V8's code of it (lib/engine/program.ts): a day's usual things.
 *
 * A daemon learns compiles and answers them, then a command reads what it left. What never runs here has no code, and is
 * parsed when it is called first; so nothing depends on what this does but time.
 *
 * @module
 */
import { exists, must } from "./steps.ts";

export interface Training {
  /** The executable of lib/engine/training.ts. */
  trainer: string;
  /** The launcher; where there is none, nothing is compiled. */
  launcher: string;
  /** Where the code goes. */
  code: string;
}

/** Files that bring the usual: headers of the system and of one's own, comments, an edit between two compiles. */
const sources: Readonly<Record<string, string>> = {
  "own.h": "/* A number. */\nextern int own; // of ours\n",
  "a.c":
    '#include <stdio.h>\n#include <stdlib.h>\n#include "own.h"\nint own = 1;\nint main(void) { return puts("a"); }\n',
  "b.c":
    '#include <string.h>\n#include "own.h"\nint second(const char *text) { return (int)strlen(text) + own; }\n',
  "c.c": '#include <errno.h>\n#include "own.h"\nint third(void) { return errno + own; }\n',
};

/** A compiler behind the launcher, for a shell. */
const behindLauncher = 'zc() { "$LAUNCHER" --socket "$SOCKET" -- cc "$@"; }';
const commands = [
  "zc -c a.c -o a.o",
  "zc -O1 -MMD -MF b.d -c b.c -o b.o",
  "zc -g -c c.c -o c.o",
  "zc a.o b.o c.o -o program",
  "rm a.o; zc -c a.c -o a.o",
  "rm a.o; zc -c a.c -o a.o",
  "echo '/* Edited. */ extern int own;' >own.h; zc -g -c c.c -o c.o",
  "echo 'extern int own, other;' >own.h; zc -g -c c.c -o c.o",
];

const startLimitMs = 10_000;

/** Writes the code of an ordinary day. @throws {Error} where the program fails at it, or V8 takes no code of its own. */
export async function train({ trainer, launcher, code }: Training): Promise<void> {
  // Not where TMPDIR says: a socket's path must be short.
  const folder = Deno.makeTempDirSync({ dir: "/tmp", prefix: "zccache-build-" }), socket = `${folder}/socket`;
  // Whoever builds may have settings of his own, which name his cache.
  const settings = Object.keys(Deno.env.toObject()).filter((name) => name.startsWith("ZCCACHE_"));
  const env = {
    ...Object.fromEntries(settings.map((name) => [name, ""])),
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    ZCCACHE_CACHE_DIR: `${folder}/cache`,
    ZCCACHE_ENDPOINT: socket,
    LAUNCHER: launcher,
    SOCKET: socket,
  };
  try {
    for (const [name, text] of Object.entries(sources)) Deno.writeTextFileSync(`${folder}/${name}`, text);
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const daemon = new Deno.Command(trainer, { args: [code, "--serve"], env, ...quiet }).spawn();
    try {
      await listening(socket);
      for (const line of exists(launcher) ? commands : []) {
        await must(["sh", "-c", `${behindLauncher}; ${line}`], { env, cwd: folder });
      }
    } finally {
      daemon.kill();
      await daemon.status;
    }
    // Each takes the code there is, and adds its own.
    if (exists(launcher)) {
      await must([trainer, code, "wrap", "--no-daemon", "--", "cc", "-c", "b.c"], { env, cwd: folder });
    }
    await must([trainer, code, "stats"], { env });
  } finally {
    Deno.removeSync(folder, { recursive: true });
    removeUnpacked(trainer);
  }
}

/** Removes what the trainer has unpacked for itself (lib/native/unpack.ts): nobody else uses it. */
function removeUnpacked(trainer: string): void {
  const base = `/tmp/zccache-${Deno.uid()}-native`;
  for (const { name, isDirectory } of exists(base) ? [...Deno.readDirSync(base)] : []) {
    const named = `${base}/${name}/engine-path`;
    if (isDirectory && exists(named) && Deno.readTextFileSync(named).startsWith(`${trainer}\n`)) {
      Deno.removeSync(`${base}/${name}`, { recursive: true });
    }
  }
}

async function listening(socket: string): Promise<void> {
  for (const until = performance.now() + startLimitMs; performance.now() < until;) {
    if (exists(socket)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the daemon that collects V8's code does not listen");
}
