/**
 * The log: one line an event, with its time, to a file or to stderr.
 *
 *     2026-01-31T12:00:00.000Z warn journal cut at byte 812: checksum differs
 *
 * Logging never fails what it reports on: a line that cannot be written (full disk, closed stderr, folder gone) is
 * lost and counted. Lines are appended with one write each, so several processes may share a file; line breaks and
 * other control characters inside a text are escaped, so that a file name can never forge a line.
 *
 * @module
 */
import { type Clock, systemClock } from "./clock.ts";

export interface Log {
  /** What one wants to know when looking for a reason. */
  info(text: string): void;
  /** What is wrong and was got over. */
  warn(text: string): void;
}

export interface LogOptions {
  /** File to append to (ordinary text; made with mode 0600). Default: stderr. */
  path?: string;
  /** @default {systemClock} */
  clock?: Pick<Clock, "now">;
}

/** A log that also tells how many of its lines were lost. */
export interface OpenLog extends Log {
  /** Lines that could not be written so far. */
  readonly lost: number;
  /** Closes the file; later lines are lost. */
  close(): void;
}

const encoder = new TextEncoder();
// deno-lint-ignore no-control-regex -- control characters are what is asked
const controls = /[\x00-\x1f\x7f]/g;

/** Opens a log. A file that cannot be opened makes a log that loses every line. */
export function openLog({ path, clock = systemClock }: LogOptions = {}): OpenLog {
  const sink = path === undefined ? Deno.stderr : openForAppending(path);
  return new LineLog(sink, clock);
}

/** A log that goes nowhere, for where nobody is to be told. */
export const noLog: Log = { info() {}, warn() {} };

interface Sink {
  writeSync(bytes: Uint8Array): number;
  close(): void;
}

class LineLog implements OpenLog {
  #sink: Sink | undefined;
  readonly #clock: Pick<Clock, "now">;
  #lost = 0;

  constructor(sink: Sink | undefined, clock: Pick<Clock, "now">) {
    this.#sink = sink;
    this.#clock = clock;
  }

  get lost(): number {
    return this.#lost;
  }

  info(text: string): void {
    this.#line("info", text);
  }

  warn(text: string): void {
    this.#line("warn", text);
  }

  close(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink !== undefined && sink !== Deno.stderr) sink.close();
  }

  #line(level: "info" | "warn", text: string): void {
    const line = encoder.encode(`${timeText(this.#clock.now())} ${level} ${escaped(text)}\n`);
    try {
      if (this.#sink === undefined || this.#sink.writeSync(line) < line.length) this.#lost++;
    } catch {
      this.#lost++; // nowhere to report it: this is the report
    }
  }
}

function openForAppending(path: string): Sink | undefined {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  } catch {
    return undefined; // every line then counts as lost
  }
}

function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString();
}

function escaped(text: string): string {
  return text.replace(controls, (control) => JSON.stringify(control).slice(1, -1));
}
