/**
 * Our one error class: what we tried, what we found, what helps.
 *
 *     zccache: Cannot use the cache folder "/b/zc": others may write to it (mode 777)
 *       Run `chmod 700 /b/zc`, or choose another with ZCCACHE_CACHE_DIR
 *
 * The code decides the exit status, here and nowhere else. Trouble with the cache is no reason to fail a compile, so
 * these errors end administrative commands only; whoever wraps a tool logs them and runs the tool.
 *
 * @module
 */

/** Codes of errors and the exit status of a command that ends by one. */
export const errorStatus = {
  /** The command line makes no sense. */
  usage: 2,
  /** A setting has a value that is not allowed. */
  bad_setting: 2,
  /** The tool is there and cannot be executed. */
  not_executable: 126,
  /** The tool is not there. */
  not_found: 127,
  /** A folder or file of ours cannot be used: missing, not private, read-only, full. */
  unusable_place: 1,
  /** No daemon is there, or it does not do what it was asked. */
  daemon: 1,
  /** The native parts cannot be unpacked or built. */
  native: 1,
  /** A store was used after it was closed. */
  store_closed: 1,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof errorStatus;

/** The parts of an error's text; each without a final period. */
export interface ErrorParts {
  /** Verb and thing, values quoted: `use the cache folder "/b/zc"`. */
  cannot: string;
  /** The state that was found: `others may write to it (mode 777)`. */
  found: string;
  /** What helps, if anything does. */
  help?: string;
  cause?: unknown;
}

/** An error that people are meant to read. */
export class CacheError extends Error {
  override readonly name = "CacheError";
  readonly code: ErrorCode;
  readonly help: string | undefined;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(`Cannot ${parts.cannot}: ${parts.found}`, { cause: parts.cause });
    this.code = code;
    this.help = parts.help;
  }

  /** Exit status of a command that ends by this error. */
  get status(): number {
    return errorStatus[this.code];
  }

  /** Everything a person is to see: one line, and a second one where something helps. */
  get lines(): string[] {
    const line = `zccache: ${this.message}`;
    return this.help === undefined ? [line] : [line, `  ${this.help}`];
  }
}

/** A value as it stands in a message: in double quotes, control characters escaped. */
export function quote(value: string): string {
  return JSON.stringify(value);
}

/** What a thrown value says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The same with where it was thrown, for a fault of ours. */
export function traceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}
