/**
 * Every option of the field that has a trap in it, and how a second run with it ends: `zccache help options`.
 *
 * @module
 */
import { folded } from "../folded.ts";
import type { Family, Form } from "./form.ts";
import { code } from "./options_code.ts";
import { sideFiles } from "./options_files.ts";
import { languages } from "./options_languages.ts";
import { links } from "./options_links.ts";
import { reading } from "./options_reading.ts";
import { searching } from "./options_search.ts";

export type { Family, Form } from "./form.ts";

/** In the order in which they are shown. */
export const optionFamilies: readonly Family[] = [
  ...reading,
  ...searching,
  ...code,
  ...sideFiles,
  ...languages,
  ...links,
];

/** A form as people write it: what is added to `-c a.c`, or the whole line. */
export function written({ words, to, env }: Form): string {
  return [env, to === "" || to === "-c a.c" ? undefined : to, words].filter(Boolean).join(" ");
}

/** How a second run with it ends. */
export function outcomeOf({ pass, since }: Form): string {
  return pass === undefined ? "hit" : since === undefined ? pass : `${pass}, hit from version ${since} on`;
}

/** What `zccache help options` prints. */
export function optionsPage(): string {
  const forms = optionFamilies.flatMap(({ forms }) => forms);
  const lines = optionFamilies.flatMap(({ name, about, forms }) => {
    const passing = forms.filter(({ pass }) => pass !== undefined), hits = forms.length - passing.length;
    return [
      `${name}: ${hits} ${hits === 1 ? "hits" : "hit"}${passing.length > 0 ? `, ${passing.length} run` : ""}`,
      ...folded(about, "  "),
      ...byReason(passing).flatMap(([reason, words]) => [
        ...folded(`${words.join("; ")}`, "  - "),
        ...folded(reason, "      "),
      ]),
      "",
    ];
  });
  return [
    ...folded(
      `${forms.length} forms of options are run plainly, cold and warm by our tests, and every file, mode, text and ` +
        "exit code compared (tests/options). What is not named below as run each time is answered from the cache " +
        "the second time, refusals of the compiler included; the whole list is tests/options/README.md.",
      "",
    ),
    "",
    ...lines,
    ...folded(
      "Beside gcc, clang and binutils any tool that is watched is served the same way: clang-cl and tcc are tested " +
        "(tests/scripts). nvcc, icc, icx and cl.exe are untested.",
      "",
    ),
    "",
  ].join("\n");
}

/** Reason -> the forms that share it, in order. */
function byReason(forms: readonly Form[]): [string, string[]][] {
  const groups = Map.groupBy(forms, ({ why, pass }) => `${why} (${pass})`);
  return [...groups].map(([reason, forms]) => [reason, [...new Set(forms.map(written))]]);
}
