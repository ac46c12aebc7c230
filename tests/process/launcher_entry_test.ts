/**
 * How the launcher is entered: by its path without an engine before it, on a terminal, and under valgrind.
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { compose } from "../../lib/native/compose.ts";
import { bytesOf } from "../../lib/base/bytes.ts";
import { askFlags, styles } from "../../lib/protocol/mod.ts";
import {
  answering,
  blobOf,
  forValgrind,
  hit,
  newFolder,
  plain,
  play,
  runPlainly,
  zc,
} from "./fake_decider.ts";

/** A launcher as installed: beside it the file that names the engine, here a script that says how it was called. */
function installed(engine = true): string {
  const folder = newFolder();
  Deno.copyFileSync(plain.path, `${folder}/zccache`);
  Deno.writeTextFileSync(`${folder}/engine`, '#!/bin/sh\necho engine "$@"\n', { mode: 0o755 });
  if (engine) Deno.writeTextFileSync(`${folder}/engine-path`, `${folder}/engine\n1122334455667788\n`);
  return `${folder}/zccache`;
}

interface EntryCase {
  name: string;
  /** `$Z` is the installed launcher. No daemon listens. */
  script: string;
  out: string;
  err?: string;
  code?: number;
  engine?: false;
}

// deno-fmt-ignore: a row stays a line
const entries: EntryCase[] = [
  { name: "hands a compile without a daemon to the engine", script: `"$Z" echo -c 'a b'`, out: "engine wrap -- echo -c a b\n" },
  { name: "understands wrap", script: `"$Z" wrap echo x; "$Z" wrap -- echo x`, out: "engine wrap -- echo x\n".repeat(2) },
  { name: "has the engine decide alone where no daemon may be started", script: `ZCCACHE_NO_SPAWN=1 "$Z" echo; ZCCACHE_DAEMON=off "$Z" echo`, out: "engine wrap --no-daemon -- echo\n".repeat(2) },
  { name: "hands everything else to the engine", script: `"$Z"; "$Z" --version; "$Z" wrap --help; "$Z" -s a`, out: "engine\nengine --version\nengine wrap --help\nengine -s a\n" },
  { name: "becomes the tool where the cache is switched off", script: `ZCCACHE_DISABLE=1 "$Z" echo ran; ZCCACHE_DISABLE=True "$Z" echo ran`, out: "ran\nran\n" },
  { name: "takes ZCCACHE_DISABLE=0 for on", script: `ZCCACHE_DISABLE=0 "$Z" echo`, out: "engine wrap -- echo\n" },
  { name: "has the engine look at a line where paths are strict", script: `ZCCACHE_STRICT_PATHS=absolute "$Z" echo; ZCCACHE_STRICT_PATHS=OFF ZCCACHE_DISABLE=1 "$Z" echo ran; "$Z" --strict-paths echo`, out: "engine wrap -- echo\nran\nengine --strict-paths echo\n" },
  { name: "becomes the tool for words that are no UTF-8", script: `"$Z" echo "$(printf 'a\\377')"`, out: "a\xff\n" },
  { name: "becomes the tool where memory is limited", script: `ulimit -v 900000; "$Z" echo ran`, out: "ran\n" },
  { name: "becomes the tool where files must stay small", script: `ulimit -f 100000; "$Z" echo ran; "$Z" run echo built`, out: "ran\nbuilt\n" },
  { name: "runs a build by the engine where that can start", script: `ulimit -f 200000; "$Z" run echo built`, out: "engine run echo built\n" },
  { name: "becomes the tool where processes must stay few", script: `exec prlimit --nproc=1000 "$Z" echo ran`, out: "ran\n" },
  { name: "becomes the tool without an engine", script: `"$Z" echo ran; HOME= "$Z" echo ran`, out: "ran\nran\n", engine: false },
  { name: "says how to use it without an engine", script: `"$Z"`, out: "", err: 'zccache: Cannot start the engine: the file "engine-path" beside the launcher does not name it\n', code: 2, engine: false },
  { name: "asks the engine for a home", script: `unset HOME; "$Z" echo`, out: "engine wrap -- echo\n" },
  { name: "hands the words of commands to the engine", script: `"$Z" stats --json; "$Z" help wrap; "$Z" wrap stats`, out: "engine stats --json\nengine help wrap\n", err: 'zccache: Cannot run "stats": not found on PATH\n', code: 127 },
  { name: "stands for the tool whose name it bears", script: `ln -s "$Z" "$HOME/expr"; PATH="$HOME:$PATH" expr 1 + 1; "$HOME/expr" 2; "$Z" "$HOME/expr" 3`, out: "engine wrap -- expr 1 + 1\nengine wrap -- /usr/bin/expr 2\nengine wrap -- /usr/bin/expr 3\n" },
  { name: "steps over itself, linked and copied, in two folders", script: `mkdir "$HOME/a" "$HOME/b"; ln -s "$Z" "$HOME/a/expr"; cp "$Z" "$HOME/b/expr"; export ZCCACHE_DISABLE=1 PATH="$HOME/a:$HOME/b:$PATH"; expr 1 + 1; "$HOME/b/expr" 1 + 2; "$Z" "$HOME/a/expr" 1 + 3; "$Z" sh -c 'expr 1 + 4'`, out: "2\n3\n4\n5\n" },
  { name: "finds no tool of its own name", script: `ln -s "$Z" "$HOME/no-such"; PATH="$HOME:$PATH" no-such; "$HOME/no-such"`, out: "", err: 'zccache: Cannot run "no-such": not found on PATH\n'.repeat(2), code: 127 },
  { name: "finds no tool", script: `"$Z" no-such-tool`, out: "", err: 'zccache: Cannot run "no-such-tool": not found on PATH\n', code: 127 },
  { name: "asks nobody where the socket's path is empty", script: `"$L" --socket "" -- echo ran`, out: "ran\n" },
  { name: "wants a tool", script: `"$L" --socket "$S" --`, out: "", err: "zccache: Cannot wrap: no tool is named\n", code: 2 },
];

