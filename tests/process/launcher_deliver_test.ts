/**
 * HIT: what the launcher does with every kind of target (soundness 5.1), and that it leaves nothing behind where
 * it cannot. Each case runs through the static launcher and the sanitized one.
 */
import { assertEquals } from "@std/assert";
import { bytesOf } from "../../lib/base/bytes.ts";
import { ownFileTree } from "../../lib/daemon/file_tree.ts";
import { heldStyle, hitFlags, styles } from "../../lib/protocol/mod.ts";
import {
  answering,
  blobOf,
  hit,
  launchers,
  leftovers,
  newFolder,
  type Peer,
  play,
  zc,
} from "./fake_decider.ts";

const errors = { EACCES: 13, EEXIST: 17, ENOENT: 2, EISDIR: 21, ENODEV: 19 } as const;

interface TargetCase {
  name: string;
  style: keyof typeof styles;
  /** Shell: makes what is at `t` before. */
  before?: string;
  /** errno with which the launcher must refuse; undefined: it delivers. */
  refuses?: keyof typeof errors;
  /** Shell, and what it prints afterwards. */
  look: string;
  sees: string;
  asNobody?: boolean;
}

const stat = "stat -c '%a %h %F' t; cat t";
const kept = "old 640 1";
// deno-fmt-ignore: a row stays a line
const cases: TargetCase[] = [
  { name: "nothing", style: "replace", look: stat, sees: "644 1 regular file\nnew" },
  { name: "nothing", style: "write_through", look: stat, sees: "644 1 regular file\nnew" },
  { name: "nothing", style: "unknown", look: stat, sees: "644 1 regular file\nnew" },
  { name: "a file of mode 0640", style: "replace", before: "echo old >t; chmod 640 t", look: stat, sees: "644 1 regular file\nnew" },
  { name: "a file of mode 0640", style: "write_through", before: "echo old >t; chmod 640 t", look: stat, sees: "640 1 regular file\nnew" },
  { name: "a file of mode 0640", style: "unknown", before: "printf 'old ' >t; chmod 640 t", refuses: "EEXIST", look: "cat t; stat -c '%a %h' t", sees: kept + "\n" },
  { name: "a plain file", style: "unknown", before: "echo old >t", look: stat, sees: "644 1 regular file\nnew" },
  { name: "a file with another link", style: "replace", before: "echo old >o; ln o t", look: "cat o t", sees: "old\nnew" },
  { name: "a file with another link", style: "write_through", before: "echo old >o; ln o t", look: "cat o t; stat -c %h t", sees: "newnew2\n" },
  { name: "a file with another link", style: "unknown", before: "echo old >o; ln o t", refuses: "EEXIST", look: "cat o t", sees: "old\nold\n" },
  { name: "a symbolic link", style: "replace", before: "echo old >o; ln -s o t", look: "cat o t; stat -c %F t", sees: "old\nnewregular file\n" },
  { name: "a symbolic link", style: "write_through", before: "echo old >o; chmod 600 o; ln -s o t", look: "cat o t; stat -c %F t; stat -c %a o", sees: "newnewsymbolic link\n600\n" },
  { name: "a symbolic link", style: "unknown", before: "echo old >o; ln -s o t", refuses: "EEXIST", look: "cat o; stat -c %F t", sees: "old\nsymbolic link\n" },
  { name: "a dangling link", style: "replace", before: "ln -s o t", refuses: "ENOENT", look: "stat -c %F t; ls", sees: "symbolic link\nt\n" },
  { name: "a dangling link", style: "write_through", before: "ln -s o t", refuses: "ENOENT", look: "stat -c %F t; ls", sees: "symbolic link\nt\n" },
  { name: "a read-only file", style: "replace", before: "echo old >t; chmod 444 t", refuses: "EACCES", look: "cat t", sees: "old\n" },
  { name: "a read-only file", style: "write_through", before: "echo old >t; chmod 444 t", refuses: "EACCES", look: "cat t", sees: "old\n" },
  { name: "a folder", style: "replace", before: "mkdir t", refuses: "EISDIR", look: "ls", sees: "t\n" },
  { name: "a link to a folder", style: "replace", before: "mkdir d; ln -s d t", refuses: "EISDIR", look: "stat -c %F t", sees: "symbolic link\n" },
  { name: "a fifo", style: "write_through", before: "mkfifo t", refuses: "ENODEV", look: "stat -c %F t", sees: "fifo\n" },
  { name: "a device", style: "replace", before: "mknod t c 1 3", refuses: "ENODEV", look: "stat -c %F t", sees: "character special file\n" },
  { name: "a missing folder", style: "replace", before: "ln -s gone/x t", refuses: "ENOENT", look: "ls", sees: "t\n" },
  { name: "a running program", style: "replace", before: "cp /bin/sleep t; ./t 1 >/dev/null & sleep 0.1", look: "cat t", sees: "new" },
  { name: "a file in a folder we may not write", style: "replace", before: "echo old >t; chmod 666 t; chmod 755 .", asNobody: true, look: "cat t; stat -c %a t; ls", sees: "new666\nt\n" },
  { name: "a file in a folder we may not write", style: "unknown", before: "echo old >t; chmod 644 t; chown 65534 t; chmod 755 .", asNobody: true, refuses: "EACCES", look: "cat t", sees: "old\n" },
  { name: "nothing in a folder we may not write", style: "replace", before: "chmod 755 .", asNobody: true, refuses: "EACCES", look: "ls", sees: "" },
  { name: "another's file in a sticky folder", style: "replace", before: "echo old >t; chmod 666 t; chmod 1777 .", asNobody: true, look: "cat t; stat -c '%a %u' t; ls", sees: "new666 0\nt\n" },
  { name: "another's file", style: "write_through", before: "echo old >t; chmod 666 t; chmod 777 .", asNobody: true, look: "cat t; stat -c '%a %u' t", sees: "new666 0\n" },
];

