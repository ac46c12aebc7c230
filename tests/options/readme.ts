/**
 * Makes README.md of this folder from the tables of options; scripts/generate.ts writes it.
 *
 * @module
 */
import { type Family, optionFamilies, outcomeOf, written } from "../../lib/cli/topics/options.ts";

const cell = (text: string) => text.replaceAll("|", "\\|");

function table({ name, about, forms }: Family): string {
  const rows = forms.map((form) => {
    const fails = form.fails ? `the tool refuses it${form.since ? ` before version ${form.since}` : ""}` : "";
    const notes = [form.why, fails, form.loose ? `each plain run gives other bytes in ${form.loose}` : ""];
    const words = cell(written(form)) || "(none)";
    return `| \`${words}\` | ${form.on} | ${outcomeOf(form)} | ${cell(notes.filter(Boolean).join("; "))} |`;
  });
  return `## ${name}\n\n${about}\n\n| words | tools | second run | why |\n| --- | --- | --- | --- |\n${
    rows.join("\n")
  }\n`;
}

/** The text of README.md. */
export function readme(): string {
  const lines = optionFamilies.flatMap(({ forms }) => forms.flatMap(({ on }) => on.split(" "))).length;
  return `<!-- deno-fmt-ignore-file -->

# Options and how a second run with them ends

Made from the tables in lib/cli/topics by \`deno run -A scripts/generate.ts\`; do not edit. options_test.ts runs each of
the ${lines} lines plainly, cold and warm, all that it made deleted between, and compares every file, mode, text and exit
code. Words are added to \`-c a.c\` unless they are a whole line.

${optionFamilies.map(table).join("\n")}`;
}
