/**
 * Options that no command line shows: a driver takes some from variables and from files of its own. What the words of a
 * line say about a result then says nothing.
 *
 * @module
 */
import { type Input, isAboutContent } from "../store/unit.ts";

/** Variables that add words, lists or dumps. Those of clang all begin with CC. */
const variables = /^(?:CCC?_|GCC_COMPARE_DEBUG$|DEPENDENCIES_OUTPUT$|SUNPRO_DEPENDENCIES$|SUNPRO_OUTPUT$)/;
/** gcc's specs and clang's configuration, where they are found without being named. */
const files = /(?:\/specs|\.cfg)$/;

/** Whether an environment (names) makes drivers take options that no word shows. */
export function addsOptions(names: Iterable<string>): boolean {
  return [...names].some((name) => variables.test(name));
}

/** The variable or file from which a driver took options, if there was one. */
export function hiddenOptions(
  environment: readonly (readonly [string, string | null])[],
  inputs: readonly Input[],
): string | undefined {
  const set = environment.find(([name, value]) => value !== null && variables.test(name));
  return set?.[0] ??
    inputs.find(({ kind, path }) => isAboutContent(kind) && files.test(path))?.path;
}
