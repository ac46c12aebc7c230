import { assert, assertEquals } from "@std/assert";
import { type FileState, fileSystemType, libc, statx } from "../os/mod.ts";
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
      const before = standing.folder(folder)!.state as FileState;
      assert(standing.folder(folder)!.state === before, "it was looked at again");
      sh(`sleep 0.02; ${change}`);
      tree.drain();
      assertEquals(standing.folder(folder)!.state, statx(folder));
      assert((standing.folder(folder)!.state as FileState).ctime > before.ctime);
    }));
}

Deno.test("Standing is told of no entry of a folder that is only asked whether it is there", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    sh("mkdir tmp");
    const path = `${folder}/tmp`, first = standing.look(path)!, { watches } = tree.facts, { changes } = tree;
    sh("sleep 0.02; touch tmp/a; rm tmp/a");
    tree.drain();
    assert(standing.look(path) === first);
    for (let i = 0; i < 2000; i++) standing.look(path);
    assertEquals([standing.disagreement, tree.facts.watches, tree.changes], [undefined, watches, changes]);
    assertEquals(standing.folder(path)!.state, statx(path));
    assertEquals(tree.facts.watches, watches + 1);
    sh("rmdir tmp; touch tmp");
    tree.drain();
    assertEquals(standing.look(path)!.isFolder, false);
  }));

Deno.test("Standing says nothing of a path where no watch is left", () =>
  withStanding(({ standing, folder, sh }) => {
    sh("printf 1 >h");
    assertEquals(standing.look(`${folder}/h`), undefined);
    assertEquals(standing.physical(`${folder}/h`), undefined);
  }, 0));

/** What of some names is in a folder, as Standing has it, and which of them were looked at. */
function asking(
  standing: Standing,
  folder: string,
): { there(...names: string[]): string[]; looked(): string[] } {
  const looked: string[] = [];
  const isThere = (name: string) => {
    looked.push(name);
    return typeof statx(`${folder}/${name}`) === "object";
  };
  return {
    there: (...names) => standing.thereOf(folder, new Set(names), isThere)!,
    looked: () => looked.splice(0),
  };
}

Deno.test("Standing asks for a missing name once, and again when the name has come", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    const { there, looked } = asking(standing, folder);
    assertEquals([there("h"), there("h"), there("i"), looked()], [[], [], [], ["h", "i"]]);
    sh("touch other");
    tree.drain();
    assertEquals([there("h", "i"), looked()], [[], []], "another name is no matter");
    sh("touch h");
    tree.drain();
    assertEquals([there("h", "i"), there("h"), there("i"), looked()], [["h"], ["h"], [], ["h", "h"]]);
    sh("rm h");
    tree.drain();
    assertEquals([there("h"), there("h"), looked()], [[], [], ["h"]]);
  }));

/** Enough names to list a folder for. */
const many = Array.from({ length: 200 }, (_, i) => `n${i}`);

Deno.test("Standing looks at those of many names alone that were in the folder, or have come", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    const { there, looked } = asking(standing, folder);
    sh("touch n3 other; ln -s nowhere n4; mkdir n5");
    tree.drain();
    assertEquals([there(...many).sort(), looked().sort()], [["n3", "n5"], ["n3", "n4", "n5"]]);
    sh("rm n3; touch n7 another; mv other n8");
    tree.drain();
    assertEquals([there(...many).sort(), looked().sort()], [["n5", "n7", "n8"], [
      "n3",
      "n4",
      "n5",
      "n7",
      "n8",
    ]]);
    assertEquals([there("n1", "n7", "new"), looked()], [["n7"], ["n7"]], "of few names, once it was listed");
    sh("mkdir d; touch d/n1");
    tree.drain();
    assertEquals(there(...many).includes("n1"), false);
    sh("rm -r n5; mv d n5");
    tree.drain();
    assertEquals(there(...many).sort(), ["n5", "n7", "n8"]);
  }));

