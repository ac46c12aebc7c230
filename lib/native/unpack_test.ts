import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { libc } from "../os/mod.ts";
import { type Embedded, ensureNative } from "./unpack.ts";

libc(); // opened once for good, before the runner looks for what a test leaves open

/** Sources that build in a moment and behave as the checks expect. */
const launcherSource = `#include <unistd.h>
int main(int argc, char **argv) { (void)argc; execv(argv[4], argv + 4); return 126; }
`;
const tracerSource = "int zc_nothing;\n";

interface World {
  folder: string;
  base: string;
  from: Embedded;
}

function withWorld(test: (world: World) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    const carried = `${folder}/carried`, sources = `${folder}/sources`;
    Deno.mkdirSync(carried);
    Deno.mkdirSync(sources);
    Deno.writeTextFileSync(`${sources}/launcher.c`, launcherSource);
    Deno.writeTextFileSync(`${sources}/trace.c`, tracerSource);
    const from = { folder: carried, sources, engine: "/opt/zccache\n0123456789abcdef\n", digest: "one" };
    test({ folder, base: `${folder}/base`, from });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const modeOf = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o7777;

Deno.test("ensureNative() builds what is not carried, and then only finds it", () =>
  withWorld(({ base, from }) => {
    const native = ensureNative({ base, from });
    assertEquals(native.problem, undefined);
    assertMatch(native.launcher, /\/base\/[0-9a-f]{64}\/launcher$/);
    const folder = native.launcher.replace(/\/launcher$/, "");
    assertEquals(native.tracer, `${folder}/trace.so`);
    for (const path of [base, folder, native.launcher, native.tracer]) {
      assertEquals(modeOf(path), 0o755, path);
    }
    assertEquals(Deno.readTextFileSync(`${folder}/engine-path`), from.engine);
    const inode = Deno.statSync(native.launcher).ino;
    assertEquals(ensureNative({ base, from, cc: "/nonexistent/cc", verify: true }), native);
    assertEquals(Deno.statSync(native.launcher).ino, inode);
    assertEquals([...Deno.readDirSync(base)].length, 1);
  }));

Deno.test("ensureNative() takes what is carried, if it runs", () =>
  withWorld(({ base, from }) => {
    const built = ensureNative({ base: `${base}1`, from });
    Deno.copyFileSync(built.launcher, `${from.folder}/launcher`);
    Deno.copyFileSync(built.tracer, `${from.folder}/trace.so`);
    const native = ensureNative({ base, from, cc: "/nonexistent/cc" });
    assertEquals(native.problem, undefined);
    assertEquals(Deno.readFileSync(native.launcher), Deno.readFileSync(built.launcher));
  }));

Deno.test("ensureNative() builds anew what is carried and does not run", () =>
  withWorld(({ base, from }) => {
    Deno.writeTextFileSync(`${from.folder}/launcher`, "not for this machine");
    Deno.writeTextFileSync(`${from.folder}/trace.so`, "not for this machine");
    const native = ensureNative({ base, from });
    assertEquals(native.problem, undefined);
    assert(Deno.statSync(native.launcher).size > 1000);
  }));

Deno.test("ensureNative() remembers why nothing can be built, until asked to verify", () =>
  withWorld(({ base, from }) => {
    const problem = "Cannot build the launcher: there is no C compiler (/nonexistent/cc)";
    const nothing = { launcher: "", tracer: "", problem };
    assertEquals(ensureNative({ base, from, cc: "/nonexistent/cc" }), nothing);
    assertEquals(ensureNative({ base, from }), nothing);
    assertEquals(ensureNative({ base, from, verify: true }).problem, undefined);
  }));

Deno.test("ensureNative() does not hold a problem against the machine for long", () =>
  withWorld(({ base, from }) => {
    assert(ensureNative({ base, from, cc: "/nonexistent/cc" }).problem !== undefined);
    const now = Date.now();
    assert(ensureNative({ base, from, now: now + 30_000 }).problem !== undefined);
    assertEquals(ensureNative({ base, from, now: now + 61_000 }).problem, undefined);
    assertEquals([...Deno.readDirSync(base)].length, 1);
  }));

Deno.test("ensureNative() says what was wrong with what is carried where nothing can be built", () =>
  withWorld(({ base, from }) => {
    Deno.writeTextFileSync(`${from.folder}/launcher`, "#!/bin/sh\necho no memory left >&2\nexit 1\n");
    const { problem } = ensureNative({ base, from, cc: "/nonexistent/cc" });
    assertEquals(
      problem,
      "The carried launcher does not run (no memory left). " +
        "Cannot build the launcher: there is no C compiler (/nonexistent/cc)",
    );
  }));

Deno.test("ensureNative() says what the compiler says", () =>
  withWorld(({ base, from }) => {
    Deno.writeTextFileSync(`${from.sources}/trace.c`, "#error no such system\n");
    assertStringIncludes(ensureNative({ base, from }).problem ?? "", "no such system");
  }));

Deno.test("ensureNative() keeps engines apart: each has its folder", () =>
  withWorld(({ base, from }) => {
    const one = ensureNative({ base, from });
    const two = ensureNative({ base, from: { ...from, engine: "/usr/bin/zccache\n\n" } });
    assert(one.launcher !== two.launcher);
  }));

const damages: {
  name: string;
  verify: boolean;
  damage(native: { launcher: string; tracer: string }): void;
}[] = [
  { name: "a missing tracer", verify: false, damage: ({ tracer }) => Deno.removeSync(tracer) },
  {
    name: "a launcher others may write",
    verify: false,
    damage: ({ launcher }) => Deno.chmodSync(launcher, 0o777),
  },
  {
    name: "a tracer that became a link",
    verify: false,
    damage({ tracer }) {
      Deno.removeSync(tracer);
      Deno.symlinkSync("launcher", tracer);
    },
  },
  {
    name: "a changed byte",
    verify: true,
    damage({ tracer }) {
      const bytes = Deno.readFileSync(tracer);
      bytes[bytes.length >> 1] ^= 1;
      Deno.writeFileSync(tracer, bytes);
    },
  },
];
for (const { name, verify, damage } of damages) {
  Deno.test(`ensureNative() replaces ${name}`, () =>
    withWorld(({ base, from }) => {
      const native = ensureNative({ base, from });
      const before = Deno.readFileSync(native.tracer);
      damage(native);
      assertEquals(ensureNative({ base, from, verify }), native);
      assertEquals(Deno.readFileSync(native.tracer), before);
      assertEquals(modeOf(native.launcher), 0o755);
      assert(Deno.lstatSync(native.tracer).isFile);
      assertEquals([...Deno.readDirSync(base)].length, 1);
    }));
}

const bases: { name: string; make(path: string): void; found: RegExp }[] = [
  {
    name: "others may write to",
    make(path) {
      Deno.mkdirSync(path);
      Deno.chmodSync(path, 0o777);
    },
    found: /its mode is 777 instead of 755/,
  },
  { name: "is a link", make: (path) => Deno.symlinkSync("/var", path), found: /it is no folder/ },
  {
    name: "belongs to somebody else",
    make(path) {
      Deno.mkdirSync(path);
      Deno.chownSync(path, 65534, 65534);
    },
    found: /it belongs to user 65534/,
  },
];
for (const { name, make, found } of bases) {
  const ignore = name.startsWith("belongs") && Deno.uid() !== 0;
  Deno.test({
    name: `ensureNative() refuses a folder that ${name}`,
    ignore,
    fn: () =>
      withWorld(({ base, from }) => {
        make(base);
        const native = ensureNative({ base, from });
        assertEquals(native.launcher, "");
        assertMatch(native.problem ?? "", found);
      }),
  });
}
