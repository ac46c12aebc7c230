/**
 * Observations as the tests of this folder begin them. No part of the program.
 *
 * @module
 */
import type { Observation, Written } from "../trace/mod.ts";

/** Of a run that asked nothing and wrote nothing. */
export function nothing(): Observation {
  return {
    files: new Map(),
    absent: new Set(),
    listings: new Set(),
    linkTexts: new Map(),
    physical: new Map(),
    refused: new Map(),
    written: new Map(),
    variables: new Set(),
    wholeEnvironment: false,
    full: new Set(),
    scripts: new Set(),
    givesModes: false,
    programs: new Set(),
  };
}
/** An output of which nothing special is known. */
export const written: Written = { style: "unknown", read: false, gone: false, exclusive: false, text: "" };
