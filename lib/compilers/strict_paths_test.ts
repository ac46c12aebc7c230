import { assertEquals } from "@std/assert";
import { type StrictMode, strictViolation } from "./strict_paths.ts";

const lines: { mode: StrictMode; words: string[]; want: string | undefined }[] = [
  { mode: "off", words: ["-Ia\\b/c"], want: undefined },
  { mode: "absolute", words: ["-I/w/inc", "-isystem", "/usr/include", "a.c"], want: undefined },
  { mode: "absolute", words: ["-Iinc"], want: "-Iinc" },
  { mode: "absolute", words: ["-isystem", "inc", "a.c"], want: "-isystem inc" },
  { mode: "absolute", words: ["-I/w/./inc"], want: "-I/w/./inc" },
  { mode: "absolute", words: ["-I/w/inc/.."], want: "-I/w/inc/.." },
  { mode: "absolute", words: ["-I/w/.hidden/..x"], want: undefined },
  { mode: "absolute", words: ["-include", "x.h"], want: "-include x.h" },
  { mode: "absolute", words: ["-include-pch", "x.pch"], want: "-include-pch x.pch" },
  { mode: "absolute", words: ["-o", "out/a.o", "-c", "a.c", "/Ia.c"], want: undefined },
  { mode: "absolute", words: ["a.c", "-I"], want: undefined },
  { mode: "consistent", words: ["-Ia/b", "-iquote", "c/d"], want: undefined },
  { mode: "consistent", words: ["-Ia\\b", "-Ic\\d"], want: undefined },
  { mode: "consistent", words: ["-Ia/b\\c"], want: "-Ia/b\\c" },
  { mode: "consistent", words: ["-Ia/b", "-I", "c\\d"], want: "-I c\\d" },
];
for (const { mode, words, want } of lines) {
  Deno.test(`strictViolation() by ${mode} of ${words.join(" ")}`, () => {
    assertEquals(strictViolation(words, mode), want);
  });
}