for (const row of entries) {
  Deno.test(`ENTRY by path ${row.name}`, async () => {
    const env = { Z: installed(row.engine), HOME: newFolder(), XDG_RUNTIME_DIR: newFolder() };
    const told = await play({ launcher: plain, script: row.script, env });
    assertEquals([told.out, told.err, told.code], [row.out, row.err ?? "", row.code ?? 0]);
  });
}

/** dist/zccache in small: the launcher with a script as its engine. Its build id is one of its own. */
function carrying(script: string): { path: string; unpacked: string } {
  const path = `${newFolder()}/zccache`, id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  Deno.writeTextFileSync(`${path}-engine`, script);
  compose({ launcher: plain.path, engine: `${path}-engine`, id, to: path });
  return { path, unpacked: `/tmp/zccache-${Deno.uid()}-native/engine-${id}` };
}

// deno-fmt-ignore: a row stays a line
const carried: (EntryCase & { left?: false })[] = [
  { name: "unpacks the engine once and becomes it", script: `"$Z" stats; touch -d 2020-01-01 "$E"; "$Z" echo a; find "$E" -newermt 2021-01-01`, out: "engine stats\nengine wrap -- echo a\n" },
  { name: "replaces an engine that is cut short or not ours alone", script: `"$Z" stats; : >"$E"; "$Z" stats; chmod 777 "$E"; "$Z" stats; stat -c %a "$E"`, out: "engine stats\n".repeat(3) + "755\n" },
  { name: "becomes the tool where there is no room for the engine", script: `ulimit -f 0; exec "$Z" expr 1 + 1`, out: "2\n", left: false },
  { name: "says why the engine cannot start", script: `ulimit -f 0; exec "$Z" stats`, out: "", err: "zccache: Cannot start the engine: File too large\n", code: 2, left: false },
];
for (const row of carried) {
  Deno.test(`ENTRY with the engine behind it ${row.name}`, async () => {
    const { path, unpacked } = carrying('#!/bin/sh\necho engine "$@"\n');
    const env = { Z: path, E: unpacked, HOME: newFolder(), XDG_RUNTIME_DIR: newFolder() };
    try {
      const told = await play({ launcher: plain, script: row.script, env });
      assertEquals([told.out, told.err, told.code], [row.out, row.err ?? "", row.code ?? 0]);
      if (row.left === false) assertThrows(() => Deno.statSync(unpacked), Deno.errors.NotFound);
    } finally {
      if (row.left !== false) Deno.removeSync(unpacked);
    }
  });
}

