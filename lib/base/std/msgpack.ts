/**
 * `@std/msgpack`, with types: the npm packaging of the standard library carries none.
 *
 * @module
 */
// @ts-types="./msgpack.d.ts"
export * from "npm:deno-std@1.3.0/msgpack/mod.js";
