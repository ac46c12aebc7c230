/** A source that comes by a pipe: whoever writes it, however long it is, the object is that of the compiler alone. */
import { assertEquals } from "@std/assert";
import { engine, World } from "./engine.ts";

const modes: { name: string; env: Record<string, string> }[] = [
  { name: "with a daemon", env: {} },
  { name: "one-shot", env: { ZCCACHE_DAEMON: "off" } },
];
const zccache = engine.join(" ");

/** A source of about that many bytes. */
const source = (bytes: number) =>
  `i=0; while [ $i -lt ${bytes >> 5} ]; do echo "int a_name_of_some_length$i;"; i=$((i + 1)); done`;

const inputs: { name: string; feed: string; outcomes: Record<string, number> }[] = [
  { name: "short", feed: "echo 'int a;'", outcomes: { hit: 1, miss_new: 1 } },
  { name: "longer than a pipe", feed: source(200_000), outcomes: { hit: 1, miss_new: 1 } },
  { name: "slow", feed: "echo 'int a;'; sleep 0.3; echo 'int b;'", outcomes: { hit: 1, miss_new: 1 } },
  { name: "empty", feed: "true", outcomes: { hit: 1, miss_new: 1 } },
  {
    name: "too long to keep",
    feed: "echo 'int a; /*'; head -c 17000000 /dev/zero | tr '\\0' '-'; echo '*/'",
    outcomes: { pass_stdin: 2 },
  },
];

for (const mode of modes) {
  for (const { name, feed, outcomes } of inputs) {
    Deno.test(`a source by a pipe gives the same object, ${name}, ${mode.name}`, async () => {
      await using world = new World();
      const made = async (command: string) => {
        const { code, stderr } = await new Deno.Command("/bin/sh", {
          args: ["-c", `{ ${feed}; } | ${command} -x c -c - -o a.o`],
          env: { ...world.env, ...mode.env },
          clearEnv: true,
          cwd: world.work,
        }).output();
        return [code, new TextDecoder().decode(stderr), Deno.readFileSync(`${world.work}/a.o`)];
      };
      const plain = await made("gcc");
      for (let i = 0; i < 2; i++) assertEquals(await made(`${zccache} wrap gcc`), plain);
      const { by_outcome } = JSON.parse((await world.run(["stats", "--json"], mode.env)).out);
      assertEquals(by_outcome, outcomes);
    });
  }
}
