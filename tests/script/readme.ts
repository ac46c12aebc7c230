/**
 * Makes README.md of this folder from the command table; `deno run -A tests/script/readme.ts` writes it.
 *
 * @module
 */
import { commands } from "./commands.ts";

/** The text of README.md. */
export function readme(): string {
  const rows = Object.values(commands).map(({ usage, help }) => `\`${usage}\`\n: ${help}\n`);
  return `<!-- deno-fmt-ignore-file -->

# Scenarios

Made from the table in commands.ts by \`deno run -A tests/script/readme.ts\`; do not edit.

Each file in \`tests/scripts/\` is one scenario: a first line \`# what must hold\`, script lines, and the files it
needs after lines \`-- name --\`. It runs in each mode: \`one-shot\` (no daemon), \`daemon\` (through
\`zccache wrap\`), \`launcher\` (the launcher called by its path), and, when asked for with SCENARIO_MODES, in \`masquerade\` (links
under the tools' names first on PATH), \`declared\` (by a daemon without a tracer: fewer hits, no wrong one) and \`plain\` (which
compares the compiler with itself).

The fuzzer (\`scripts/fuzz\`, tests/fuzz/differential) draws such scenarios, and writes what fails as one.

Every tool line is a differential test: the tool runs plainly, the folder is put back, the tool runs through the
cache, and files, bytes, modes, links, times, both texts and the exit code must agree. \`$THROUGH\` is what stands
before the tool: nothing when it runs plainly.

A line is \`[condition] ! NAME=value word args... <in >out 2>&1\`, all but the word optional. \`!\` expects failure.
Conditions: \`root\`, a mode, or a program on PATH (\`clang\`, \`exec:ld.lld\`); \`!\` in brackets turns one round.
\`[!clang] skip 'needs clang'\` skips the whole scenario by name. A line \`# ...\` begins a phase; of a failing
scenario only the failing phase is printed. \`$WORK\` is the folder in which the script stands.

## Words

${rows.join("\n")}`;
}

/** Where it stands. */
export const readmePath = new URL("./README.md", import.meta.url);

if (import.meta.main) Deno.writeTextFileSync(readmePath, readme());
