import { assertEquals } from "@std/assert";
import { environmentOf } from "./circumstances.ts";
import { rootOf, wantsRemap } from "./remap.ts";

/** A tree of files in which these paths exist, and links lead so. */
function files(there: string[], links: Record<string, string> = {}) {
  return {
    linkState: (path: string) => there.includes(path) ? { mode: 0 } as never : 2,
    physical: (path: string) => links[path] ?? path,
  };
}

const cases: {
  name: string;
  there?: string[];
  given?: string;
  links?: Record<string, string>;
  want: [string, string | undefined];
}[] = [
  { name: "a repository above", there: ["/w/one/.git"], want: ["/w/one", undefined] },
  { name: "one in another", there: ["/w/.git", "/w/one/.git"], want: ["/w/one", undefined] },
  { name: "the working folder's own", there: ["/w/one/src/.git"], want: ["/w/one/src", undefined] },
  { name: "none", want: ["/w/one/src", "git_root_unavailable"] },
  { name: "one of the whole machine", there: ["/.git"], want: ["/w/one/src", "git_root_unavailable"] },
  { name: "a root that is named", there: ["/w/one/.git"], given: "/w", want: ["/w", undefined] },
  { name: "one that is named untidily", given: "/w//one/", want: ["/w/one", undefined] },
  { name: "one that is named from the folder", given: ".", want: ["/w/one/src", undefined] },
  {
    name: "one that is named by a link",
    given: "/l",
    links: { "/l": "/w/one" },
    want: ["/w/one", undefined],
  },
  { name: "one elsewhere", given: "/w/two", want: ["/w/two", "path_outside_root"] },
  { name: "a neighbour that begins alike", given: "/w/on", want: ["/w/on", "path_outside_root"] },
  { name: "an empty name", there: ["/w/.git"], given: "", want: ["/w", undefined] },
];
for (const { name, there = [], given, links, want } of cases) {
  Deno.test(`rootOf() with ${name}`, () => {
    const environment = environmentOf(given === undefined ? "" : `ZCCACHE_WORKTREE_ROOT=${given}\0`);
    const { root, unshared } = rootOf(environment, "/w/one/src", files(there, links));
    assertEquals([root, unshared?.reason], want);
  });
}

Deno.test("wantsRemap() only where the asker says so", () => {
  const asks = (value: string) => wantsRemap(environmentOf(`ZCCACHE_PATH_REMAP=${value}\0`));
  assertEquals(["auto", "AUTO", "off", "", "1"].map(asks), [true, true, false, false, false]);
  assertEquals(wantsRemap(environmentOf("")), false);
});
