import { assert, assertEquals } from "@std/assert";
import { commands } from "./commands.ts";
import { commandHelp, generalHelp } from "./help.ts";

const recorded = new URL("../../tests/recorded/help.txt", import.meta.url);

/** All help there is; `ZCCACHE_RECORD=1 deno test -A lib/cli/help_test.ts` writes it to tests/recorded/. */
function allHelp(): string {
  return [generalHelp(), ...commands.map(commandHelp)].join(`${"-".repeat(79)}\n`);
}

Deno.test("help is as recorded", () => {
  if (Deno.env.get("ZCCACHE_RECORD") === "1") Deno.writeTextFileSync(recorded, allHelp());
  assertEquals(allHelp(), Deno.readTextFileSync(recorded));
});

Deno.test("help fits a terminal", () => {
  for (const line of allHelp().split("\n")) assert(line.length <= 79, line);
});
