import { assertEquals } from "@std/assert";
import { priorities } from "../protocol/mod.ts";
import { deployCommand, deployOf, mostAtOnce, priorityOf } from "./wishes.ts";

const env = (text: string) =>
  new Map(text.split(" ").filter(Boolean).map((word) => word.split("=") as [string, string]));

for (
  const [text, want] of [["", Infinity], ["0", Infinity], ["unlimited", Infinity], ["4", 4], [
    "-1",
    Infinity,
  ]] as const
) {
  Deno.test(`ZCCACHE_MAX_PARALLEL_COMPILES="${text}" lets ${want} run`, () =>
    assertEquals(mostAtOnce(env(text && `ZCCACHE_MAX_PARALLEL_COMPILES=${text}`)), want));
}

const p = "ZCCACHE_COMPILE_PRIORITY";
const cases: [
  name: string,
  environment: string,
  kind: string,
  busy: boolean,
  want: keyof typeof priorities,
][] = [
  ["nothing is said", "", "compile", true, "normal"],
  ["a word", `${p}=low`, "compile", false, "low"],
  ["a word in capitals", `${p}=IDLE`, "compile", false, "idle"],
  ["a word for links", `${p}=low ${p}_LINK=high`, "link", false, "high"],
  ["a word for links, and a compile", `${p}_LINK=high`, "compile", false, "normal"],
  ["a word for all, and a link", `${p}=idle`, "link", false, "idle"],
  ["auto, and there is room", `${p}=auto`, "compile", false, "normal"],
  ["auto, and there is none", `${p}=auto`, "compile", true, "low"],
  ["a word that is none", `${p}=lowest`, "compile", false, "low"],
];
for (const [name, environment, kind, busy, want] of cases) {
  Deno.test(`priorityOf() where ${name}`, () =>
    assertEquals(priorityOf(env(environment), kind, () => busy), priorities[want]));
}

Deno.test("a link is followed by a program, a compile is not", () => {
  const environment = env("ZCCACHE_LINK_DEPLOY_CMD=ship");
  assertEquals(["link", "compile"].map((kind) => deployCommand(environment, kind)), ["ship", undefined]);
});

const find = { path: "/a:/b", isProgram: (path: string) => path === "/b/ship" };
for (
  const [argv, command, want] of [
    ["cc a.o", undefined, []],
    ["cc a.o", "/x/ship", ["/x/ship", "/w/a.out"]],
    ["cc a.o -o p", "bin/ship", ["/w/bin/ship", "/w/p"]],
    ["cc a.o -o/t/p", "ship", ["/b/ship", "/t/p"]],
    ["cc a.o", "nowhere", ["nowhere", "/w/a.out"]],
  ] as const
) {
  Deno.test(`deployOf() ${command} after ${argv}`, () =>
    assertEquals(deployOf({ argv: argv.split(" "), cwd: "/w" }, command, find), [...want]));
}
