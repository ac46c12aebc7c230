/**
 * `--strict-paths`: whether the folders and files that a compile line names are spelled as its project wants them.
 *
 * The reason for the option are precompiled headers that compare spellings. It is a check before the compiler and
 * nothing else: a line that breaks the rule is refused, any other one runs as it is. `/I`, which stands for `-I` with
 * Microsoft's compiler, is left out: here it begins an absolute path.
 *
 * @module
 */

// deno-fmt-ignore: a table
const options = [
  "-isystem", "-iquote", "-idirafter", "-include-pch", "-include", "-imacros", "-iframework", "-imsvc", "-I", "-F",
];

/** What each mode asks of a line: the rule in words, and whether a path breaks it beside those before. */
export const strictRules = {
  off: { rule: "", breaks: () => false },
  consistent: {
    rule: "all paths must use one kind of slash",
    breaks: (path: string, before: string) => (before + path).includes("/") && (before + path).includes("\\"),
  },
  absolute: {
    rule: 'the path must be absolute, with forward slashes and without "." and ".."',
    breaks: (path: string) => !path.startsWith("/") || path.includes("\\") || /\/\.\.?(?:\/|$)/.test(path),
  },
} as const;

export type StrictMode = keyof typeof strictRules;

/** The first option of a line (argv without argv[0]) that breaks a mode's rule, as typed; undefined: none does. */
export function strictViolation(words: readonly string[], mode: StrictMode): string | undefined {
  let before = "";
  for (let i = 0; i < words.length; i++) {
    const option = options.find((name) => words[i].startsWith(name));
    if (option === undefined) continue;
    const apart = words[i] === option, path = apart ? words[++i] ?? "" : words[i].slice(option.length);
    if (path === "") continue;
    if (strictRules[mode].breaks(path, before)) return apart ? `${option} ${path}` : words[i];
    before += path;
  }
  return undefined;
}
