/** What make looks at comes last: whoever sees the object of a hit sees its side files, too. */
import { assert, assertEquals } from "@std/assert";
import { fromText } from "../../lib/base/bytes.ts";
import { eventName, Inotify, inotify } from "../../lib/os/inotify.ts";
import { libc } from "../../lib/os/mod.ts";
import { engine, World } from "./engine.ts";

libc(); // opened before the tests, which would call it a leak

const hasCompiler = new Deno.Command("sh", { args: ["-c", "command -v gcc"], stdout: "null" }).outputSync()
  .success;

interface Row {
  name: string;
  command: string;
  files: string[];
  last: string;
}

// deno-fmt-ignore: a row stays a line
const rows: Row[] = [
  { name: "the object", command: "gcc -MD -ftest-coverage -fstack-usage -c a.c -o a.o", files: ["a.d", "a.gcno", "a.o", "a.su"], last: "a.o" },
  { name: "the object, whatever it is called", command: "gcc -MD -fstack-usage -c a.c -o 0", files: ["0", "0.d", "0.su"], last: "0" },
  { name: "the program", command: "gcc a.c -Wl,-Map=z.map -o a", files: ["a", "z.map"], last: "a" },
];

/** Names of `folder` in the order in which they appeared while `run` ran. */
async function appearing(folder: string, run: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>(), queue = Inotify.open();
  assert(typeof queue === "object");
  queue.add(fromText(folder), inotify.MOVED_TO | inotify.CREATE);
  await run();
  queue.drain((_, __, bytes, at, end) => void seen.add(eventName(bytes, at, end)));
  queue.close();
  return [...seen].filter((name) => !name.startsWith(".zc-"));
}

for (const daemon of ["off", "auto"]) {
  for (const { name, command, files, last } of rows) {
    Deno.test({
      name: `a hit puts ${name} in place last, ZCCACHE_DAEMON=${daemon}`,
      ignore: !hasCompiler || engine.length > 1,
    }, async () => {
      await using world = new World();
      world.env.ZCCACHE_DAEMON = daemon;
      Deno.writeTextFileSync(`${world.work}/a.c`, "int main(void) { return 0; }\n");
      const compile = async () => assertEquals((await world.run(["wrap", ...command.split(" ")])).code, 0);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await compile();
      for (const file of files) Deno.removeSync(`${world.work}/${file}`);
      const order = await appearing(world.work, compile);
      const { hits } = JSON.parse((await world.run(["stats", "--json"])).out);
      assertEquals([hits, order.at(-1), order.toSorted()], [1, last, files]);
    });
  }
}
