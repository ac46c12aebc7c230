/**
 * Action key: what a person asked for, as a list of named parts and its SHA-256.
 *
 * Keys of compiles begin with their line's number, so that one look into one shard tells that nothing is stored for a line
 * before its source is read. It is made of what each key of the request holds, so it takes nothing away from any.
 *
 * Nothing is hashed without a name, so that `why` can compare two lists. Paths are written with slots (`$cwd`) where a
 * rule allows it; today every slot also counts with its literal text, so that a rule can be relaxed later without a
 * change of format (decisions.md 16). The content of files is no part: that is the candidates' business.
 *
 * @module
 */
import { bytesOf, byteString } from "../base/bytes.ts";
import { type Digest, hex, sha256 } from "../base/digest.ts";
import type { Names } from "../compilers/mod.ts";
import type { Message } from "../protocol/mod.ts";

/** Changes whenever the parts or their spelling change. */
const keyFormat = "zccache action 4";

export interface Action {
  digest: Digest;
  parts: readonly Part[];
  /** Its keys begin with this. */
  line?: Uint8Array;
  /** The same in any folder, for requests whose results may hold in all. */
  anywhere?: Digest;
}

type Part = readonly [name: string, value: string];

function digestOf(parts: readonly Part[], line?: Uint8Array): Digest {
  const digest = sha256(
    bytesOf(parts.map(([name, value]) => `${name}=${value.length}:${value}`).join("\0")),
  );
  if (line !== undefined) digest.set(line);
  return digest;
}

const lineBytes = 4, sourceName = /^[^-].*\/([^/]+\.\w+)$/s;

/**
 * The number of a compile's line: 4 bytes that are the same wherever it may have the same key. So of its words those count
 * that name no folder, and of a source its own name.
 *
 * @param words As the key has them.
 */
export function lineOf(words: readonly string[]): Uint8Array {
  const counting = words.map((word) => word.includes("/") ? sourceName.exec(word)?.[1] ?? "" : word);
  return sha256(bytesOf(counting.join("\0"))).subarray(0, lineBytes);
}

/**
 * The action without its folder.
 *
 * @param sources What each source holds, in order.
 * @param full The folder, where words name files in it in full.
 */
export function anywhere({ parts, line }: Action, sources: readonly Digest[], full?: string): Digest {
  const others = parts.filter(([name]) => name !== "cwd"), moved: Part[] = [];
  for (const [name, value] of others) {
    const holds = full !== undefined && name === "argument" && value.includes(full);
    moved.push([holds ? "argument in the folder" : name, holds ? value.replace(full, () => "$cwd") : value]);
  }
  return digestOf([...moved, ...sources.map((digest): Part => ["source", hex(digest)])], line);
}

/** The action of a link in any folder and under any names; `objects`: what each holds, in order. */
export function linkAnywhere({ parts }: Action, names: Names, objects: readonly Digest[]): Digest {
  return digestOf([
    ...parts.filter(([name]) => name !== "cwd" && name !== "argument"),
    ["names", "apart"],
    ...names.others.map((word): Part => ["argument", word]),
    ...objects.map((digest): Part => ["object", hex(digest)]),
  ]);
}

/** The action in any tree: what names the tree, with a slot. `cwd`: as seen from the root. */
export function inAnyTree(
  { parts, line }: Action,
  moved: { cwd: string; words: readonly string[]; added: readonly string[] },
  sources: readonly Digest[],
): Digest {
  const others = parts.filter(([name]) => name !== "cwd" && name !== "argument" && name !== "added");
  return digestOf([
    ...others,
    ["folder in the tree", moved.cwd],
    ...moved.words.map((word): Part => ["argument", word]),
    ...moved.added.map((word): Part => ["added", word]),
    ...sources.map((digest): Part => ["source", hex(digest)]),
  ], line);
}

/**
 * The action of a request.
 *
 * @param cpu Identity of the processor, where the line may ask for it.
 * @param input Digest of the source on standard input, where that is one.
 * @param tool Where it lies, where it does not matter how that was spelled.
 * @param names What the line names its outputs: no part, since a candidate has a row for it.
 * @param added Words that the tool gets besides.
 * @param deploy The program that follows a link.
 * @param line Of a compile.
 */
export function actionOf(
  ask: Message<"ask">,
  { cpu, input, names, deploy, line, added = [], tool = ask.tool }: {
    cpu?: string;
    input?: Digest;
    names?: Names;
    deploy?: string;
    line?: Uint8Array;
    added?: readonly string[];
    tool?: string;
  } = {},
): Action {
  const parts: Part[] = [["format", keyFormat], ["tool", tool], ["cwd", ask.cwd]];
  // By its bare name or by the path at which that is found: a tool that says which, or may use it, has a row for it.
  const [called, ...words] = ask.argv;
  if (called.includes("/") && called !== ask.tool) parts.push(["called", called]);
  if (names !== undefined) parts.push(["names", "apart"]);
  for (const word of names?.others ?? words) parts.push(["argument", word]);
  for (const word of added) parts.push(["added", word]);
  if (cpu !== undefined) parts.push(["cpu", cpu]);
  if (input !== undefined) parts.push(["standard input", hex(input)]);
  if (deploy !== undefined) parts.push(["deploy", deploy]);
  return { digest: digestOf(parts, line), parts, line };
}

/** What distinguishes one processor from another to -march=native (soundness.md 3). */
export function cpuIdentity(): string {
  const lines = byteString(Deno.readFileSync("/proc/cpuinfo")).split("\n\n")[0].split("\n");
  return lines.filter((line) =>
    /^(?:vendor_id|cpu family|model|model name|stepping|flags|Features|CPU )/.test(line)
  ).join("\n");
}
