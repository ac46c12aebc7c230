/**
 * The two C parts: what they are built from, and where they lie ready to be executed.
 *
 * @module
 */
export * from "./compose.ts";
export * from "./parts.ts";
export * from "./unpack.ts";
