/**
 * What the cache has done, as numbers and as text.
 *
 * @module
 */
export * from "./render.ts";
export * from "./stats.ts";
export * from "./status.ts";
