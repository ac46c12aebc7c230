/** kill -9 at any moment: what was acknowledged is there afterwards, and every blob is right. */
import { assert, assertEquals } from "@std/assert";
import { libc } from "../../lib/os/mod.ts";
import { shown } from "../../lib/base/bytes.ts";
import { keyOf, openStore } from "../../lib/store/testing.ts";
import { bytesFor } from "./putter.ts";

libc(); // opened here, so that no test seems to leak it

const putter = new URL("putter.ts", import.meta.url).pathname;

/** A putter that is killed `afterMs` after its first acknowledgement. Resolves to what it acknowledged. */
async function killed(folder: string, mode: string, name: string, afterMs: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", putter, folder, mode, name],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const decoder = new TextDecoder();
  let told = "", due: number | undefined;
  for await (const part of child.stdout) {
    told += decoder.decode(part);
    due ??= setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  clearTimeout(due);
  const { signal } = await child.status;
  assertEquals(signal, "SIGKILL", await errors);
  return { acknowledged: told.split("\n").slice(0, -1), warnings: await errors };
}

async function checkAll(folder: string, acknowledged: string[]) {
  const { store, end } = openStore(folder);
  const lost = acknowledged.filter((name) => {
    const [found] = store.candidates(keyOf(name));
    const path = found && store.blobPath(found.unit.result.outputs[0].blob);
    if (path === undefined) return true;
    assertEquals(Deno.readFileSync(shown(path)), bytesFor(name));
    return false;
  });
  assertEquals(lost.length, 0, `of ${acknowledged.length} lost: ${lost.slice(0, 9).join()}`);
  await end();
}

for (const modes of [["daemon"], ["one-shot", "one-shot"], ["daemon", "one-shot"]]) {
  Deno.test(`kill -9 of ${modes.join(" and ")} at random moments loses nothing that was acknowledged`, async () => {
    const folder = Deno.makeTempDirSync() + "/v1";
    const acknowledged: string[] = [];
    let warnings = "";
    // A busy machine puts less in the time: then it takes longer, but not for ever.
    const start = performance.now(), took = () => performance.now() - start;
    for (let round = 0; took() < 6_000 || (acknowledged.length <= 200 && took() < 60_000); round++) {
      const ended = await Promise.all(
        modes.map((mode, i) => killed(folder, mode, `${round}-${i}`, Math.random() * 300)),
      );
      for (const one of ended) acknowledged.push(...one.acknowledged), warnings += one.warnings;
    }
    assert(acknowledged.length > 200, `only ${acknowledged.length} were put`);
    assert(!/damaged|not understood/.test(warnings), warnings);
    await checkAll(folder, acknowledged);
    Deno.removeSync(folder.slice(0, -"/v1".length), { recursive: true });
  });
}
