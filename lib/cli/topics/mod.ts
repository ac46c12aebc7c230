/**
 * Pages of help that tell of no command, as a table: `zccache help options`, `zccache help stale`.
 *
 * @module
 */

/** A page of help. */
export interface Topic {
  name: string;
  /** One line for the list of topics, at most 60 characters. */
  summary: string;
  /** The page, loaded when asked for. */
  text(): Promise<string>;
}

export const topics: readonly Topic[] = [
  {
    name: "options",
    summary: "Which options hit, and which pass and why",
    text: async () => (await import("./options.ts")).optionsPage(),
  },
  {
    name: "stale",
    summary: "Where other caches serve stale results and this one does not",
    text: async () => (await import("./stale.ts")).stalePage(),
  },
];
