/**
 * `@std/fs`, with types: the npm packaging of the standard library carries none.
 *
 * @module
 */
// @ts-types="./fs.d.ts"
export * from "npm:deno-std@1.3.0/fs/mod.js";
