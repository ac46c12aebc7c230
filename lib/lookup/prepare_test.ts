import { assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { libc } from "../os/mod.ts";
import { isStatic } from "./prepare.ts";

libc(); // opened once for all tests

Deno.test("isStatic() tells programs without a loader from others", () => {
  const folder = Deno.makeTempDirSync({ prefix: "zc-prepare-" });
  try {
    Deno.writeTextFileSync(`${folder}/a.c`, "int main(void) { return 0; }\n");
    Deno.writeTextFileSync(`${folder}/script`, "#!/bin/sh\n", { mode: 0o755 });
    for (
      const [name, ...words] of [["static", "-static"], ["static-pie", "-static-pie"], ["dynamic", "-O1"]]
    ) {
      const args = [...words, "a.c", "-o", name];
      assertEquals(new Deno.Command("gcc", { args, cwd: folder }).outputSync().success, true);
    }
    const told = ["static", "static-pie", "dynamic", "script", "missing"].map((name) =>
      isStatic(fromText(`${folder}/${name}`))
    );
    assertEquals(told, [true, true, false, false, false]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
