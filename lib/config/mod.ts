/**
 * Settings: one table, and reading it from the environment and the command line.
 *
 * @module
 */
export * from "./load.ts";
export * from "./settings.ts";
