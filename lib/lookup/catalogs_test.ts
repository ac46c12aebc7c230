import { assert, assertEquals } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { libc } from "../os/mod.ts";
import { observe } from "../trace/mod.ts";
import { addCatalogs, formsOf } from "./catalogs.ts";
import { environmentOf } from "./circumstances.ts";

libc(); // opened once for all tests

const forms: [string, string][] = [
  ["fr", "fr"],
  ["fr_CA", "fr_CA fr"],
  ["fr_CA.UTF-8", "fr_CA.UTF-8 fr_CA.utf8 fr_CA fr.UTF-8 fr.utf8 fr"],
  ["de_DE.88591@euro", "de_DE.88591@euro de_DE.88591 de_DE.iso88591@euro de_DE.iso88591 de_DE@euro de_DE"],
  ["sr@latin", "sr@latin sr"],
  ["C.UTF-8", "C.UTF-8 C.utf8 C"],
];
for (const [name, want] of forms) {
  Deno.test(`formsOf() ${name}`, () => {
    assertEquals(formsOf(name).slice(0, want.split(" ").length).join(" "), want);
  });
}

/** What a run in `environment` depends on, of a folder with French catalogs and one French locale. */
function added(environment: string, whole = false): string[] {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "zc-catalogs-" })), at = fromText(folder);
  try {
    for (const name of ["share/fr/LC_MESSAGES", "locale/fr_FR.utf8"]) {
      Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
    }
    for (
      const name of [
        "share/fr/LC_MESSAGES/gcc-12.mo",
        "share/fr/LC_MESSAGES/tar.mo",
        "locale/fr_FR.utf8/LC_CTYPE",
      ]
    ) {
      Deno.writeTextFileSync(`${folder}/${name}`, "");
    }
    Deno.writeTextFileSync(`${folder}/alias`, "# names\nfrench  fr_FR.ISO-8859-1\n");
    const found = observe(
      [
        {
          kind: "hello",
          pid: 1,
          parent: 0,
          path: whole ? "/bin/sh" : "/usr/bin/gcc",
          cwd: "/w",
          image: 1,
          answer: 0,
        },
        { kind: "goodbye", pid: 1, image: 1, answer: 0 },
      ],
      0,
      "/w",
    );
    assert(!("refusal" in found));
    const places = { catalogs: [`${at}/share`], locales: `${at}/locale`, aliases: `${at}/alias` };
    addCatalogs(found, environmentOf(environment), places);
    const inside = (mark: string, paths: Iterable<string>) =>
      [...paths].filter((path) => path.startsWith(at)).map((path) => mark + path.slice(at.length + 1));
    return [...inside("+", found.files.keys()), ...inside("*", found.listings), ...inside("-", found.absent)];
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const quiet = [
  "",
  "LANG=C\0",
  "LC_ALL=POSIX\0LANGUAGE=C\0",
  "LANG=fr\0LC_ALL=C\0",
  "LC_TIME=fr\0",
  "LANGUAGE=../x\0",
];
for (const environment of quiet) {
  Deno.test(`addCatalogs() adds nothing for ${JSON.stringify(environment)}`, () =>
    assertEquals(added(environment), []));
}

const present = ["+alias", "+share/fr/LC_MESSAGES/gcc-12.mo", "*share/fr/LC_MESSAGES"];
const asking: { name: string; environment: string; has: string[] }[] = [
  {
    name: "LANGUAGE",
    environment: "LC_ALL=C.UTF-8\0LANGUAGE=fr\0",
    has: [...present, "-share/C.utf8/LC_MESSAGES"],
  },
  {
    name: "the second of LANGUAGE",
    environment: "LANGUAGE=de:fr\0",
    has: [...present, "-share/de/LC_MESSAGES"],
  },
  {
    name: "LANG",
    environment: "LANG=fr_FR.UTF-8\0",
    has: [...present, "-share/fr_FR/LC_MESSAGES", "+locale/fr_FR.utf8/LC_CTYPE", "-locale/fr/LC_CTYPE"],
  },
  { name: "LC_MESSAGES", environment: "LANG=C\0LC_MESSAGES=fr\0", has: present },
  { name: "LC_ALL over LANG", environment: "LANG=de\0LC_ALL=fr\0", has: present },
  {
    name: "an alias",
    environment: "LANG=french\0",
    has: [...present, "-share/fr_FR.ISO-8859-1/LC_MESSAGES"],
  },
];
for (const { name, environment, has } of asking) {
  Deno.test(`addCatalogs() counts the catalogs that ${name} asks for`, () => {
    const rows = added(environment);
    assertEquals(has.filter((row) => !rows.includes(row)), []);
    assert(!rows.includes("+share/fr/LC_MESSAGES/tar.mo"), "no compiler speaks by it");
  });
}

Deno.test("addCatalogs() counts every catalog for a script", () => {
  assert(added("LANG=fr\0", true).includes("+share/fr/LC_MESSAGES/tar.mo"));
});

Deno.test("addCatalogs() looks for locales where LOCPATH says", () => {
  const rows = added("LANG=fr_FR.UTF-8\0LOCPATH=/nowhere\0");
  assert(!rows.some((row) => row.slice(1).startsWith("locale/")));
});
