/**
 * The racy rule, on a file system whose clock counts whole seconds (ext4 with inodes of 128 bytes): an edit in the same
 * second, of the same size, leaves the signature as it was, and must still never give an old object.
 */
import { assertEquals } from "@std/assert";
import { Compiling, mayMount, modes, Mount, sh } from "./compiling.ts";

const objectOf = (folder: string) => Deno.readFileSync(`${folder}/a.o`);

async function compile(world: Compiling, folder: string, command: string[]): Promise<Uint8Array> {
  const { code } = await new Deno.Command(command[0], {
    args: command.slice(1),
    cwd: folder,
    env: world.env,
    clearEnv: true,
  }).output();
  assertEquals(code, 0);
  return objectOf(folder);
}

/** Waits for the beginning of a second, so that what follows has nearly a whole one. */
async function secondBegins(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000 - Date.now() % 1_000 + 5));
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Disk {
  world: Compiling;
  folder: string;
  /** Compiles through the cache; with `tool` instead of the compiler. */
  cached(tool?: string): Promise<Uint8Array>;
  /** What the compiler alone makes of what is there now. */
  plain(tool?: string): Promise<Uint8Array>;
  write(name: string, text: string): void;
}

async function onCoarseDisk(world: Compiling, work: (disk: Disk) => Promise<void>): Promise<void> {
  const image = `${world.folder}/image`;
  sh("truncate", "-s", "8M", image);
  sh("mkfs.ext4", "-q", "-I", "128", image);
  using disk = new Mount(`${world.folder}/coarse`, "-o", "loop", image);
  const folder = disk.folder;
  const words = ["-I", "inc", "-I", "inc2", "-c", "a.c", "-o", "a.o"];
  for (const name of ["inc", "inc2"]) Deno.mkdirSync(`${folder}/${name}`);
  await work({
    world,
    folder,
    cached: (tool = "cc") => compile(world, folder, [...world.command, "wrap", tool, ...words]),
    plain: (tool = "cc") => compile(world, folder, [tool, ...words]),
    write: (name, text) => Deno.writeTextFileSync(`${folder}/${name}`, text),
  });
  await world.stop();
}

interface Race {
  name: string;
  run(disk: Disk): Promise<void>;
}

const races: Race[] = [
  {
    name: "a header edited after the compile, in the second of its making",
    async run({ cached, plain, write }) {
      write("a.c", '#include "h.h"\n');
      await sleep(2_100); // the source is old
      for (let round = 0; round < 3; round++) {
        await secondBegins();
        for (let value = 0; value < 4; value++) {
          write("inc/h.h", `int v = ${round}${value};\n`);
          assertEquals(await cached(), await plain(), `round ${round}, value ${value}`);
        }
      }
    },
  },
  {
    name: "a header edited while the compiler runs, in the second of its making",
    async run({ cached, plain, write }) {
      write(
        "a.c",
        `#include "h.h"\n${
          Array.from({ length: 3_000 }, (_, i) => `int f${i}(int x){return x*${i};}`).join("\n")
        }`,
      );
      await sleep(2_100);
      await secondBegins();
      write("inc/h.h", "int v = 1;\n");
      const first = cached();
      await sleep(250);
      write("inc/h.h", "int v = 2;\n");
      await first;
      await sleep(2_100); // what was stored is believed by now, if ever
      assertEquals(await cached(), await plain());
    },
  },
  {
    name: "a header that shadows another appears in the second in which its folder was changed",
    async run({ cached, plain, write, folder }) {
      write("a.c", '#include "h.h"\n');
      write("inc2/h.h", "int far;\n");
      await sleep(2_100);
      for (let round = 0; round < 3; round++) {
        await secondBegins();
        write(`inc/other${round}.h`, ""); // changes the folder's time
        assertEquals(await cached(), await plain());
        write("inc/h.h", `int near${round};\n`);
        assertEquals(await cached(), await plain(), `round ${round}: it appeared`);
        Deno.removeSync(`${folder}/inc/h.h`);
        assertEquals(await cached(), await plain(), `round ${round}: it went`);
      }
    },
  },
  {
    name: "a file appears in a folder after the tool has listed it, in the second of the folder's change",
    async run({ cached, plain, write, folder }) {
      write("a.c", "");
      write("lister", '#!/bin/sh\nset -- inc2/*\nsleep 0.4\necho "$#" > a.o\n');
      Deno.chmodSync(`${folder}/lister`, 0o755);
      await sleep(2_100);
      await secondBegins();
      write("inc2/one", "");
      const first = cached("./lister");
      await sleep(300);
      write("inc2/two", "");
      await first;
      await sleep(2_100);
      assertEquals(await cached("./lister"), await plain("./lister"));
    },
  },
  {
    name: "a header replaced by rename with the same size in the same second",
    async run({ cached, plain, write, folder }) {
      write("a.c", '#include "h.h"\n');
      await sleep(2_100);
      await secondBegins();
      for (let value = 0; value < 5; value++) {
        write("inc/new", `int v = ${value};\n`);
        Deno.renameSync(`${folder}/inc/new`, `${folder}/inc/h.h`);
        assertEquals(await cached(), await plain(), `value ${value}`);
      }
    },
  },
];

for (const mode of modes) {
  for (const race of races) {
    Deno.test({
      name: `times in whole seconds: ${race.name}, ${mode} [needs mount]`,
      ignore: !mayMount(),
      fn: async () => {
        await using world = new Compiling(mode);
        await onCoarseDisk(world, race.run);
      },
    });
  }
  Deno.test({
    name: `times in whole seconds: what has rested is hit, ${mode} [needs mount]`,
    ignore: !mayMount(),
    fn: async () => {
      await using world = new Compiling(mode);
      await onCoarseDisk(world, async ({ cached, write }) => {
        write("a.c", '#include "h.h"\n');
        write("inc/h.h", "int v;\n");
        await sleep(3_100);
        await cached();
        await world.news();
        await cached();
        assertEquals(await world.news(), ["hit"], world.log());
      });
    },
  });
}
