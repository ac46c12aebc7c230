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

/** Lines of a shell; $CC is a compiler behind the launcher. */
const commands = [
  "$CC -c a.c -o a.o",
  "$CC -O1 -MMD -MF b.d -c b.c -o b.o",
  "$CC -g -c c.c -o c.o",
  "$CC a.o b.o c.o -o program",
  "rm a.o; $CC -c a.c -o a.o",
  "rm a.o; $CC -c a.c -o a.o",
  "echo '/* Edited. */ extern int own;' >own.h; $CC -g -c c.c -o c.o",
  "echo 'extern int own, other;' >own.h; $CC -g -c c.c -o c.o",
];

const startLimitMs = 10_000;

/** Writes the code of an ordinary day. @throws {Error} where the program fails at it, or V8 takes no code of its own. */
export async function train({ trainer, launcher, code }: Training): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "zccache-build-" }), socket = `${folder}/socket`;
  const env = {
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    ZCCACHE_ENDPOINT: socket,
    CC: `${launcher} --socket ${socket} -- cc`,
  };
  try {
    for (const [name, text] of Object.entries(sources)) Deno.writeTextFileSync(`${folder}/${name}`, text);
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const daemon = new Deno.Command(trainer, { args: [code, "--serve"], env, ...quiet }).spawn();
    try {
      await listening(socket);
      for (const line of exists(launcher) ? commands : []) {
        await must(["sh", "-c", line], { env, cwd: folder });
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