Deno.test("ENTRY with the engine behind it unpacks once for many at the same time", async () => {
  const { path, unpacked } = carrying("#!/bin/sh\necho engine\n");
  const env = { Z: path, HOME: newFolder(), XDG_RUNTIME_DIR: newFolder() };
  try {
    const script = `for i in 1 2 3 4 5 6 7 8; do "$Z" stats & done; wait`;
    const told = await play({ launcher: plain, script, env });
    assertEquals([told.out, told.err, told.code], ["engine\n".repeat(8), "", 0]);
    const [folder, name] = [unpacked.replace(/\/[^/]*$/, ""), unpacked.replace(/^.*\//, "")];
    assertEquals([...Deno.readDirSync(folder)].filter((entry) => entry.name.startsWith(name)).length, 1);
  } finally {
    Deno.removeSync(unpacked);
  }
});

Deno.test("ENTRY by path asks the daemon that listens, with the build of its engine", async () => {
  const decide = answering(hit({ out: bytesOf("said\n") }));
  const told = await play({
    launcher: plain,
    script: `ZCCACHE_ENDPOINT="$S" "$Z" echo ran`,
    env: { Z: installed() },
    decide,
  });
  assertEquals(told.out, "said\n"); // a wrong build would have failed in the decider
});

Deno.test("ENTRY by path has the engine decide where the daemon sees another file tree", async () => {
  const script = `ZCCACHE_ENDPOINT="$S" "$Z" echo ran`;
  const said = async (outcome: string, script: string) => {
    const decide = answering({ name: "pass", outcome });
    return (await play({ launcher: plain, script, env: { Z: installed() }, decide })).out;
  };
  assertEquals(await said("pass_other_file_tree", script), "engine wrap --elsewhere -- echo ran\n");
  assertEquals(await said("pass_other_file_tree", `${zc} echo ran`), "ran\n");
  for (const other of ["pass_other_file_tre", "pass_other_file_tree_", ""]) {
    assertEquals(await said(other, script), "ran\n");
  }
});

Deno.test({
  name: "ENTRY passes where another user listens",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    const decide = answering(hit({ out: bytesOf("said\n") }));
    const asRoot = `"$L" --socket "$S" -- echo ran`;
    const told = await play({ launcher: plain, script: asRoot, decide, listenAsNobody: true });
    assertEquals(told.out, "ran\n");
  },
});

Deno.test("ENTRY on a terminal says which descriptors and how large", async () => {
  const { tty0, tty1, tty2, one_output } = askFlags;
  const inner = `stty rows 24 cols 80; ${zc.replaceAll('"', "")} true`;
  const told = await play({
    launcher: plain,
    script: `script -qec '${inner}' log`,
    decide: answering(hit({})),
  });
  const ask = told.heard[0];
  if (ask?.name !== "ask") throw new Error(`heard ${ask?.name}: ${told.out}${told.err}`);
  assertEquals(ask.flags, tty0 | tty1 | tty2 | one_output);
  assertEquals(ask.window, 24 | 80 << 16);
});

Deno.test("ENTRY with closed and empty descriptors says so", async () => {
  const { stdin_closed, stdout_closed, stderr_closed, stdin_null } = askFlags;
  for (
    const [script, flags] of [
      [`${zc} true <&- >&- 2>&-`, stdin_closed | stdout_closed | stderr_closed],
      [`${zc} true </dev/null`, stdin_null],
      [`echo | ${zc} true`, 0],
    ] as const
  ) {
    const told = await play({ launcher: plain, script, decide: answering(hit({})) });
    const ask = told.heard[0];
    assertEquals([script, ask?.name === "ask" && ask.flags], [script, flags]);
  }
});

Deno.test("ENTRY: the terminal's interrupt reaches the tool once, and we end as it does", async () => {
  const inner = `${
    zc.replaceAll('"', "")
  } sh -c "trap \\"echo got; exit 9\\" INT; sleep 1; echo late"; echo $?`;
  const script = `{ sleep 0.4; printf '\\003'; sleep 0.6; } | script -qec '${inner}' log`;
  const told = await play({
    launcher: plain,
    script,
    decide: answering(runPlainly, { name: "done", outcome: "" }),
  });
  assertMatch(told.out, /^\^Cgot\r\n/);
  assert(!told.out.includes("late"));
});

const hasValgrind =
  new Deno.Command("sh", { args: ["-c", "command -v valgrind"], stdout: "null" }).outputSync().success;
for (
  const [name, answer] of [
    [
      "a hit",
      hit({
        out: bytesOf("ran\n"),
        files: [{ style: styles.replace, mode: 0o666, path: "x", source: blobOf("new") }],
      }),
    ],
    ["a run", runPlainly],
  ] as const
) {
  Deno.test({
    name: `ENTRY under valgrind: ${name} touches no memory that is not its own`,
    ignore: !hasValgrind,
    fn: async () => {
      const script = `valgrind -q --error-exitcode=99 --trace-children=no ${zc} echo ran`;
      const decide = answering(answer, { name: "done", outcome: "" });
      const told = await play({ launcher: forValgrind(), script, decide });
      assertEquals([told.out, told.err, told.code], ["ran\n", "", 0]);
    },
  });
}