Deno.test("Standing tells what is in folders, whatever happens there between two questions", () =>
  withStanding(({ standing, tree, folder }) => {
    let seed = 11;
    const below = (n: number) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8) % n;
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`),
      dirs = ["d", "e"].map((dir) => `${folder}/${dir}`);
    for (const dir of dirs) Deno.mkdirSync(dir);
    const isAt = (path: string) => typeof statx(path, { follow: false }) === "object";
    for (let round = 0; round < 400; round++) {
      for (let steps = below(4); steps > 0; steps--) {
        const [one, other] = below(2) ? dirs : dirs.toReversed();
        const path = `${one}/${names[below(40)]}`, to = `${other}/${names[below(40)]}`;
        const what = below(40);
        if (what === 0) {
          Deno.renameSync(one, `${folder}/f`),
            Deno.renameSync(other, one),
            Deno.renameSync(`${folder}/f`, other);
        } else if (!isAt(path)) Deno.writeTextFileSync(path, "");
        else if (what < 15) Deno.renameSync(path, to);
        else Deno.removeSync(path);
      }
      tree.drain();
      const from = below(32), asked = names.slice(from, from + 1 + below(40));
      for (const dir of dirs) {
        const { there } = asking(standing, dir);
        assertEquals(
          there(...asked).sort(),
          asked.filter((name) => isAt(`${dir}/${name}`)).sort(),
          `round ${round}`,
        );
      }
    }
    assertEquals(standing.disagreement, undefined);
  }));

Deno.test("Standing lists a folder anew that hundreds of names went through", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    const { there, looked } = asking(standing, folder);
    there(...many), looked();
    sh("touch n3; rm n3");
    tree.drain();
    assertEquals([there(...many), looked()], [[], ["n3"]]);
    sh("seq 1 300 | sed s/^/x/ | xargs touch; rm x*");
    tree.drain();
    assertEquals([there(...many), looked()], [[], []]);
    sh("touch n3");
    tree.drain();
    assertEquals([there(...many), looked()], [["n3"], ["n3"]]);
  }));

Deno.test("Standing expects: then names are known to be missing before they are asked for", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    const { there, looked } = asking(standing, folder);
    for (const names of [["a", "b"], many]) {
      standing.expect(folder, new Set(names), (name) => typeof statx(`${folder}/${name}`) === "object");
      assertEquals([there(...names), looked()], [[], []]);
      sh(`touch ${names[1]}`);
      tree.drain();
      assertEquals([there(...names), looked()], [[names[1]], [names[1]]]);
    }
  }));

Deno.test("Standing lists no folder of thousands for a dozen names", () =>
  withStanding(({ standing, folder, sh }) => {
    sh("seq 1 8000 | sed 's/$/-a-name-of-some-length/' | xargs touch");
    const { there, looked } = asking(standing, folder), dozen = many.slice(0, 12);
    assertEquals([there(...dozen), looked(), there(...dozen), looked()], [[], dozen, [], []]);
    assertEquals([there(...many), looked().length], [[], many.length - dozen.length]);
  }));

Deno.test("Standing knows nothing to be missing in a folder that is another now", () =>
  withStanding(({ standing, tree, folder, sh }) => {
    sh("mkdir d e; touch e/n1");
    const { there } = asking(standing, `${folder}/d`);
    assertEquals([there("n1"), there(...many)], [[], []]);
    sh("mv d f; mv e d");
    tree.drain();
    assertEquals([there("n1"), there(...many)], [["n1"], ["n1"]]);
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
  const folder = Deno.makeTempDirSync(), name = "h", path = `${folder}/${name}`;
  const few = [name], listed = [name, ...many.slice(1)];
  // Listed names are told together, as four answers here; the thousandth is about the first of them.
  for (const [kind, asks] of [["state", 1000], [few, 1000], [listed, 250]] as const) {
    const standing = new Standing(blindTree());
    const isThere = (name: string) => typeof statx(`${folder}/${name}`) === "object";
    const ask = () =>
      kind === "state" ? standing.look(path)!.state : standing.thereOf(folder, new Set(kind), isThere);
    if (kind === "state") Deno.writeTextFileSync(path, "");
    ask();
    Deno.writeTextFileSync(path, "new");
    for (let i = kind === listed ? 1 : 0; i < asks - 1; i++) ask();
    assertEquals(standing.disagreement, undefined);
    ask();
    assertEquals(standing.disagreement, path);
    Deno.removeSync(path);
  }
  Deno.removeSync(folder);
});
