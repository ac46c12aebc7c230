import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bytesOf, byteString } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { blankedText, codeOf, mayBlank, mostCodeBytes } from "./code.ts";

const code = (text: string) => codeOf(bytesOf(text), sha256(bytesOf(text)));

/** Text, and the same blanked; undefined where it has no code. */
const blanked: { name: string; text: string; want: string | undefined }[] = [
  { name: "a comment", text: "a /* b */ c", want: "a         c" },
  { name: "a line comment", text: "a // b\nc", want: "a\nc" },
  { name: "blanks at ends of lines", text: "a \t\n  \n b", want: "a\n\n b" },
  { name: "tabs within", text: "/*\ta\t*/b", want: "  \t \t  b" },
  { name: "a comment alone on its lines", text: " /* a\n * b\n */\nc", want: "\n\n\nc" },
  { name: "a comment of two lines behind code", text: "a /* b\nc */\nd", want: "a /*\n  */\nd" },
  { name: "a comment of two lines before code", text: "/* b\nc */ d", want: "/*\n  */ d" },
  {
    name: "a comment of two lines in a macro of two",
    text: "#define A \\\n/* b\nc */\nd",
    want: "#define A \\\n/*\n  */\nd",
  },
  { name: "an empty comment", text: "a/**/b", want: "a    b" },
  { name: "a slash behind the start", text: "a/*/b*/c", want: "a      c" },
  { name: "a comment in a string", text: '"/* a */" "//"', want: '"/* a */" "//"' },
  { name: "a quote escaped", text: '"\\"/*" /* a */', want: '"\\"/*"' },
  { name: "a quote in a character", text: "'\"' // a", want: "'\"'" },
  { name: "a string of two lines", text: '"a\\\n// b" // c', want: '"a\\\n// b"' },
  { name: "a quote in a comment", text: "/* it's */a", want: "          a" },
  { name: "an apostrophe alone", text: "#error it's\na /* b */", want: "#error it's\na" },
  { name: "an apostrophe, and blanks at the end", text: "S(it's \n)", want: undefined },
  { name: "an apostrophe before a comment", text: "#error it's // b\n", want: undefined },
  { name: "digits parted twice", text: "1'000'000 // a", want: "1'000'000" },
  { name: "digits parted once", text: "1'000; a", want: "1'000; a" },
  { name: "digits parted before a comment", text: "1'000 // a", want: undefined },
  { name: "a wide character", text: "L'a' u8'b' // c", want: "L'a' u8'b'" },
  { name: "a raw string", text: 'R"(/*)"', want: undefined },
  { name: "a raw string behind a dot", text: 'a.R"(/*)"', want: undefined },
  { name: "a raw string with a prefix", text: 'u8R"(/*)"', want: undefined },
  { name: "a name that ends like one", text: 'BAR"/*" // a', want: 'BAR"/*"' },
  { name: "a raw string in a comment", text: '// R"(\na', want: "\na" },
  { name: "a header that looks like a comment", text: "#include <a//b>\n", want: undefined },
  { name: "a header that begins one", text: "# include <sys/*.h>\n", want: undefined },
  { name: "a header, then a comment", text: "#include <a/b> // c\n", want: "#include <a/b>\n" },
  { name: "a header behind a comment", text: "#/**/include <a//b>\n", want: undefined },
  { name: "a header by a digraph", text: "%:include <a//b>\n", want: undefined },
  { name: "a header that is asked for", text: "#if __has_include(<a//b>)\n", want: undefined },
  {
    name: "a comment behind one that is asked for",
    text: "#if __has_include(<a>) // b\n",
    want: "#if __has_include(<a>)\n",
  },
  { name: "less than, and a comment", text: "#if A < 3 // b\n", want: "#if A < 3\n" },
  { name: "a spliced line", text: "#define A \\\n  b // c\n", want: "#define A \\\n  b\n" },
  { name: "a splice within a word", text: "a\\\nb", want: undefined },
  { name: "a splice within a comment's start", text: "/\\\n/ a", want: undefined },
  { name: "a splice within a comment's end", text: "/* a *\\\n/ b */", want: undefined },
  { name: "a splice in a comment", text: "/* a \\\n b */c", want: "/* a \\\n b */c" },
  { name: "a line comment of two lines", text: "// a \\\nb", want: undefined },
  { name: "a blank behind a backslash", text: "#define A \\ \nb", want: undefined },
  { name: "a backslash at the end", text: "a\\", want: undefined },
  { name: "a trigraph", text: "// a??/\nb", want: undefined },
  { name: "a comment without an end", text: "/* a", want: undefined },
  { name: "a carriage return", text: "// a\rb\n", want: undefined },
  { name: "a byte that is no text", text: "\0", want: undefined },
  { name: "a form feed", text: "\f\na", want: "\f\na" },
  { name: "a comment that is not ASCII", text: "/* \xfc */ // b", want: "/* \xfc */" },
  { name: "a comment in a comment", text: "/* /* */ // b", want: "/* /* */" },
  { name: "a comment that steers", text: "/* Fall-Through */ // b", want: "/* Fall-Through */" },
  { name: "a comment for lint", text: "// NOLINT\n", want: "// NOLINT\n" },
  { name: "a long line", text: "/* a */" + "b".repeat(1000), want: undefined },
  { name: "a long line at the end", text: "\n" + "b".repeat(1000), want: "\n" + "b".repeat(1000) },
];
for (const { name, text, want } of blanked) {
  Deno.test(`blankedText() of ${name}`, () => {
    const found = blankedText(bytesOf(text));
    assertEquals(found && byteString(found), want);
    if (found !== undefined) assertEquals(blankedText(found), found, "blanked again it is the same");
    const isItself = found === undefined || byteString(found) === text;
    assert(mayBlank(text) || isItself, "what nothing can be blanked of is itself, or has no code");
  });
}

