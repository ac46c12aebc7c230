import { assertEquals } from "@std/assert";
import { asScript } from "./script.ts";

/** A program that says what it finds, and calls a function that V8 parses only then. */
const bundle = `import { createHash } from "node:crypto";
function digest(text) { return createHash("sha256").update(text).digest("hex").slice(0, 8); }
const timer = setInterval(() => {}, 1000);
clearInterval(timer);
console.log(digest("a"), import.meta.dirname, typeof timer);
`;

/** Runs the program in its folder, as a process: V8 knows in one what it has compiled before. */
const driver = `
const { loadProgram } = await import(${JSON.stringify(new URL("program.ts", import.meta.url).href)});
const program = loadProgram(Deno.args[0]);
await program.run();
console.log(program.tookCode);
Deno.writeFileSync(Deno.args[0] + "/code", program.code());
`;

/** A folder with the program, and what it said there. */
class Folder {
  readonly path = Deno.makeTempDirSync();

  constructor(text: string) {
    Deno.mkdirSync(`${this.path}/program`);
    Deno.writeTextFileSync(`${this.path}/program/main.js`, text);
  }

  /** Whether V8 took `code`; the code afterwards is in `made`. */
  run(code: Uint8Array | undefined): string {
    if (code) Deno.writeFileSync(`${this.path}/program/code`, code);
    const args = ["eval", "--no-config", "--no-check", driver, this.path];
    const { stdout, stderr } = new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } })
      .outputSync();
    const [said, took] = new TextDecoder().decode(stdout).split("\n");
    assertEquals(said, `ca978112 ${this.path} number`, new TextDecoder().decode(stderr));
    return took;
  }

  get made(): Uint8Array {
    return Deno.readFileSync(`${this.path}/code`);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("a program runs without code, with its own, and with what is none", () => {
  using folder = new Folder(asScript(bundle)), other = new Folder(asScript(`${bundle}// more\n`));
  assertEquals(folder.run(undefined), "undefined");
  const code = folder.made;
  assertEquals(folder.run(code), "true");
  assertEquals(folder.made.length, code.length, "what was taken is given again");
  assertEquals(folder.run(code.slice(0, code.length / 2)), "false");
  assertEquals(folder.run(new Uint8Array(64)), "false");
  assertEquals(other.run(code), "false", "of a script of another length");
});
