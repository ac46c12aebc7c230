/**
 * What happens between two command lines, as a table: everything that people, build tools and the system do to a
 * project, each as lines of a scenario.
 *
 * Keeps true: drawing changes no file. A line that cannot be done when its turn comes is left out by the runner.
 *
 * @module
 */
import type { Drawing } from "./draw.ts";
import { headerFolders, headerLines, headerNames, type HeaderState, notes } from "./project.ts";
import { type EventStep, line } from "./sequence.ts";
import { variableEvents, withoutVariables } from "./variables.ts";

/** One kind of event; each is drawn as often as its weight says (1 where it says nothing). */
interface EventRow {
  name: string;
  /** It changes comments, blanks or values of what is compiled, and nothing else. */
  edit?: true;
  weight?: number;
  draw(drawing: Drawing): string[];
}

/** A file outside the project that lends its times. */
const lender = "$WORK/../home/lender";

function header({ dice }: Drawing): string {
  return `${dice.of(headerFolders)}/${dice.of(headerNames)}.h`;
}

type Edit = "value" | "note" | "blanks" | "longer" | "nothing";
const anyEdit = ["value", "value", "value", "note", "note", "longer", "nothing"] as const;

/** The lines of a header after an edit that gives it another value, another comment, other blanks, or nothing new. */
function edited(drawing: Drawing, path: string, what: Edit): string[] {
  const { dice, headers } = drawing;
  const old = headers.get(path) ?? { value: 0, note: 0 };
  const state: HeaderState = {
    value: what === "value" ? dice.below(3) : what === "longer" ? 3 + dice.below(10) : old.value,
    note: what === "note" ? dice.below(notes.length) : old.note,
    blanks: what === "blanks" ? dice.of(["", " ", "\t ", "    "]) : old.blanks,
  };
  headers.set(path, state);
  return headerLines(path.slice(-3, -2), state);
}

function writeHeader(drawing: Drawing, path: string, whats: readonly Edit[] = anyEdit): string {
  return line("write", path, ...edited(drawing, path, drawing.dice.of(whats)));
}

/** A header that commands find. */
function usedHeader({ dice }: Drawing): string {
  return `${dice.of(["real1/inc2", "base"])}/${dice.of(["x", "y"])}.h`;
}

function anOutput({ dice, outputs }: Drawing): string {
  const name = dice.of(outputs);
  if (!dice.chance(0.3)) return name;
  return name.replace(/\.\w+$/, dice.of([".d", ".dwo", ".su", ".gcno", ".lst", ".s", ".i"]));
}

const source = ({ dice }: Drawing) => dice.of(["src/a.c", "src/b.c", "src/u.cc", "src/w.C"]);
const folder = ({ dice }: Drawing) => dice.of(["inc1", "inc3", "real1/inc2", "libs1", "quoted"]);

function sourceNote(drawing: Drawing): string[] {
  const name = source(drawing), old = drawing.notes.get(name) ?? 0, note = drawing.dice.below(notes.length);
  drawing.notes.set(name, note);
  return [line("edit", name, `note ${notes[old]} `, `note ${notes[note]} `)];
}

function keepingTimes(name: string, lines: string[]): string[] {
  return [line("exec", "touch", "-r", name, lender), ...lines, line("exec", "touch", "-r", lender, name)];
}

const replaceAs = ['exec as "$@"', 'exec as -g "$@"', 'echo said by as >&2; exec as "$@"'];
const wrappers = ['exec gcc "$@"', 'exec gcc -DM=5 "$@"', 'exec clang "$@"', 'echo warned >&2; gcc "$@"'];