const isRoot = Deno.uid() === 0;

/** A file comes as a blob's path, or as what it holds. */
const ways = [
  { name: "", style: 0, source: () => blobOf("new") },
  { name: " of a held text", style: heldStyle, source: () => "new" },
];

for (const [launcher, way] of launchers.flatMap((launcher) => ways.map((way) => [launcher, way] as const))) {
  for (const row of cases) {
    const means = row.refuses ? `refuses with ${row.refuses}` : "delivers";
    const name = `HIT (${launcher.name})${way.name} onto ${row.name}, style ${row.style}: ${means}`;
    // Only root can play another user or make a device.
    Deno.test({ name, ignore: !isRoot && (row.asNobody === true || row.name === "a device") }, async () => {
      const folder = newFolder(), { asNobody } = row;
      const files = [{ style: styles[row.style] | way.style, mode: 0o666, path: "t", source: way.source() }];
      const decide = answering(hit({ files, out: bytesOf("said") }), { name: "pass", outcome: "" });
      if (row.before) await play({ launcher, folder, script: row.before });
      const told = await play({ launcher, folder, asNobody, decide, script: `umask 022; ${zc} echo ran` });
      assertEquals(told.err, "");
      assertEquals(told.out, row.refuses ? "ran\n" : "said");
      assertEquals(told.heard.map((message) => message.name), row.refuses ? ["ask", "cannot"] : ["ask"]);
      const refusal = told.heard.find((message) => message.name === "cannot");
      if (row.refuses) assertEquals([refusal?.errno, refusal?.path], [errors[row.refuses], "t"]);
      assertEquals((await play({ launcher, folder, script: row.look })).out, row.sees);
      assertEquals(leftovers(folder), []);
    });
  }
}

/** One file named `path` with these bytes, as a compiler would make it. */
function file(path: string, bytes = "new", mode = 0o666, style: keyof typeof styles = "replace") {
  return { style: styles[style], mode, path, source: blobOf(bytes) };
}

interface TextCase {
  name: string;
  script: string;
  hit: Parameters<typeof hit>[0];
  out: string;
  err?: string;
  code?: number;
}

