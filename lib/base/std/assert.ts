/**
 * `@std/assert`, with types: the npm packaging of the standard library carries none.
 *
 * @module
 */
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.3.0/assert/mod.js";