// deno-fmt-ignore: a table
const rows: readonly EventRow[] = [
  { name: "all in order", weight: 7, draw: allInOrder },
  { name: "write a header", weight: 6, draw: (d) => [writeHeader(d, header(d))] },
  { name: "write a header that is used", edit: true, weight: 6, draw: (d) => [writeHeader(d, usedHeader(d))] },
  { name: "edit a header's comment", edit: true, weight: 5, draw: (d) => [writeHeader(d, usedHeader(d), ["note"])] },
  { name: "blanks at ends of a header's lines", edit: true, weight: 3, draw: (d) => [writeHeader(d, usedHeader(d), ["blanks"])] },
  { name: "blanks at ends of a source's lines", edit: true, weight: 2, draw: (d) => [line("edit", source(d), '#include "x.h"', `#include "x.h"${d.dice.of([" ", "\t", "  "])}`)] },
  { name: "remove a header", weight: 3, draw: (d) => [line("rm", header(d))] },
  { name: "edit and restore the times", weight: 2, draw: (d) => { const h = header(d); return keepingTimes(h, [writeHeader(d, h)]); } },
  { name: "rename over", weight: 2, draw: (d) => { const h = header(d); return [writeHeader(d, h).replace(/^write (\S+)/, "write $1.new"), line("mv", `${h}.new`, h)]; } },
  { name: "swap two headers", draw: (d) => { const [a, b] = [header(d), header(d)]; return [line("mv", a, "swap"), line("mv", b, a), line("mv", "swap", b)]; } },
  { name: "edit a source's comment", edit: true, weight: 5, draw: sourceNote },
  { name: "grow a source", draw: (d) => [line("append", source(d), `int grown${d.dice.below(3)};\n`)] },
  { name: "edit data", weight: 2, draw: (d) => [line("write", d.dice.of(["data.bin", "part.inc", "inc1/part.inc"]), `.set PART, ${d.dice.below(3)}`)] },
  { name: "edit arguments", weight: 2, draw: (d) => [line("write", "args", d.dice.of(["-DM=0", "-DM=1", "-DM=2 -Iinc3", "-Wall -O1", "-DTEXT='\"a b\"'", "-Wl,-s"]))] },
  { name: "edit specs", draw: (d) => [line("write", "my.specs", "*cc1_options:", `+ -DM=${d.dice.below(6)}`)] },
  { name: "edit objects' list", draw: (d) => [line("write", "objects", ...d.dice.of([["out/a.o"], ["out/b.o", "out/a.o"], ["-s"]]))] },
  { name: "turn the link", weight: 3, draw: (d) => [line("symlink", d.dice.of(["real1", "real2", "real1/../real2", "gone"]), "link")] },
  { name: "link a header", weight: 2, draw: (d) => [line("symlink", d.dice.of(["$WORK/p/real1/inc2/x.h", "../later/x.h", "../base/y.h", "$WORK/p/later/z.h"]), header(d))] },
  { name: "a later folder", draw: (d) => [line("mkdir", "later"), writeHeader(d, `later/${d.dice.of(headerNames)}.h`)] },
  { name: "hard link a header", draw: (d) => { const to = header(d); return [line("rm", to), line("link", header(d), to)]; } },
  { name: "copy a header", draw: (d) => [line("cp", header(d), header(d))] },
  { name: "a folder as header", weight: 0.5, draw: (d) => { const h = header(d); return [line("rm", h), line("mkdir", h)]; } },
  { name: "an unreadable header", weight: 0.3, draw: (d) => [line("chmod", d.dice.of(["000", "644", "444"]), header(d))] },
  { name: "move a folder away", weight: 2, draw: (d) => { const f = folder(d); return [line("mv", f, `${f}.away`)]; } },
  { name: "move a folder back", weight: 2, draw: (d) => { const f = folder(d); return [line("mv", `${f}.away`, f)]; } },
  { name: "make a folder", draw: (d) => [line("mkdir", folder(d))] },
  { name: "a file as folder", weight: 0.5, draw: () => [line("write", "inc3", "no folder")] },
  { name: "touch", weight: 2, draw: (d) => [line("touch", d.dice.chance(0.5) ? header(d) : source(d))] },
  { name: "touch into another day", draw: (d) => [line("exec", "touch", "-d", d.dice.of(["2001-01-01", "2100-01-01", "@0"]), d.dice.chance(0.5) ? header(d) : source(d))] },
  { name: "a header beside the source", draw: (d) => [writeHeader(d, `${d.dice.of(["src", "odd", "."])}/x.h`)] },
  { name: "a PCH appears", draw: (d) => d.dice.chance(0.5) ? [line("write", "base/x.h.gch", "no pch")] : [line("rm", "base/x.h.gch")] },
  { name: "delete an output", weight: 3, draw: (d) => [line("rm", anOutput(d))] },
  { name: "delete all outputs", draw: () => [line("rm", "out"), line("mkdir", "out")] },
  { name: "append to an output", weight: 2, draw: (d) => [line("append", anOutput(d), "spoilt")] },
  { name: "strip an output", draw: (d) => [line("exec", "strip", "-g", anOutput(d))] },
  { name: "edit an output and restore its times", draw: (d) => { const o = anOutput(d); return keepingTimes(o, [line("append", o, " ")]); } },
  { name: "an old output", draw: (d) => [line("write", anOutput(d), "old")] },
  { name: "output modes", weight: 2, draw: (d) => [line("chmod", d.dice.of(["444", "600", "755", "000", "4755"]), anOutput(d))] },
  { name: "output linked twice", weight: 2, draw: (d) => [line("link", anOutput(d), `out/twin${d.dice.below(3)}`)] },
  { name: "output moved", draw: (d) => [line("mv", anOutput(d), anOutput(d))] },
  { name: "output is a link", weight: 2, draw: (d) => [line("symlink", d.dice.of(["other", "../deps/far", "nowhere/x"]), anOutput(d))] },
  { name: "output is a folder", weight: 0.5, draw: (d) => { const o = anOutput(d); return [line("rm", o), line("mkdir", o)]; } },
  { name: "output copied to a library", weight: 2, draw: (d) => [line("cp", anOutput(d), d.dice.of(["libs1/libp.a", "libs2/libp.a", "libs1/libp.so"]))] },
  { name: "library removed", draw: (d) => [line("rm", d.dice.of(["libs1/libp.a", "libs1/libp.so", "libs2/libp.a"]))] },
  { name: "modes of out", weight: 0.5, draw: (d) => [line("chmod", d.dice.of(["755", "700", "2755", "1777"]), "out")] },
  { name: "another folder", weight: 2, draw: (d) => [line("cd", `$WORK/${d.dice.of(["p", "q", "r", "p"])}`)] },
  { name: "umask", draw: (d) => [line("umask", d.dice.of(["022", "027", "002", "077", "000"]))] },
  { name: "a variable", weight: 8, draw: (d) => variableEvents(d) },
  { name: "wrapper script", draw: (d) => [line("write", "bin/cc", "#!/bin/sh", d.dice.of(wrappers))] },
  { name: "compiler link turned", draw: (d) => [line("exec", "sh", "-c", `ln -sfn "$(command -v ${d.dice.of(["gcc", "clang", "g++"])})" bin/tool`)] },
  { name: "assembler replaced", draw: (d) => [line("write", "tools/as", "#!/bin/sh", d.dice.of(replaceAs))] },
  { name: "daemon stopped", weight: 0.7, draw: () => ["stop"] },
  { name: "daemon killed", weight: 0.7, draw: () => ["kill"] },
  { name: "cache cleared", weight: 0.2, draw: () => ["zccache clear"] },
  { name: "cache damaged", weight: 0.3, draw: (d) => [`damage ${d.dice.of(["flip", "cut", "remove"])} ${d.dice.of(["blobs", "shards"])}`] },
  { name: "without watches", weight: 0.3, draw: (d) => [d.dice.chance(0.5) ? "env ZCCACHE_WATCH=off" : "env -ZCCACHE_WATCH", "stop"] },
];

