/**
 * Outputs as the tests of this folder begin them. No part of the program.
 *
 * @module
 */
import type { Written } from "../trace/mod.ts";

/** An output of which nothing special is known. */
export const written: Written = { style: "unknown", read: false, gone: false, exclusive: false, text: "" };
