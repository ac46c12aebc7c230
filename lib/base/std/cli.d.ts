/** Types of `parseArgs`, as far as we use it. */
export interface ParseOptions {
  /** Everything after "--" goes to the result's "--". */
  "--"?: boolean;
  alias?: Readonly<Record<string, string | readonly string[]>>;
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  default?: Readonly<Record<string, unknown>>;
  /** Everything after the first word that is no option stays as it is. */
  stopEarly?: boolean;
  /** Called for every option or word that is not declared; what returns false is left out. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

export type Parsed = { _: (string | number)[]; "--"?: string[] } & { [name: string]: unknown };

export declare function parseArgs(args: readonly string[], options?: ParseOptions): Parsed;