/** The project as it began, but for its sources' comments, so that command lines work again. */
function allInOrder(drawing: Drawing): string[] {
  const written = ["real1/inc2", "base"].flatMap((folder, i) =>
    ["x", "y"].map((name) => {
      const state = { value: i * 2, note: 0, blanks: "" }, path = `${folder}/${name}.h`;
      drawing.headers.set(path, state);
      return line("write", path, ...headerLines(name, state));
    })
  );
  const names = ["inc1/x.h", "inc1/y.h", "inc1/z.h", "inc3", "out"].map((name) => line("rm", name));
  return [
    ...names,
    line("mkdir", "out"),
    line("symlink", "real1", "link"),
    ...written,
    ...withoutVariables(drawing),
  ];
}

export const eventNames: readonly string[] = rows.map(({ name }) => name);

const edits = rows.filter(({ edit }) => edit);

/** None to three events, as steps that can be left out one by one. */
export function drawEvents(drawing: Drawing): EventStep[] {
  const { dice } = drawing;
  const count = dice.of([0, 0, 1, 1, 1, 1, 2, 3]);
  return Array.from({ length: count }, () => {
    const row = dice.weighted(drawing.edits ? edits : rows);
    return { kind: "event", name: row.name, lines: row.draw(drawing) };
  });
}
