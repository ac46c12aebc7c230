/**
 * What a row of the tables of options is: a form of an option, and how a second run with it ends.
 *
 * tests/options runs every row plainly, cold and warm; `zccache help options` and tests/options/README.md are made
 * from the same rows.
 *
 * @module
 */
import type { Outcome } from "../../lookup/outcome.ts";

/** One form of an option. */
export interface Form {
  /** As people write it. */
  words: string;
  /** What it is added to; `-c a.c` where nothing is said. */
  to?: string;
  /** Tools that are tried with it, in one word each. */
  on: string;
  /** What stands before the tool: assignments, and what it reads. */
  env?: string;
  /** Shell lines that make what it needs, from the files of tests/options/project.ts. */
  before?: readonly string[];
  /** Why a second run is not answered from the cache; without it, it is. */
  pass?: Outcome;
  /** ... and why a hit would be wrong, or worth nothing. */
  why?: string;
  /** These tools refuse it. That, too, is a result that is kept. */
  fails?: true;
  /** The tool's version from which on it neither fails nor passes. */
  since?: number;
  /** Each run of the tool alone writes other bytes into these files: a hit is one of them. */
  loose?: string;
  /** A program that must be there besides. */
  needs?: string;
}

/** Forms that belong together. */
export interface Family {
  name: string;
  /** One line for help. */
  about: string;
  forms: readonly Form[];
}
