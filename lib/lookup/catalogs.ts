/**
 * Catalogs of messages: files that libc opens inside itself, where no hook sees it, when a tool speaks another language
 * than English (soundness.md 2.3). They are inputs of results that have texts, and of scripts, which may use such texts.
 *
 * Which ones follows from the names that LANGUAGE, LC_ALL, LC_MESSAGES and LANG hold: each of their forms as libc tries
 * them, below each folder of catalogs. What is not there must stay away; of what is there, names, sizes and times count.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { c, listFolder, readSmall, statx } from "../os/mod.ts";
import type { Observation } from "../trace/mod.ts";
import type { Environment } from "./circumstances.ts";

/** Where catalogs and locales are; `lookup` has tests in folders of their own. */
export interface Places {
  catalogs: readonly string[];
  locales: string;
  /** Other names of locales. */
  aliases: string;
}

const system: Places = {
  catalogs: ["/usr/share/locale", "/usr/share/locale-langpack"],
  locales: "/usr/lib/locale",
  aliases: "/usr/share/locale/locale.alias",
};

/** Catalogs of compilers and what they start; a script may start anything. */
const domains =
  /^(?:gcc|cpplib|gas|ld|bfd|opcodes|binutils|gold|gprof|libc|libstdc\+\+|clang|llvm|lld)(?:-[\d.]+)?\.mo$/;
/** A file of aliases has some hundred lines. */
const longestAliases = 1 << 20;

/** Adds to `found` the catalogs that its texts may come from, and what locales they need. */
export function addCatalogs(found: Observation, environment: Environment, places = system): void {
  const locale = environment.get("LC_ALL") || environment.get("LC_MESSAGES") || environment.get("LANG") || "";
  const names = [locale, ...(environment.get("LANGUAGE") ?? "").split(":")].filter((name) => !isPlain(name));
  if (names.length === 0) return;
  found.files.set(places.aliases, found.files.get(places.aliases) ?? { question: "stat" });
  const aliases = new Map(aliasesIn(places.aliases));
  const forms = new Set(names.flatMap((name) => [name, aliases.get(name) ?? name]).flatMap(formsOf));
  const relocated = [...found.programs].map((path) => path.replace(/\/(?:bin|lib\w*)\/.*$/, "/share/locale"));
  for (const folder of new Set([...places.catalogs, ...relocated])) {
    for (const form of forms) addFolder(found, `${folder}/${form}/LC_MESSAGES`);
  }
  for (const folder of environment.get("LOCPATH")?.split(":") ?? [places.locales]) {
    for (const form of forms) {
      for (const part of ["LC_CTYPE", "LC_MESSAGES/SYS_LC_MESSAGES"]) {
        addFile(found, `${folder}/${form}/${part}`);
      }
    }
  }
}

/** The names for which libc opens no catalog. */
function isPlain(name: string): boolean {
  return name === "" || name === "C" || name === "POSIX" || name.includes("/");
}

/** Every form of language[_territory][.codeset][@modifier] under which libc looks. */
export function formsOf(name: string): string[] {
  const [, language, territory = "", codeset = "", modifier = ""] =
    /^([^_.@]*)(_[^.@]*)?(\.[^@]*)?(@.*)?$/.exec(name) ?? [];
  const forms = new Set<string>();
  for (const place of [territory, ""]) {
    for (const code of [codeset, normal(codeset), ""]) {
      for (const more of [modifier, ""]) forms.add(`${language}${place}${code}${more}`);
    }
  }
  return [...forms].filter((form) => form !== "");
}

/** A codeset without its punctuation, in small letters: utf8 for UTF-8; iso before a mere number. */
function normal(codeset: string): string {
  const letters = codeset.toLowerCase().replace(/[^a-z0-9]/g, "");
  return letters === "" ? "" : `.${/^\d+$/.test(letters) ? "iso" : ""}${letters}`;
}

function* aliasesIn(path: string): Iterable<[string, string]> {
  const bytes = readSmall(path, longestAliases);
  for (const line of bytes === undefined ? [] : byteString(bytes).split("\n")) {
    const [alias, name] = line.split(/\s+/);
    if (name !== undefined && !line.startsWith("#")) yield [alias, name];
  }
}

function addFolder(found: Observation, path: string): void {
  const names = listFolder(path);
  if (typeof names === "number") {
    if (names === c.ENOENT || names === c.ENOTDIR) found.absent.add(path);
    else found.refused.set(path, names);
    return;
  }
  found.listings.add(path);
  for (const name of names) {
    if (found.wholeEnvironment || domains.test(name)) addFile(found, `${path}/${name}`);
  }
}

function addFile(found: Observation, path: string): void {
  if (found.files.has(path)) return;
  if (typeof statx(path) === "object") found.files.set(path, { question: "stat" });
  else found.absent.add(path);
}
