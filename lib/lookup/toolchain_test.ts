import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { libc } from "../os/mod.ts";
import { type Driver, type Toolchain, Toolchains } from "./toolchain.ts";

libc(); // opened once for all tests

/** What a driver says of a folder of files: one that counts, one that must stay away, and two folders. */
function toolchainIn(folder: string): Toolchain {
  const at = (name: string) => fromText(`${folder}/${name}`);
  return {
    files: new Set([at("cc1")]),
    absent: new Set([at("first/as")]),
    listings: new Set([at("versions")]),
    searched: new Set([at("include"), at("missing")]),
  };
}

/** What happens between two questions, and whether the driver is asked again. */
const events: { name: string; then: string; asks?: Partial<Driver>; again: boolean }[] = [
  { name: "nothing", then: ":", again: false },
  { name: "a program rewritten", then: "echo 2 > cc1", again: true },
  { name: "a program replaced by its equal", then: "cp -p cc1 n; mv n cc1", again: true },
  { name: "a program removed", then: "rm cc1", again: true },
  { name: "the driver rewritten", then: "echo 2 > gcc-12", again: true },
  { name: "the driver's link turned", then: "ln -sf gcc-13 gcc", again: true },
  { name: "a program that comes first", then: "mkdir first; echo 1 > first/as", again: true },
  { name: "the folder of one that may come first", then: "mkdir first", again: false },
  { name: "a link to where nothing is", then: "mkdir first; ln -s nowhere first/as", again: false },
  { name: "another version", then: "mkdir versions/13", again: true },
  { name: "a header in a searched folder", then: "echo 1 > include/a.h", again: false },
  { name: "another folder in place of a searched one", then: "mv include i; mkdir include", again: true },
  { name: "a searched folder that comes", then: "mkdir missing", again: true },
  { name: "another PATH", then: ":", asks: { environment: new Map([["PATH", "/opt/bin"]]) }, again: true },
  {
    name: "other libraries",
    then: ":",
    asks: { environment: new Map([["PATH", "/usr/bin"], ["LD_LIBRARY_PATH", "/l"]]) },
    again: true,
  },
  { name: "another machine", then: ":", asks: { machine: ["-m32"] }, again: true },
  { name: "another folder", then: ":", asks: { cwd: "/usr" }, again: false },
  { name: "another spelling of the driver", then: ":", asks: { tool: "/bin/gcc" }, again: true },
];
for (const { name, then, asks, again } of events) {
  Deno.test(`Toolchains ${again ? "asks again" : "does not ask again"} after ${name}`, () => {
    const folder = Deno.makeTempDirSync({ prefix: "zc-toolchain-" });
    const sh = (script: string) =>
      assert(new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).outputSync().success);
    try {
      sh("echo 1 > cc1; echo 1 > gcc-12; echo 1 > gcc-13; ln -s gcc-12 gcc; mkdir versions include");
      let times = 0;
      const toolchains = new Toolchains(() => ({ found: toolchainIn(folder), tells: ++times > 0 }));
      const driver: Driver = {
        tool: fromText(`${folder}/gcc`),
        realTool: fromText(`${folder}/gcc-12`),
        machine: [],
        cwd: "/",
        environment: new Map([["PATH", "/usr/bin"]]),
      };
      assert(toolchains.of(driver) !== undefined);
      sh(then);
      toolchains.of({ ...driver, ...asks });
      assertEquals(times, again ? 2 : 1);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

Deno.test("Toolchains asks again from another folder where PATH is relative", () => {
  let times = 0;
  const toolchains = new Toolchains(() => ({ found: toolchainIn("/nowhere"), tells: ++times > 0 }));
  const driver = {
    tool: "/gcc",
    realTool: "/gcc",
    machine: [],
    environment: new Map([["PATH", "bin:/usr/bin"]]),
  };
  for (const cwd of ["/a", "/b", "/a"]) toolchains.of({ ...driver, cwd });
  assertEquals(times, 2);
});

Deno.test("Toolchains believes that a driver does not tell until something changes", () => {
  const folder = Deno.makeTempDirSync({ prefix: "zc-toolchain-" });
  try {
    const tool = fromText(`${folder}/cc`);
    Deno.writeTextFileSync(`${folder}/cc`, "#!/bin/sh\n");
    let times = 0;
    const toolchains = new Toolchains(() => ({ found: toolchainIn("/nowhere"), tells: ++times < 0 }));
    const driver = { tool, realTool: tool, machine: [], cwd: "/", environment: new Map() };
    assertEquals([toolchains.of(driver), toolchains.of(driver), times], [undefined, undefined, 1]);
    Deno.writeTextFileSync(`${folder}/cc`, "#!/bin/sh -e\n");
    assertEquals([toolchains.of(driver), times], [undefined, 2]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

for (const tool of ["/usr/bin/gcc", "/usr/bin/clang"]) {
  const there = new Deno.Command("test", { args: ["-x", tool] }).outputSync().success;
  Deno.test({
    name: `Toolchains asks ${tool} itself`,
    ignore: !there,
    fn: () => {
      const environment = new Map([["PATH", "first:/usr/bin:/bin"]]);
      const realTool = fromText(Deno.realPathSync(tool));
      const found = new Toolchains().of({ tool, realTool, machine: [], cwd: "/tmp", environment });
      assert(found !== undefined);
      assert(found.files.has(tool) && found.files.has(realTool));
      assert([...found.files].some((path) => path.endsWith("/libc.so.6")));
      assert(found.searched.has("/usr/include"));
      assert([...found.absent].some((path) => path.startsWith("/tmp/first/")), "PATH is the asker's");
    },
  });
}

Deno.test("Toolchains asks no script and no program of another name", () => {
  const environment = new Map([["PATH", "/usr/bin:/bin"]]), driver = { machine: [], cwd: "/", environment };
  assertEquals(new Toolchains().of({ ...driver, tool: "/usr/bin/gcc", realTool: "/usr/bin/env" }), undefined);
  const folder = Deno.makeTempDirSync({ prefix: "zc-toolchain-" }), script = fromText(`${folder}/gcc`);
  try {
    Deno.writeTextFileSync(`${folder}/gcc`, '#!/bin/sh\nexec gcc "$@"\n', { mode: 0o755 });
    assertEquals(new Toolchains().of({ ...driver, tool: script, realTool: script }), undefined);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test({
  name: "Toolchains believes no driver that reads options from a file",
  ignore: !new Deno.Command("test", { args: ["-x", "/usr/bin/clang"] }).outputSync().success,
  fn: () => {
    const folder = Deno.makeTempDirSync({ prefix: "zc-toolchain-" }), tool = fromText(`${folder}/clang`);
    try {
      Deno.symlinkSync("/usr/bin/clang", `${folder}/clang`);
      const realTool = fromText(Deno.realPathSync("/usr/bin/clang")), toolchains = new Toolchains();
      const environment = new Map([["PATH", "/usr/bin:/bin"]]);
      const told = () => toolchains.of({ tool, realTool, machine: [], cwd: "/", environment }) !== undefined;
      const before = told();
      Deno.writeTextFileSync(`${folder}/clang.cfg`, "");
      assertEquals([before, told()], [true, false]);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
