import { assertEquals } from "@std/assert";
import { absolute, withoutLinks } from "./paths.ts";

const cases = [
  { path: "a.c", cwd: "/w", want: "/w/a.c" },
  { path: "./a.c", cwd: "/w", want: "/w/a.c" },
  { path: "sub//x/./a.c", cwd: "/w", want: "/w/sub/x/a.c" },
  { path: "../a.c", cwd: "/w", want: "/w/../a.c" },
  { path: "out/", cwd: "/w", want: "/w/out" },
  { path: "/usr/./bin/gcc", cwd: "/w", want: "/usr/bin/gcc" },
  { path: ".", cwd: "/w", want: "/w" },
  { path: "a", cwd: "/", want: "/a" },
  { path: "/", cwd: "/w", want: "/" },
  { path: ".hidden", cwd: "/w", want: "/w/.hidden" },
];
for (const { path, cwd, want } of cases) {
  Deno.test(`absolute() of ${path} in ${cwd} is ${want}`, () => assertEquals(absolute(path, cwd), want));
}

const dotted: [path: string, want: string][] = [
  ["/w/build/../src/a.c", "/w/src/a.c"],
  ["/w/a/b/../../c/./d/", "/w/c/d"],
  ["/w/..", "/"],
  ["/../..", "/"],
  ["/w/..a/b..", "/w/..a/b.."],
  ["/w//a", "/w/a"],
];
for (const [path, want] of dotted) {
  Deno.test(`withoutLinks() makes ${want} of ${path}`, () => assertEquals(withoutLinks(path), want));
}