Deno.test("mayBlank() is asked for comments and blanks at ends alone", () => {
  const texts = [
    "a",
    "a / b",
    "#include <a/b>\n",
    "\ta \v b\n",
    "a\\\n",
    "// a",
    "a /* b */",
    "a \n",
    "a\t\nb",
    "a ",
    "a\t",
  ];
  assertEquals(texts.map((text) => mayBlank(text)), texts.map((_, i) => i > 4));
});

const reaching = [
  "#embed <a>",
  "# embed <a>",
  "#\\\nembed <a>",
  "#/**/embed <a>",
  "#if __has_embed(<a>)",
  '__asm__(".incbin \\"a\\"");',
  '".INCBIN"',
  '#pragma GCC dependency "a"',
  '".include \\"a\\""',
  '__asm__(".inc" "bin \\"a\\"");',
  '__asm__(".macro m a; .\\\\a; .endm");',
  '#pragma GCC diagnostic warning "-Wdocumentation"',
  '_Pragma("clang diagnostic error \\"-Weverything\\"")',
  '#pragma GCC diagnostic warning "-Wtrailing-whitespace"',
];
for (const text of reaching) {
  Deno.test(`codeOf() says that ${JSON.stringify(text)} reaches further`, () => {
    assertEquals(code(text).reaches, true);
  });
}

Deno.test("codeOf() takes words about embedding for what they are", () => {
  const { digest, reaches } = code('/* we embed it */ #include <a>\n#include "b.inc"\nint embed;\n');
  assertEquals(reaches, false);
  assertNotEquals(digest, undefined);
});

Deno.test("codeOf() does not look into what is too large", () => {
  const bytes = new Uint8Array(mostCodeBytes + 1);
  assertEquals(codeOf(bytes, new Uint8Array(32)), { digest: undefined, reaches: true });
});

Deno.test("codeOf() of a text without comments is what it holds, and that of one with comments is equal to it", () => {
  const plain = "#include <a>\nint b;\n", raw = 'char *s = R"(x)";\n';
  for (const text of [plain, raw]) {
    assertEquals(code(text), { digest: sha256(bytesOf(text)), reaches: false });
  }
  assertEquals(code(plain.replace(";", "; // c")), code(plain));
  assertEquals(code(raw.replace("=", "=  /* c */ ")).digest, undefined, "nobody says what that is");
});
