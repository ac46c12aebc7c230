/**
 * Which zccache this is.
 *
 * @module
 */
import { buildId as builtId } from "../native/mod.ts";
import { protocolVersion } from "../protocol/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";

/** As in deno.json; a test compares. */
export const version = "0.1.0";

/** 16 hexadecimal digits over program and C sources; zeros in a checkout that was never built. */
export function buildId(): string {
  return builtId() ?? "0".repeat(16);
}

/** Prints version, protocol and build id. */
export function run(_parsed: Parsed, io: CommandIo): Promise<number> {
  io.out(`zccache ${version} (protocol ${protocolVersion}, build ${buildId()})\n`);
  return Promise.resolve(0);
}
