import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { fileSystemType, libc } from "../os/mod.ts";
import { isPackaged, Tree, type TreeOptions } from "./tree.ts";

libc(); // opened once for all tests

const quiet = { info() {}, warn() {} };

/** A tree, and a folder of files to change; both are gone afterwards. */
function withTree(
  body: (tree: Tree, at: (name: string) => string) => void,
  more: Partial<TreeOptions> = {},
): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-tree-" }));
  const tree = Tree.open({ log: quiet, mostWatches: 1000, fileSystemOf: fileSystemType, ...more });
  assert(typeof tree === "object", `inotify is refused: errno ${tree}`);
  try {
    body(tree, (name) => `${folder}/${name}`);
  } finally {
    tree.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

function sh(script: string, folder: string): void {
  const { success, stderr } = new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
}

/** What happens in the folder, with the path that it must touch. `before` runs before anybody looks. */
const touching: { name: string; before: string; path?: string; then: string }[] = [
  { name: "a write in place", before: "echo 1 > h", then: "echo 2 > h" },
  {
    name: "a write of the same size with times put back",
    before: "echo 1 > h; touch -r h t",
    then: "echo 2 > h; touch -r t h",
  },
  {
    name: "a write at an offset",
    before: "echo 12 > h",
    then: "printf x | dd of=h conv=notrunc 2>/dev/null",
  },
  { name: "a truncation", before: "echo 1 > h", then: ": > h" },
  { name: "an append", before: "echo 1 > h", then: "echo 2 >> h" },
  { name: "a rename over it", before: "echo 1 > h; echo 2 > n", then: "mv n h" },
  { name: "a removal", before: "echo 1 > h", then: "rm h" },
  { name: "new times", before: "echo 1 > h", then: "touch h" },
  { name: "a new mode", before: "echo 1 > h", then: "chmod 600 h" },
  { name: "a new name elsewhere", before: "echo 1 > h; mkdir d", then: "mv h d/h" },
  {
    name: "a write by a name that was linked later",
    before: "echo 1 > h; mkdir d",
    then: "ln h d/x; echo 2 > d/x",
  },
  { name: "a copy into it", before: "echo 1 > h; echo 2 > n", then: "cp n h" },
  { name: "its coming to be", before: ":", then: "echo 1 > h" },
  { name: "a link coming to be", before: "echo 1 > n", then: "ln -s n h" },
  {
    name: "its folder renamed and another one in its place",
    before: "mkdir d; echo 1 > d/h",
    path: "d/h",
    then: "mv d e; mkdir d; echo 2 > d/h",
  },
  {
    name: "an ancestor renamed",
    before: "mkdir -p a/b/c; echo 1 > a/b/c/h",
    path: "a/b/c/h",
    then: "mv a z",
  },
  {
    name: "an ancestor exchanged",
    before: "mkdir -p a/b z/b; echo 1 > a/b/h; echo 2 > z/b/h",
    path: "a/b/h",
    then: "mv a y; mv z a",
  },
  { name: "its folder removed", before: "mkdir d; echo 1 > d/h", path: "d/h", then: "rm -rf d" },
  {
    name: "its folder removed and made again",
    before: "mkdir d; echo 1 > d/h",
    path: "d/h",
    then: "rm -rf d; mkdir d; echo 2 > d/h",
  },
  { name: "a link to it turned", before: "echo 1 > v1; echo 2 > v2; ln -s v1 h", then: "ln -s v2 n; mv n h" },
  { name: "a write behind a link", before: "mkdir d; echo 1 > d/v; ln -s d/v h", then: "echo 2 > d/v" },
  {
    name: "the second of two links turned",
    before: "mkdir d; echo 1 > d/v1; echo 2 > d/v2; ln -s v1 d/l; ln -s d/l h",
    then: "ln -s v2 d/n; mv d/n d/l",
  },
  {
    name: "a link among its ancestors turned",
    before: "mkdir -p v1/i v2/i; echo 1 > v1/i/h; echo 2 > v2/i/h; ln -s v1 cur",
    path: "cur/i/h",
    then: "ln -s v2 n; mv -T n cur",
  },
  {
    name: "a write below a linked ancestor",
    before: "mkdir -p v1/i; echo 1 > v1/i/h; ln -s v1 cur",
    path: "cur/i/h",
    then: "echo 2 > v1/i/h",
  },
  { name: "what a dangling link names coming to be", before: "ln -s later h", then: "echo 1 > later" },
  {
    name: "a missing folder coming with all below",
    before: ":",
    path: "a/b/h",
    then: "mkdir -p a/b; echo 1 > a/b/h",
  },
  {
    name: "a tree moved to where nothing was",
    before: "mkdir -p t/b; echo 1 > t/b/h",
    path: "a/b/h",
    then: "mv t a",
  },
  {
    name: "its folder closed to us",
    before: "mkdir d; echo 1 > d/h",
    path: "d/h",
    then: "chmod 0 d; chmod 755 d",
  },
  {
    name: "an ancestor closed to us",
    before: "mkdir -p a/b; echo 1 > a/b/h",
    path: "a/b/h",
    then: "chmod 0 a; chmod 755 a",
  },
  {
    name: "the folder above it, by a path with ..",
    before: "mkdir -p a/b; echo 1 > a/h",
    path: "a/b/../h",
    then: "echo 2 > a/h",
  },
];
for (const { name, before, path = "h", then } of touching) {
  Deno.test(`Tree sees ${name}`, () =>
    withTree((tree, at) => {
      sh(before, at(""));
      const node = tree.node(fromText(at(path)));
      tree.drain();
      assert(node.watched, "it cannot be watched");
      const { now } = tree;
      sh(then, at(""));
      tree.drain();
      assert(node.tick > now);
    }));
}

Deno.test("isPackaged(): only of what packages own nobody writes by a name that was linked elsewhere", () => {
  // As names alone: whoever makes files there changes what clang lists, as it does with /opt.
  const packages = ["/usr/lib/gcc/x86_64-linux-gnu/12", "/usr/include", "/usr/bin", "/lib", "/etc", "/sbin"];
  const people = [
    "/opt",
    "/opt/x",
    "/usr/local",
    "/usr/local/include",
    "/usr/src",
    "/home/etc/x",
    "/library",
    "/",
  ];
  assertEquals([...packages, ...people].filter(isPackaged), packages);
});

const leaving: { name: string; before: string; path?: string; then: string }[] = [
  { name: "another file beside it", before: "echo 1 > h", then: "echo 1 > o; echo 2 > o; rm o" },
  {
    name: "a write beside it, which it does not lead to any more",
    before: "echo 1 > v1; echo 1 > v2; ln -s v1 h",
    then: "echo 2 > v2",
  },
  {
    name: "a folder beside its ancestor",
    before: "mkdir -p a/b; echo 1 > a/b/h",
    path: "a/b/h",
    then: "mkdir x; echo 1 > x/h; mv x y",
  },
  { name: "reading", before: "echo 1 > h", then: "cat h; ls" },
];
for (const { name, before, path = "h", then } of leaving) {
  Deno.test(`Tree is not touched by ${name}`, () =>
    withTree((tree, at) => {
      sh(before, at(""));
      const node = tree.node(fromText(at(path)));
      tree.drain();
      const { now } = tree;
      sh(then, at(""));
      tree.drain();
      assert(node.tick <= now);
    }));
}

Deno.test("Tree sees the second change, of what came in place of the first", () =>
  withTree((tree, at) => {
    sh("mkdir d; echo 1 > d/h", at(""));
    const path = fromText(at("d/h"));
    tree.node(path);
    sh("mv d e; mkdir d; echo 2 > d/h", at(""));
    tree.drain();
    const node = tree.node(path), { now } = tree;
    assert(!node.stale);
    sh("echo 3 > e/h", at(""));
    tree.drain();
    sh("echo 4 > d/h", at(""));
    tree.drain();
    assert(node.tick > now);
  }));

Deno.test("Tree names what came into a folder, until its list is cut", () =>
  withTree((tree, at) => {
    sh("mkdir d", at(""));
    const folder = tree.folder(fromText(at("d"))), { now } = tree;
    sh("echo > d/a; echo > d/b; rm d/a; mkdir d/c; mv d/b d/e", at(""));
    tree.drain();
    assertEquals(tree.cameSince(folder, now), ["a", "b", "c", "e"]);
    assert(folder.membersTick > now);
    assertEquals(tree.cameSince(folder, tree.now), []);
    sh("i=0; while [ $i -lt 4100 ]; do : > d/$i; i=$((i + 1)); done", at(""));
    tree.drain();
    assertEquals(tree.cameSince(folder, now), undefined);
  }));

Deno.test("Tree forgets everything when the queue ran over", () =>
  withTree((tree, at) => {
    sh("echo 1 > h; mkdir d", at(""));
    tree.node(fromText(at("h")));
    tree.folder(fromText(at("d")));
    const { epoch } = tree;
    const most = Number(Deno.readTextFileSync("/proc/sys/fs/inotify/max_queued_events"));
    for (let i = 0; i < most; i++) Deno.writeTextFileSync(at("d/x"), ""), Deno.removeSync(at("d/x"));
    tree.drain();
    assertEquals(tree.epoch, epoch + 1);
    const node = tree.node(fromText(at("h"))), { now } = tree;
    sh("echo 2 > h", at(""));
    tree.drain();
    assert(node.tick > now && node.watched);
  }));

Deno.test({
  name: "Tree forgets everything when something is mounted over an input",
  ignore: Deno.uid() !== 0 ||
    !new Deno.Command("sh", {
      args: ["-c", "mount --bind /etc/hostname /etc/hostname && umount /etc/hostname"],
    }).outputSync().success,
  fn: () =>
    withTree((tree, at) => {
      sh("mkdir i o; echo 1 > i/h; echo 2 > o/h", at(""));
      tree.node(fromText(at("i/h")));
      tree.drain();
      const { epoch } = tree;
      sh("mount --bind o i", at(""));
      try {
        tree.drain();
        assertEquals(tree.epoch, epoch + 1);
      } finally {
        sh("umount i", at(""));
      }
      tree.drain();
      assertEquals(tree.epoch, epoch + 2);
    }),
});

const unwatched: { name: string; more: Partial<TreeOptions>; before?: string }[] = [
  { name: "on an unknown file system", more: { fileSystemOf: () => 0x6969 } },
  { name: "where its file system cannot be asked", more: { fileSystemOf: () => undefined } },
  { name: "when no watches are left", more: { mostWatches: 2 } },
];
for (const { name, more } of unwatched) {
  Deno.test(`Tree says that a path is not watched ${name}`, () =>
    withTree((tree, at) => {
      sh("echo 1 > h; ln -s h l", at(""));
      assertEquals([tree.node(fromText(at("h"))).watched, tree.node(fromText(at("l"))).watched], [
        false,
        false,
      ]);
      assert(tree.facts.problem !== "");
    }, more));
}

Deno.test("Tree does not follow links in a circle for ever", () =>
  withTree((tree, at) => {
    sh("ln -s b a; ln -s a b", at(""));
    const node = tree.node(fromText(at("a/h"))), { now } = tree;
    assertEquals(node.real, undefined);
    sh("rm b; mkdir b; echo 1 > b/h", at(""));
    tree.drain();
    assert(node.tick > now);
    assertEquals(tree.node(fromText(at("a/h"))).real, at("b/h"));
  }));
