/**
 * A file and its text with comments blanked are one to every compiler at hand: real headers, and texts made of all that
 * makes comments hard to see. What is compared are tokens with their places, and all that compilers say of them.
 *
 * CODE_SEED and CODE_TEXTS repeat or lengthen it. Keeps true: most real headers have code, so that there is something
 * to be wrong about.
 */
import { assert, assertEquals } from "@std/assert";
import { bytesOf } from "../../lib/base/bytes.ts";
import { blankedText } from "../../lib/compilers/code.ts";
import { Dice } from "./differential/dice.ts";

const has = (tool: string) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${tool}`], stdout: "null" }).outputSync().success;
const hasGcc = has("gcc") && has("g++"), hasClang = has("clang");
const seed = Number(Deno.env.get("CODE_SEED") ?? 1), texts = Number(Deno.env.get("CODE_TEXTS") ?? 60);

function run(words: string[], cwd: string): string {
  const [tool, ...args] = words;
  const { code, stdout, stderr } = new Deno.Command(tool, { args, cwd, env: { LC_ALL: "C" } }).outputSync();
  const said = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  return `${code}\n${said(stdout)}\n${said(stderr)}`;
}

/** Tokens with their places, from clang's lexer; comments and blanks are none. */
function tokens(folder: string, files: string[], words: string[]): string {
  // Each piece of a token is a write of its own: to a file they cost a fifth of what they cost to a pipe.
  const into = ["sh", "-c", 'exec "$@" 2>../said', "sh", "clang", "-cc1", "-dump-raw-tokens"];
  const ended = run([...into, ...words, ...files], folder);
  const said = ended + new TextDecoder("latin1").decode(Deno.readFileSync(`${folder}/../said`));
  const flags = /(?: \[(?:StartOfLine|LeadingSpace)\])*(?: \[UnClean='[^]*?'\])?/.source;
  const blank = new RegExp(`^(comment|unknown) '([^]*?)'\\t${flags}\\tLoc=<[^>\\n]*>\\n`, "gm");
  // A quote without its other half is unknown as well.
  const solid = said.replace(
    blank,
    (token, kind, text) => kind === "unknown" && /\S/.test(text) ? token : "",
  );
  return solid.replace(/ \[(?:StartOfLine|LeadingSpace)\]/g, ""); // here they belong to comments
}

const languages = [["-x", "c", "-std=gnu17"], ["-x", "c", "-std=c99"], ["-x", "c++", "-std=c++20"], [
  "-x",
  "c++",
  "-std=c++98",
]];

/** Whether the files of both folders, by the same names, are one to clang's lexer. */
function sameTokens(folders: [string, string], files: string[]): void {
  for (const words of languages) {
    const [one, other] = folders.map((folder) => tokens(folder, files, words));
    if (one === other) continue;
    for (const file of files) {
      const [a, b] = folders.map((folder) => tokens(folder, [file], words));
      assertEquals(a, b, `${file} ${words.join(" ")}`);
    }
  }
}

function withFolders(body: (folders: [string, string]) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "zc-code-" }),
    folders = [`${folder}/a`, `${folder}/b`] as const;
  try {
    for (const one of folders) Deno.mkdirSync(one);
    body([...folders]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Writes a text and its blanked one under a name; false where it has no code. */
function put([plain, blanked]: [string, string], name: string, bytes: Uint8Array): boolean {
  const text = blankedText(bytes);
  if (text === undefined) return false;
  Deno.writeFileSync(`${plain}/${name}`, bytes);
  Deno.writeFileSync(`${blanked}/${name}`, text);
  return true;
}

function* headersBelow(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* headersBelow(`${folder}/${name}`);
    else if (isFile && /^[^.]+$|\.(?:h|hpp|tcc|inc|def)$/.test(name)) yield `${folder}/${name}`;
  }
}

const includes = "/usr/include";
Deno.test({
  name: "real headers have the same tokens at the same places with their comments blanked",
  ignore: !hasClang || !Deno.statSync(includes).isDirectory,
  fn: () =>
    withFolders((folders) => {
      const dice = new Dice(seed), all = [...headersBelow(includes)].sort();
      const drawn = Number(Deno.env.get("CODE_HEADERS") ?? 150);
      const some = drawn >= all.length ? all : Array.from({ length: drawn }, () => dice.of(all));
      const files = some.flatMap((path, i) => {
        const name = `${i}.h`;
        return put(folders, name, Deno.readFileSync(path)) ? [name] : [];
      });
      assert(files.length > some.length * 0.9, `${files.length} of ${some.length} have code`);
      for (let at = 0; at < files.length; at += 100) sameTokens(folders, files.slice(at, at + 100));
      for (const file of dice.shuffled(files).slice(0, files.length / 5)) {
        const words = ["-E", "-dD", "-w", "-x", dice.of(["c", "c++"]), file];
        const tool = dice.of([...(hasGcc ? ["gcc"] : []), "clang"]);
        const [plain, blanked] = folders.map((folder) => run([tool, ...words], folder));
        // Of a header that is not found clang prints the line as it is, and nothing is made of that.
        if (plain.startsWith("0\n")) assertEquals(blanked, plain, `${tool} ${words.join(" ")}`);
      }
    }),
});

/** What comments, literals and directives are made of, and what is easily taken for them. */
const pieces: readonly string[] = [
  ..."/ / / * * * ' ' \" \" \\ \n \n \n # < > ( ) ; , . ? % : R L u8 u U x 1 0x1p 1e+ _ $ @".split(/ /),
  " ",
  "\t",
  ..."//|/*|*/|/* a */|// b|\\\n|\\ \n|'a'|\"b\"|1'000|1'000'000|u8R\"(|R\"x(|)x\"|)\"|LR\"(|??/|??'|don't"
    .split("|"),
  ..."#include <x//y>\n|#include <x/*y>\n|#include \"it's\"\n|#if 0\n|#endif\n|#else\n|#error it's\n|#define A(x) #x\n"
    .split(
      "|",
    ),
  "/* a\n b */",
  "  /* a\n * b\n */\n",
  "#define D 1 /* a\n b */ + 2\n",
  "int j[D];",
  ..."#define B a/**/b\n|#pragma x\n|%:include <a//b>\n|__has_include(<a//b>)|int i;|A(b /* c */ d)|B|\n#\n|/* \n */"
    .split("|"),
  "#if __has_include(<a//b>)\n",
  "// fall through\n",
  '#line 7 "a//b"\n',
  "/\\\n* a *\\\n/",
  "/\\\n/ b\n",
  "/* it's */",
  '// "\n',
  "\f",
  "\x80",
  "# /* a */ include <b//c>\n",
  "#define C \\\n  /* a */ b \\\n  c\n",
  '"a\\\n b"',
  'asm("x" /* y */);',
];

const compilers: readonly { words: string[]; here: boolean }[] = [
  ...["gnu17", "c99"].map((std) => ({ words: ["gcc", "-x", "c", `-std=${std}`], here: hasGcc })),
  ...["gnu++20", "c++98"].map((std) => ({ words: ["g++", "-x", "c++", `-std=${std}`], here: hasGcc })),
  { words: ["clang", "-x", "c", "-std=gnu17", "-ferror-limit=0"], here: hasClang },
  { words: ["clang", "-x", "c++", "-std=c++20", "-ferror-limit=0"], here: hasClang },
];
const quiet = ["-w", "-fno-diagnostics-show-caret", "-fdiagnostics-color=never"];

Deno.test({
  name: `texts made of comments and what looks like them read the same blanked (seed ${seed})`,
  ignore: !hasGcc && !hasClang,
  fn: () =>
    withFolders((folders) => {
      const dice = new Dice(seed), names: string[] = [];
      let drawn = 0;
      while (names.length < texts) {
        const text = Array.from({ length: 2 + dice.below(14) }, () => dice.of(pieces)).join("");
        const name = `${names.length}.c`;
        drawn++;
        if (put(folders, name, bytesOf(text))) names.push(name);
      }
      assert(drawn < texts * 6, `of ${drawn} texts ${texts} have code`);
      if (hasClang) sameTokens(folders, names);
      for (const name of names) {
        for (const { words } of dice.shuffled(compilers.filter(({ here }) => here)).slice(0, 2)) {
          const line = [...words, ...quiet, "-fsyntax-only", name];
          const [plain, blanked] = folders.map((folder) => run(line, folder));
          const text = JSON.stringify(Deno.readTextFileSync(`${folders[0]}/${name}`));
          assertEquals(blanked, plain, `${line.join(" ")}: ${text}`);
        }
      }
    }),
});
