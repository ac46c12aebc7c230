/**
 * `zccache install [--prefix DIR] [--links NAMES]` and `uninstall`: the executable and links under compilers' names.
 *
 *     <prefix>/bin/zccache             launcher and engine
 *     <prefix>/lib/zccache/cc ...      links to it
 *
 * Nothing outside these two places is touched: the line for PATH is printed, not written anywhere.
 *
 * @module
 */
import { CacheError, messageOf, quote } from "../base/errors.ts";
import { absolute } from "../base/paths.ts";
import { compose, ensureNative } from "../native/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { compilersOn, linkAll, linksIn } from "./shims.ts";
import { buildId } from "./version.ts";

/** Installs; the exit status. @throws {CacheError} `native`, `unusable_place`, `usage`. */
export function install(parsed: Parsed, io: CommandIo): Promise<number> {
  const { executable, links } = placesOf(parsed, io);
  const names = parsed.flags.links === undefined
    ? compilersOn(io.env.PATH ?? "/usr/bin:/bin").filter((name) => name !== "zccache")
    : String(parsed.flags.links).split(",").filter((name) => name !== "");
  const bad = names.find((name) => name.includes("/") || name.startsWith("zccache"));
  if (bad !== undefined) {
    throw new CacheError("usage", {
      cannot: `make a link called ${quote(bad)}`,
      found: "it is no plain name of a tool",
      help: "Name tools as in `--links cc,c++`",
    });
  }
  const native = ensureNative({ verify: true });
  if (native.launcher === "" || !Deno.build.standalone) {
    throw new CacheError("native", {
      cannot: "install",
      found: native.problem ?? "this is a checkout, not an executable",
      help: "Run scripts/build, then dist/zccache install",
    });
  }
  try {
    Deno.mkdirSync(executable.slice(0, executable.lastIndexOf("/")), { recursive: true });
    compose({ launcher: native.launcher, engine: Deno.execPath(), id: buildId(), to: executable });
    linkAll(links, names, "../../bin/zccache");
  } catch (error) {
    throw new CacheError("unusable_place", {
      cannot: `install to ${quote(executable)}`,
      found: messageOf(error),
      help: "Choose another folder with --prefix",
      cause: error,
    });
  }
  io.out(`installed ${executable}\n`);
  io.out(`links for ${names.length === 0 ? "no compiler" : names.join(" ")}\n\n`);
  io.out(`Put them before the compilers:\n  export PATH="${links}:$PATH"\n`);
  return Promise.resolve(0);
}

/** Takes away what `install` put there; the exit status. */
export function uninstall(parsed: Parsed, io: CommandIo): Promise<number> {
  const { executable, links } = placesOf(parsed, io);
  const ours = linksIn(links).filter((name) => Deno.readLinkSync(`${links}/${name}`) === "../../bin/zccache");
  for (const name of ours) Deno.removeSync(`${links}/${name}`);
  removeEmpty(links);
  const removed = removeFile(executable);
  io.out(
    removed || ours.length > 0
      ? `removed ${executable} and ${ours.length} links\n`
      : "nothing is installed there\n",
  );
  return Promise.resolve(0);
}

function placesOf({ flags }: Parsed, { env }: CommandIo): { executable: string; links: string } {
  const home = env.HOME ? `${env.HOME}/.local` : undefined;
  const prefix = flags.prefix === undefined ? home : absolute(String(flags.prefix), Deno.cwd());
  if (prefix === undefined) {
    throw new CacheError("unusable_place", {
      cannot: "find a place to install to",
      found: "HOME is not set",
      help: "Choose a folder with --prefix",
    });
  }
  return { executable: `${prefix}/bin/zccache`, links: `${prefix}/lib/zccache` };
}

function removeFile(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function removeEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch (error) {
    // Somebody's own files stay, and so does their folder.
    if (
      !(error instanceof Deno.errors.NotFound) &&
      !(error instanceof Error && "code" in error && error.code === "ENOTEMPTY")
    ) throw error;
  }
}
