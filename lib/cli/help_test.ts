import { assert, assertEquals } from "@std/assert";
import { commands } from "./commands.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { topics } from "./topics/mod.ts";

const recorded = new URL("../../tests/recorded/help.txt", import.meta.url);

/** All help there is; `ZCCACHE_RECORD=1 deno test -A lib/cli/help_test.ts` writes it to tests/recorded/. */
async function allHelp(): Promise<string> {
  const pages = await Promise.all(topics.map((topic) => topic.text()));
  return [generalHelp(), ...commands.map(commandHelp), ...pages].join(`${"-".repeat(79)}\n`);
}

Deno.test("help is as recorded", async () => {
  if (Deno.env.get("ZCCACHE_RECORD") === "1") Deno.writeTextFileSync(recorded, await allHelp());
  assertEquals(await allHelp(), Deno.readTextFileSync(recorded));
});

Deno.test("help fits a terminal", async () => {
  for (const line of (await allHelp()).split("\n")) assert(line.length <= 79, line);
});
