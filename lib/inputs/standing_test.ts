import { assert, assertEquals } from "@std/assert";
import { c, type FileState, fileSystemType, libc, statx } from "../os/mod.ts";
import { Standing } from "./standing.ts";
import { Tree } from "./tree.ts";

libc(); // opened once for all tests

const quiet = { info() {}, warn() {} };

function withStanding(
  body: (scene: { standing: Standing; tree: Tree; folder: string; sh(script: string): void }) => void,
  mostWatches = 1000,
): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-standing-" }));
  const tree = Tree.open({ log: quiet, mostWatches, fileSystemOf: fileSystemType });
  assert(typeof tree === "object", `inotify is refused: errno ${tree}`);
  const sh = (script: string) => {
    const { success } = new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).outputSync();
    assert(success);
  };
  try {
    body({ standing: new Standing(tree), tree, folder, sh });
  } finally {
    tree.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

const sizeOf = (state: FileState | number) => typeof state === "number" ? -state : state.size;

/** What happens to "h", which holds 1 byte or is not there. */
const changes: [string, string, string][] = [
  ["a write", "printf 1 >h", "printf 22 >h"],
  ["a rename over it", "printf 1 >h; printf 22 >n", "mv n h"],
  ["its removal", "printf 1 >h", "rm h"],
  ["its coming", ":", "printf 22 >h"],
  ["a link turned", "printf 1 >a; printf 22 >b; ln -s a h", "ln -sfn b h"],
  ["a write behind a link", "printf 1 >a; ln -s a h", "printf 22 >a"],
  ["a folder on the way replaced", "mkdir d e; printf 1 >d/x; printf 22 >e/x; ln -s d/x h", "mv d f; mv e d"],
];
for (const [name, before, then] of changes) {
  Deno.test(`Standing keeps a state until ${name} is reported`, () =>
    withStanding(({ standing, tree, folder, sh }) => {
      const path = `${folder}/h`;
      sh(before);
      tree.drain();
      const first = sizeOf(standing.look(path)!.state);
      sh(then);
      assertEquals(
        sizeOf(standing.look(path)!.state),
        first,
        "nothing is looked at before the watch has reported",
      );
      tree.drain();
      assertEquals(sizeOf(standing.look(path)!.state), sizeOf(statx(path)));
      assert(sizeOf(standing.look(path)!.state) !== first);
    }));
}

for (
  const [what, change] of [
    ["a name comes", "touch new"],
    ["a name goes", "rm old"],
    ["a name comes by a link", "ln old new"],
    ["a folder comes", "mkdir new"],
    ["a name is replaced", "mv other old"],
    ["its mode changes", "chmod 0711 ."],
    ["its times are set", "touch ."],
  ]
) {
  Deno.test(`Standing looks at a folder again when ${what}`, () =>
    withStanding(({ standing, tree, folder, sh }) => {
      sh("touch old other");
      tree.drain();
      const before = standing.look(folder)!.state as FileState;
      assert(standing.look(folder)!.state === before, "it was looked at again");
      sh(`sleep 0.02; ${change}`);
      tree.drain();
      assertEquals(standing.look(folder)!.state, statx(folder));
      assert((standing.look(folder)!.state as FileState).ctime > before.ctime);
    }));
}

Deno.test("Standing says nothing of a path where no watch is left", () =>
  withStanding(({ standing, folder, sh }) => {
    sh("printf 1 >h");
    assertEquals(standing.look(`${folder}/h`), undefined);
    assertEquals(standing.physical(`${folder}/h`), undefined);
  }, 0));

Deno.test("Standing asks for a missing name once, and again when the name has come", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    let looks = 0;
    const missing = (name: string) =>
      standing.presentOf(folder, [name], { count: 0, tick: 0 }, (name) => {
        looks++;
        return typeof statx(`${folder}/${name}`) === "number";
      }) === undefined;
    assertEquals([missing("h"), missing("h"), missing("i"), looks], [true, true, true, 2]);
    sh("touch other");
    tree.drain();
    assertEquals([missing("h"), looks], [true, 2], "another name is no matter");
    sh("touch h");
    tree.drain();
    assertEquals([missing("h"), missing("h"), missing("i"), looks], [false, false, true, 4]);
    sh("rm h");
    tree.drain();
    assertEquals([missing("h"), missing("h"), looks], [true, true, 5]);
  }));

Deno.test("Standing goes on from what it answered for a list, and looks at names that came since", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    const names = ["a", "b"], answered = { count: 0, tick: 0 }, looked: string[] = [];
    const present = () =>
      standing.presentOf(folder, names, answered, (name) => {
        looked.push(name);
        return typeof statx(`${folder}/${name}`) === "number";
      });
    assertEquals([present(), answered.count, looked.splice(0)], [undefined, 2, ["a", "b"]]);
    names.push("c");
    sh("touch other");
    tree.drain();
    assertEquals([present(), answered.count, looked.splice(0)], [undefined, 3, ["c"]]);
    sh("touch b");
    tree.drain();
    assertEquals([present(), looked.splice(0)], ["b", ["b"]]);
    sh("rm b");
    tree.drain();
    assertEquals([present(), looked.splice(0)], [undefined, ["b"]]);
    sh("mkdir d; touch d/a; mv d e; touch b");
    tree.drain();
    assertEquals(present(), "b");
  }));

Deno.test("Standing knows nothing to be missing in a folder that is another now", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    sh("mkdir d e; touch e/h");
    const missing = () =>
      standing.presentOf(
        `${folder}/d`,
        ["h"],
        { count: 0, tick: 0 },
        () => typeof statx(`${folder}/d/h`) === "number",
      ) === undefined;
    assertEquals(missing(), true);
    sh("mv d f; mv e d");
    tree.drain();
    assertEquals(missing(), false);
  }));

Deno.test("Standing forgets what a watch has forgotten", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    sh("printf 1 >h");
    standing.look(`${folder}/h`);
    sh("printf 22 >h");
    tree.forget();
    assertEquals(sizeOf(standing.look(`${folder}/h`)!.state), 2);
  }));

/** A watch that reports nothing: no kernel of ours does that. */
function blindTree(): Tree {
  const node = (path: string) => ({ path, tick: 0, membersTick: 0, watched: true, real: path });
  return { epoch: 1, now: 1, drain() {}, node, folder: node, cameSince: () => [] } as unknown as Tree;
}

Deno.test("Standing finds out that a watch does not report", () => {
  const path = Deno.makeTempFileSync(), folder = path.slice(0, path.lastIndexOf("/"));
  for (const kind of ["state", "absence"]) {
    const standing = new Standing(blindTree());
    const look = () => statx(path) === c.ENOENT;
    const ask = () =>
      kind === "state"
        ? standing.look(path)!.state
        : standing.presentOf(folder, [path.slice(folder.length + 1)], { count: 0, tick: 0 }, look);
    if (kind === "absence") Deno.removeSync(path);
    ask();
    Deno.writeTextFileSync(path, "new");
    for (let i = 0; i < 999; i++) ask();
    assertEquals(standing.disagreement, undefined);
    ask();
    assertEquals(standing.disagreement, path);
  }
  Deno.removeSync(path);
});
