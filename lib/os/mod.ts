/**
 * What we ask of the operating system beyond Deno's own calls. The only folder that calls Deno.dlopen.
 *
 * @module
 */
export * from "./files.ts";
export * from "./inotify.ts";
export * from "./libc.ts";
export * from "./lock.ts";
export * from "./mapping.ts";
export * from "./process.ts";
export * from "./socket.ts";
export * from "./statx.ts";
export * from "./user.ts";
