/**
 * The compilers and checkers that tests use: what is missing is installed where that is ours to do.
 *
 * Only as root on a system with apt; elsewhere the cases that need a missing tool are skipped by name.
 *
 * @module
 */
import { run, step } from "./steps.ts";

interface Tool {
  package: string;
  /** A command that ends with 0, and prints what `says` fits, where the tool is there. */
  probe: readonly string[];
  says?: RegExp;
}

// deno-fmt-ignore: a table
const tools: readonly Tool[] = [
  { package: "gcc", probe: ["gcc", "--version"] },
  { package: "g++", probe: ["g++", "--version"] },
  { package: "make", probe: ["make", "--version"] },
  { package: "clang", probe: ["clang", "--version"] },
  { package: "lld", probe: ["ld.lld", "--version"] },
  { package: "libclang-rt-dev", probe: ["sh", "-c", "ls $(clang --print-runtime-dir)"], says: /libclang_rt\.profile/ },
  { package: "gobjc", probe: ["gcc", "-print-prog-name=cc1obj"], says: /\// },
  { package: "mold", probe: ["mold", "--version"] },
  { package: "tcc", probe: ["tcc", "-v"] },
  { package: "valgrind", probe: ["valgrind", "--version"] },
  // 32-bit start files: gcc prints a path where it has them, else the bare name.
  { package: "gcc-multilib", probe: ["gcc", "-m32", "-print-file-name=Scrt1.o"], says: /\// },
];
/** What only some need. */
export const buildSystems: readonly Tool[] = [
  { package: "cmake", probe: ["cmake", "--version"] },
  { package: "ninja-build", probe: ["ninja", "--version"] },
];
const limitMs = 5 * 60_000;

async function missing(tools: readonly Tool[]): Promise<string[]> {
  const names: string[] = [];
  for (const { package: name, probe, says } of tools) {
    const { code, text } = await run(probe);
    if (code !== 0 || (says !== undefined && !says.test(text))) names.push(name);
  }
  return names;
}

/** Installs what is missing, `more` as well, if it can, and says what stays missing. */
export async function installTools(more: readonly Tool[] = []): Promise<void> {
  const all = [...tools, ...more], wanted = await missing(all);
  if (wanted.length === 0) return;
  const apt = (await run(["apt-get", "--version"])).code === 0;
  if (Deno.uid() === 0 && apt) await step(`install ${wanted.join(" ")} by apt`, () => install(wanted));
  const left = await missing(all);
  if (left.length > 0) console.log(`  not here: ${left.join(" ")}; tests that need them are skipped by name`);
}

/** All at once, else one by one, so that one that cannot be had does not keep the others away. */
async function install(names: readonly string[]): Promise<void> {
  const options = { env: { DEBIAN_FRONTEND: "noninteractive" }, timeoutMs: limitMs };
  const command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"];
  await run(["apt-get", "update", "-qq"], options);
  if ((await run([...command, ...names], options)).code === 0) return;
  for (const name of names) await run([...command, name], options);
}