const big = "0123456789abcdef".repeat(200_000);
const texts = { out: bytesOf("out\n"), err: bytesOf("err\n") };
// deno-fmt-ignore: a row stays a line
const hits: TextCase[] = [
  { name: "says both texts and ends with the status", script: `${zc} echo ran`, hit: { ...texts, status: 3 }, out: "out\n", err: "err\n", code: 3 },
  { name: "says one text on stdout", script: `${zc} echo ran`, hit: { out: bytesOf("a\0\xff"), flags: hitFlags.one_output }, out: "a\0\xff" },
  { name: "says megabytes", script: `${zc} echo ran | wc -c`, hit: { out: bytesOf(big) }, out: `${big.length}\n` },
  { name: "keeps the umask", script: `umask 027; ${zc} echo ran; stat -c %a x`, hit: { files: [file("x", "", 0o777)] }, out: "750\n" },
  { name: "makes folders with what is in them", script: `umask 022; ${zc} echo ran; stat -c %a d/e; cat d/e/x`, hit: { files: [file("d", "", 0o777, "folder"), file("d/e", "", 0o777, "folder"), file("d/e/x")] }, out: "755\nnew" },
  { name: "leaves folders that are there", script: `mkdir -m 700 d; ${zc} echo ran; stat -c %a d; cat d/x`, hit: { files: [file("d", "", 0o777, "folder"), file("d/x")] }, out: "700\nnew" },
  { name: "removes new folders where a later file is refused", script: `mkdir x; ${zc} echo ran; ls`, hit: { files: [file("d", "", 0o777, "folder"), file("d/y"), file("x")] }, out: "ran\nx\n" },
  { name: "makes symbolic links, over old ones too", script: `ln -s old l; ${zc} echo ran; readlink l`, hit: { files: [{ ...file("l", "", 0, "link"), source: "to/there" }] }, out: "to/there\n" },
  { name: "delivers odd names", script: `${zc} echo ran; cat -- "$(printf 'a b\\nc\\377')" ./-x`, hit: { files: [file("a b\nc\xff"), file("./-x", "2")] }, out: "new2" },
  { name: "delivers by absolute path to another file system", script: `${zc} echo ran; cat "$T"/x | wc -c; rm -r "$T"`, hit: { files: [file("SHM/x", big)] }, out: `${big.length}\n` },
  { name: "delivers empty files", script: `${zc} echo ran; stat -c %s x`, hit: { files: [file("x", "")] }, out: "0\n" },
  { name: "delivers empty held texts", script: `${zc} echo ran; stat -c %s x`, hit: { files: [{ ...file("x"), style: styles.replace | heldStyle, source: "" }] }, out: "0\n" },
  { name: "passes where a folder or link is said to hold a text", script: `${zc} echo ran; ls`, hit: { files: [{ ...file("x"), style: styles.link | heldStyle }] }, out: "ran\n" },
  { name: "passes where a blob is gone", script: `${zc} echo ran; ls`, hit: { files: [file("x"), { ...file("y"), source: "/nowhere/blob" }] }, out: "ran\n" },
  { name: "passes where a blob is a link", script: `ln -s /etc/passwd b; ${zc} echo ran; ls`, hit: { files: [{ ...file("y"), source: "b" }] }, out: "ran\nb\n" },
  { name: "passes where stdout is full, and leaves nothing", script: `${zc} sh -c 'echo x; echo ran >&2' >/dev/full; ls`, hit: { ...texts, files: [file("x")] }, out: "", err: "sh: 1: echo: echo: I/O error\nran\n" },
  { name: "passes where stdout is closed, and leaves nothing", script: `${zc} sh -c 'echo ran >&2' >&-; ls`, hit: { ...texts, files: [file("x")] }, out: "", err: "ran\n" },
  { name: "delivers with 0, 1 and 2 closed where nothing is said", script: `${zc} echo ran <&- >&- 2>&-; cat x`, hit: { files: [file("x")] }, out: "new" },
  { name: "passes where the reader has left", script: `{ sleep 0.2; ${zc} sh -c 'trap "" PIPE; echo more; echo ran >&2'; } | true; ls`, hit: { ...texts, files: [file("x")] }, out: "", err: "sh: 1: echo: echo: I/O error\nran\n" },
  { name: "passes at a file size limit, and leaves nothing", script: `(ulimit -f 1; ${zc} echo ran); ls`, hit: { files: [file("x", big)] }, out: "ran\n" },
  { name: "passes where a path holds NUL", script: `${zc} echo ran; ls`, hit: { files: [file("a\0b")] }, out: "ran\n" },
  { name: "passes where a path is empty", script: `${zc} echo ran; ls`, hit: { files: [file("")] }, out: "ran\n" },
  { name: "passes at an unknown style, and leaves nothing", script: `${zc} echo ran; ls`, hit: { files: [file("x"), { ...file("y"), style: 77 }] }, out: "ran\n" },
  { name: "starts with few descriptors", script: `(exec 3>&- 4>&- 5>&-; ulimit -n 6; ${zc} echo ran); ls | wc -l`, hit: { files: Array.from({ length: 40 }, (_, i) => file(`f${i}`)) }, out: "40\n" },
];

