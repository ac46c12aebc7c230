/**
 * `@std/cli`, with types: the npm packaging of the standard library carries none.
 *
 * @module
 */
// @ts-types="./cli.d.ts"
export * from "npm:deno-std@1.3.0/cli/parse_args.js";
