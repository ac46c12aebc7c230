/**
 * Environment and flags -> settings, each with its origin. What is wrong is data: a value that is not allowed leaves
 * the default in place and becomes one line naming the variable, the value and what is allowed. Whoever wraps a tool
 * logs the lines; administrative commands stop at the first one.
 *
 * @module
 */
import { CacheError, quote } from "../base/errors.ts";
import {
  largestCount,
  largestTimeMs,
  type SettingName,
  type SettingRow,
  settingRows,
  type Settings,
} from "./settings.ts";

export type Origin = "default" | "environment" | "flag";

/** What is wrong with one value. */
export interface SettingProblem {
  name: SettingName;
  /** `use ZCCACHE_WAL_FLUSH_MS "0"` */
  cannot: string;
  /** `it must be a whole number of milliseconds, at least 1` */
  found: string;
}

export interface ReadSettings {
  settings: Settings;
  origins: Readonly<Record<SettingName, Origin>>;
  problems: readonly SettingProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;
type Flags = Readonly<Record<string, boolean | string | number | undefined>>;
type Value = Settings[SettingName];

/** Reads all settings. Flags stand above the environment. */
export function readSettings(env: Environment, flags: Flags = {}): ReadSettings {
  const settings: Record<string, Value> = {}, origins: Record<string, Origin> = {};
  const problems: SettingProblem[] = [];
  for (const [key, row] of Object.entries(settingRows) as [SettingName, SettingRow][]) {
    const given = givenFor(row, env, flags);
    const value = given === undefined ? undefined : valueOf(row, given.text);
    const refused = given !== undefined && typeof value === "object";
    if (refused) {
      problems.push({ name: key, cannot: `use ${given.from} ${quote(given.text)}`, found: value.allowed });
    }
    const taken = given !== undefined && !refused;
    settings[key] = taken ? value as Value : defaultOf(row);
    origins[key] = taken ? given.origin : "default";
  }
  return {
    settings: settings as unknown as Settings,
    origins: origins as Record<SettingName, Origin>,
    problems,
  };
}

/** Reads all settings. @throws {CacheError} `bad_setting` for the first value that is not allowed. */
export function loadSettings(env: Environment, flags: Flags = {}): Settings {
  const { settings, problems } = readSettings(env, flags);
  if (problems.length > 0) throw new CacheError("bad_setting", problems[0]);
  return settings;
}

/** A problem as the one line that people see. */
export function problemLine({ cannot, found }: SettingProblem): string {
  return `Cannot ${cannot}: ${found}`;
}

function givenFor(
  row: SettingRow,
  env: Environment,
  flags: Flags,
): { text: string; from: string; origin: Origin } | undefined {
  const flag = row.flag === undefined ? undefined : flags[row.flag];
  if (flag !== undefined && flag !== false) {
    const means = "flagMeans" in row ? row.flagMeans : undefined;
    return { text: String(means ?? flag), from: `--${row.flag}`, origin: "flag" };
  }
  const text = env[row.variable];
  return text === undefined || text === "" ? undefined : { text, from: row.variable, origin: "environment" };
}

function defaultOf(row: SettingRow): Value {
  if (row.kind !== "count" || row.default === undefined) return row.default as Value;
  return row.default * row.factor;
}

/** The value of `text`, or what would be allowed. */
function valueOf(row: SettingRow, text: string): Value | { allowed: string } {
  switch (row.kind) {
    case "text":
      return text;
    case "switch":
      return switchOf(text) ?? { allowed: "it must be 1 or 0 (or true, yes, on, false, no, off)" };
    case "choice": {
      const word = row.means?.[text] ?? text.toLowerCase();
      return row.allowed.includes(word)
        ? word as Value
        : { allowed: `it must be ${row.allowed.join(" or ")}` };
    }
    case "count": {
      const most = row.unit === "seconds" || row.unit === "milliseconds"
        ? Math.floor(largestTimeMs / row.factor)
        : largestCount;
      const count = row.words?.[text.toLowerCase()] ?? (/^\d{1,16}$/.test(text) ? Number(text) : NaN);
      if (count >= row.min && count <= most) return count * row.factor;
      const limit = count > most ? `at most ${most}` : `at least ${row.min}`;
      return { allowed: `it must be a whole number of ${row.unit}, ${limit}` };
    }
  }
}

function switchOf(text: string): boolean | undefined {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off)$/i.test(text) ? false : undefined;
}