for (const launcher of launchers) {
  for (const row of hits) {
    Deno.test(`HIT (${launcher.name}) ${row.name}`, async () => {
      const folder = newFolder(), other = Deno.makeTempDirSync({ dir: "/dev/shm" });
      const files = row.hit.files?.map((one) => ({ ...one, path: one.path.replace("SHM", other) }));
      const decide = answering(hit({ ...row.hit, files: files ?? [] }), { name: "pass", outcome: "" });
      const told = await play({ launcher, folder, decide, script: row.script, env: { T: other } });
      assertEquals([told.out, told.err], [row.out, row.err ?? ""]);
      assertEquals(told.code, row.code ?? 0);
      assertEquals(leftovers(folder), []);
      await Deno.remove(other, { recursive: true }).catch(() => undefined); // the script may have removed it
    });
  }

  Deno.test(`HIT (${launcher.name}) ended by a signal while it speaks leaves nothing behind`, async () => {
    const folder = newFolder();
    const decide = answering(hit({ out: bytesOf(big), files: [file("x")] }));
    const script =
      `mkfifo f; exec 3<>f; ${zc} echo ran >f & sleep 0.2; ls -a | grep -c zc-; kill -TERM $!; wait $!; echo $?`;
    const told = await play({ launcher, folder, decide, script });
    assertEquals(told.out, "1\n143\n");
    assertEquals(leftovers(folder), []);
  });
}

Deno.test("HIT asks with the umask, the folder, the words and the environment as they are", async () => {
  const script =
    `cd /; umask 027; A=1 exec env -i B="$(printf 'x\\377')" C= ${zc} sh -c "" "$(printf 'a\\nb\\377 ')"`;
  const told = await play({ launcher: launchers[0], script, decide: answering(hit({})) });
  const ask = told.heard[0];
  if (ask?.name !== "ask") throw new Error(`heard ${ask?.name}`);
  assertEquals([ask.cwd, ask.umask, ask.env], ["/", 0o027, "B=x\xff\0C=\0"]);
  assertEquals(ask.argv, ["sh", "-c", "", "a\nb\xff "]);
  assertEquals(ask.tool, "/bin/sh");
  assertEquals({ namespace: ask.namespace, root: ask.root }, ownFileTree());
});

Deno.test("HIT after 200 KB of arguments", async () => {
  const told = await play({
    launcher: launchers[0],
    script: `${zc} echo $(seq 40000); echo end`,
    decide: async (peer: Peer) => {
      const ask = await peer.expect("ask");
      await peer.say(hit({ out: bytesOf(`${ask.argv.length} ${ask.argv.at(-1)}\n`) }));
    },
  });
  assertEquals(told.out, "40001 40000\nend\n");
});
