/**
 * The engine must notice a cache that is wrong. Each row is a false cache, a script in the executable's place, and
 * what the engine has to say about it; the first row is a true one, about which it must say nothing.
 *
 * @module
 */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Facts, readScenario, runScenario, skipReason } from "./engine.ts";
import { compareTrees, restoreTree, takeTree } from "./tree.ts";

const facts: Facts = { mode: "one-shot", root: false, onPath: (program) => program === "there" };

/** Runs a scenario with a false cache: `wrapped` runs with the tool's words as "$@". */
function withCache(wrapped: string, script: string): void {
  const folder = Deno.makeTempDirSync({ prefix: "zs-" });
  try {
    const zccache = `${folder}/zccache`;
    const text = `#!/bin/sh
case $1 in
wrap) shift; echo >>$HOME/runs; ${wrapped};;
stats) printf '{"by_outcome":{"hit":%d}}' $(cat $HOME/runs 2>/dev/null | wc -l);;
esac
`;
    Deno.writeTextFileSync(zccache, text, { mode: 0o755 });
    runScenario(readScenario("sample", script), facts, { zccache, launcher: zccache });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const script = `# It must hold.
chmod 755 tool
./tool one
outcome hit
# Second phase.
./tool two
stdout said
-- tool --
#!/bin/sh
echo "$1" >out; echo side >side; echo said; echo warned >&2
`;

const wrong = [
  { name: "a right cache", wrapped: 'exec "$@"', want: undefined },
  { name: "other bytes", wrapped: '"$@"; echo stale >out', want: "out: differs from byte 0 on" },
  { name: "a lost side file", wrapped: '"$@"; rm side', want: "side: only the plain run made it" },
  { name: "a stray file", wrapped: '"$@"; echo x >stray', want: "stray: only the cached run made it" },
  { name: "another mode", wrapped: '"$@"; chmod 600 out', want: "out: mode 644 when plain, 600 when cached" },
  {
    name: "an old time",
    wrapped: '"$@"; touch -d 2001-01-01 out',
    want: "out: its time is older than the run",
  },
  {
    name: "a link instead of a file",
    wrapped: '"$@"; mv out o; ln -s o out',
    want: "out: file when plain, link",
  },
  {
    name: "a second hard link",
    wrapped: '"$@"; ln out $HOME/kept',
    want: "out: number of hard links 1 when plain, 2",
  },
  { name: "lost warnings", wrapped: 'exec "$@" 2>/dev/null', want: "stderr when plain:\nwarned" },
  { name: "added text", wrapped: 'echo cached; exec "$@"', want: "stdout when cached:\ncached" },
  { name: "another exit code", wrapped: '"$@"; exit 3', want: "exit code 0 when plain, 3 when cached" },
  {
    name: "a leftover in TMPDIR",
    wrapped: '"$@"; : >$TMPDIR/left',
    want: 'TMPDIR holds "" when plain, "left"',
  },
];
for (const { name, wrapped, want } of wrong) {
  Deno.test(`runScenario() ${want === undefined ? "accepts" : "notices"} ${name}`, () => {
    if (want === undefined) withCache(wrapped, script);
    else assertStringIncludes(assertThrows(() => withCache(wrapped, script), Error).message, want);
  });
}

Deno.test("runScenario() notices another outcome, and counts only the last run", () => {
  const wanted = "# x\n./tool\n./tool\noutcome hit\n./tool\noutcome miss\n-- tool --\n";
  const message = assertThrows(() => withCache("true", wanted.replaceAll("./tool", "true")), Error).message;
  assertStringIncludes(message, "the outcome was hit, expected miss");
});

Deno.test("runScenario() prints the failing phase only", () => {
  const message =
    assertThrows(() => withCache('exec "$@"', "# x\ntrue\n# Later.\ntrue\n! true\n"), Error).message;
  assertEquals(message, "sample: x\n# Later.\n> true\n> ! true\nIt was expected to fail and did not");
});

Deno.test("runScenario() refuses a word that it does not know", () => {
  assertThrows(() => withCache("true", "# x\nnosuchword\n"), Error, "neither a word");
});

Deno.test("readScenario() asks for the sentence that must hold", () => {
  assertThrows(() => readScenario("s", "true\n"), Error, "the first line must say");
});

Deno.test("skipReason() follows conditions, and names the reason", () => {
  const reason = (line: string) => skipReason(readScenario("s", `# x\n${line}\ntrue\n`), facts);
  assertEquals(reason("[!nosuch] skip 'needs nosuch'"), "needs nosuch");
  assertEquals(reason("[!there] skip 'needs there'"), undefined);
  assertEquals(reason("[one-shot] [!root] skip 'both'"), "both");
  assertEquals(reason("[daemon] skip 'daemon only'"), undefined);
});

Deno.test("restoreTree() puts back bytes, modes, links, and leaves what did not change alone", () => {
  const folder = Deno.makeTempDirSync({ prefix: "zs-" });
  const at = (name: string) => `${folder}/${name}`;
  try {
    Deno.mkdirSync(at("d"));
    for (const name of ["kept", "edited", "removed", "d/replaced"]) Deno.writeTextFileSync(at(name), name);
    Deno.linkSync(at("removed"), at("twin"));
    Deno.symlinkSync("kept", at("link"));
    const old = new Date(1e12);
    for (const name of ["kept", "edited", "removed", "d/replaced"]) Deno.utimeSync(at(name), old, old);
    const before = takeTree(folder);
    Deno.writeTextFileSync(at("edited"), "other");
    Deno.removeSync(at("removed"));
    Deno.writeTextFileSync(at("new"), "new");
    Deno.renameSync(at("new"), at("d/replaced"));
    Deno.removeSync(at("link"));
    Deno.mkdirSync(at("made/deep"), { recursive: true });
    assertEquals(restoreTree(folder, before), true);
    const after = takeTree(folder);
    const compared = compareTrees({
      before,
      plain: before,
      cached: after,
      cachedStart: 0,
      isLoose: () => false,
    });
    assertEquals(compared, []);
    assertEquals(after.get("kept")?.inode, before.get("kept")?.inode);
    assertEquals(after.get("edited")?.inode, before.get("edited")?.inode);
    assertEquals(after.get("removed")?.inode, after.get("twin")?.inode);
    assertEquals(restoreTree(folder, after), false);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
