/** What clang writes is read, whatever it is made with; what is cut or turned is taken to hold times. */
import { assert, assertEquals } from "@std/assert";
import { timelessInputs } from "./precompiled.ts";

const isTimeless = (head: Uint8Array) => timelessInputs(head) !== undefined;
const hasClang = new Deno.Command("sh", { args: ["-c", "command -v clang"] }).outputSync().success;

/** The file that clang makes of `h.h`, by the words. */
function made(...words: string[]): Uint8Array {
  const folder = Deno.makeTempDirSync({ prefix: "zc-pch-" });
  try {
    Deno.writeTextFileSync(`${folder}/b.h`, "#define B 1\n");
    Deno.writeTextFileSync(`${folder}/h.h`, "#include <stddef.h>\n#include <stdio.h>\n");
    const script = `clang -x c-header b.h -o b.pch && clang -x c-header h.h -o h.pch ${words.join(" ")}`;
    assert(new Deno.Command("sh", { args: ["-ec", script], cwd: folder }).outputSync().success, script);
    return Deno.readFileSync(`${folder}/h.pch`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const timeless = ["-Xclang", "-fno-pch-timestamp"];
const cases: [what: string, words: string[], want: boolean][] = [
  ["times", [], false],
  ["no times", timeless, true],
  ["no times, with debug information", [...timeless, "-g", "-O2", "-DX=1", "-I."], true],
  ["no times of its own, but another", [...timeless, "-include-pch", "b.pch"], false],
];
for (const [what, words, want] of cases) {
  Deno.test(`isTimeless() of a precompiled header with ${what}`, { ignore: !hasClang }, () => {
    const inputs = timelessInputs(made(...words));
    assertEquals(inputs !== undefined, want);
    if (want) assert(inputs!.some((path) => /^\/.*\/h\.h$/.test(path)), "headers are named in full");
  });
}

Deno.test(
  "isTimeless() of what is none, or is cut anywhere before the list's end",
  { ignore: !hasClang },
  () => {
    const whole = made(...timeless);
    assertEquals(isTimeless(new TextEncoder().encode("CPCH")), false);
    assertEquals(isTimeless(new TextEncoder().encode("gpch".repeat(99))), false);
    let cut = 4, enough = whole.length;
    while (enough - cut > 1) {
      const middle = (cut + enough) >> 1;
      if (isTimeless(whole.subarray(0, middle))) enough = middle;
      else cut = middle;
    }
    assert(enough > 1000 && enough < whole.length / 2, "the list stands near the start");
    for (let length = 0; length < enough; length += 97) {
      assert(!isTimeless(whole.subarray(0, length)), `${length}`);
    }
  },
);

Deno.test("isTimeless() ends, whatever the bytes are", { ignore: !hasClang }, () => {
  const whole = made(...timeless).subarray(0, 8192);
  for (let seed = 1; seed < 400; seed++) {
    const turned = whole.slice();
    for (let i = 0; i < 8; i++) {
      turned[4 + (seed * 7919 + i * 104_729) % (turned.length - 4)] ^= 1 << (seed + i) % 8;
    }
    isTimeless(turned);
  }
});
