/**
 * Draws command lines and whole sequences from the tables. Nothing is run here: the same seed draws the same sequence.
 *
 * A sequence works with a few command lines and returns to them, since a cache shows its faults where a state looks
 * like an earlier one; what comes between are events.
 *
 * @module
 */
import { Dice } from "./dice.ts";
import { drawEvents } from "./events.ts";
import { groups, objectTools, type OptionRow, options, phases, type Work } from "./options.ts";
import { files, type HeaderState, prelude, sources } from "./project.ts";
import { longer, newTry } from "./tries.ts";
import { type Sequence, type Step, type ToolStep } from "./sequence.ts";

/** What is known while a sequence is drawn. */
export interface Drawing {
  dice: Dice;
  /** Headers as they are if every event so far could be done. */
  headers: Map<string, HeaderState>;
  /** Notes in the sources' comments. */
  notes: Map<string, number>;
  /** Variables that are set. */
  variables: Set<string>;
  /** What the command lines write, as far as `-o` and the like say. */
  outputs: string[];
  commands: ToolStep[];
  /** Plain compiles, and edits between them: what comments may do, again and again. */
  edits: boolean;
}

type Family = "gcc" | "clang";

/** Drivers, with the language that they take their sources for. */
const drivers: readonly { words: string[]; family: Family; language: "c" | "cxx"; weight: number }[] = [
  { words: ["gcc"], family: "gcc", language: "c", weight: 8 },
  { words: ["clang"], family: "clang", language: "c", weight: 6 },
  { words: ["g++"], family: "gcc", language: "cxx", weight: 3 },
  { words: ["clang++"], family: "clang", language: "cxx", weight: 2 },
  { words: ["cc"], family: "gcc", language: "c", weight: 0.5 },
  { words: ["bin/cc"], family: "gcc", language: "c", weight: 0.7 },
  { words: ["$WORK/p/bin/tool"], family: "gcc", language: "c", weight: 0.7 },
];
/** The search path of every compile; its last folder always holds all headers that are needed. */
const search = ["-Iinc1", "-Ilink/inc2", "-Iinc3", "-Ibase"];

/** The rows that fit, group by group, each with the group's chance. */
function drawOptions(
  dice: Dice,
  work: Work,
  family: Family,
  language: "c" | "cxx",
  stem: string,
): string[][] {
  const drawn: string[][] = [];
  for (const [name, group] of Object.entries(groups)) {
    if (!(group.work as readonly Work[]).includes(work)) continue;
    const fitting = options.filter((row: OptionRow) =>
      row.group === name && (row.family ?? family) === family && (row.language ?? language) === language
    );
    for (let i = 0; i < ("most" in group ? group.most : 1) && dice.chance(group.chance); i++) {
      drawn.push(dice.weighted(fitting).words.map((word) => word.replaceAll("{out}", stem)));
    }
  }
  return drawn;
}

const odd = [
  "sp ace",
  "it's",
  "$d#h%p",
  "n\u00e9",
  'quo"te',
  "a.b",
  "new\nline",
  "colon:eq=",
  "-dash",
  "back\\slash",
];

/** Where the output goes: mostly a plain name in out/, now and then an odd one, or where the compiler puts it. */
function drawOutput(dice: Dice, source: string, suffix: string): { words: string[]; name: string } {
  const plain = source.replace(/^.*\//, "").replace(/\.\w+$/, "").replace(/[^\w]/g, "_");
  const stem = dice.chance(0.1) ? dice.of(odd) : plain;
  const name = `out/${stem}${suffix}`;
  if (suffix === ".none" || dice.chance(0.08)) return { words: [], name: `${plain}${suffix}` };
  if (dice.chance(0.05)) return { words: ["-o", dice.of(["/dev/null", "-", "out", "nowhere/x.o"])], name };
  if (dice.chance(0.08)) return { words: ["-o", `$WORK/p/${name}`], name };
  return { words: dice.chance(0.1) ? [`-o${name}`] : ["-o", name], name };
}

function drawSources(dice: Dice, language: "c" | "cxx"): string[] {
  if (language === "cxx" && dice.chance(0.8)) return [dice.of(sources.cxx)];
  const all: readonly (readonly string[])[] = [
    sources.c,
    sources.c,
    sources.c,
    sources.c,
    sources.c,
    sources.c,
    sources.odd,
    sources.asm,
    sources.preprocessed,
  ];
  const one = () => dice.of(dice.of(all));
  return dice.chance(0.12) ? [one(), one()] : dice.chance(0.02) ? [one(), one(), one()] : [one()];
}

/** One compile, in whatever phase. */
function drawCompile(drawing: Drawing): ToolStep {
  const { dice } = drawing;
  const driver = dice.weighted(drivers), phase = dice.weighted(phases);
  const inputs = drawSources(dice, driver.language);
  const output = drawOutput(dice, inputs[0], phase.suffix);
  const stem = output.name.replace(/\.\w+$/, "");
  drawing.outputs.push(output.name);
  const language = dice.chance(0.04)
    ? [["-x", dice.of(["c", "c++", "assembler-with-cpp", "objective-c", "c-header"])]]
    : [];
  const drawn = drawOptions(dice, phase.work, driver.family, driver.language, stem);
  const toOutput = inputs.length > 1 && phase.work !== "link" ? [] : [output.words];
  const words = dice.shuffled([
    [...phase.words],
    ...toOutput,
    ...drawn,
    search,
    ...language,
    ...inputs.map((name) => [name]),
  ]);
  const step: ToolStep = {
    kind: "tool",
    assignments: [],
    groups: [driver.words, ...words.filter((group) => group.length > 0)],
    redirections: [],
  };
  if (dice.chance(0.03)) step.redirections.push(dice.of(["2>out/errors", ">out/said", "2>&1", "<data.bin"]));
  if (dice.chance(0.03) && inputs[0].startsWith("src/")) return fromStdin(step, inputs[0]);
  if (dice.chance(0.06)) step.assignments.push(dice.of(oneLine));
  return step;
}

/** Variables for one line only. */
const oneLine: readonly [string, string][] = [
  ["LC_ALL", "C"],
  ["TMPDIR", "$WORK/p/out"],
  ["SOURCE_DATE_EPOCH", "1"],
  ["CPATH", "inc3"],
  ["PWD", "/"],
  ["MAKEFLAGS", "-j2"],
];

function fromStdin(step: ToolStep, source: string): ToolStep {
  const groups = step.groups.map((group) => group[0] === source ? ["-x", "c", "-"] : group);
  return { ...step, groups, redirections: [`<${source}`] };
}

/** A program or library of what the other commands make. */
function drawLink(drawing: Drawing): ToolStep {
  const { dice, outputs } = drawing;
  const driver = dice.weighted(drivers);
  const objects = dice.shuffled([...new Set(outputs.filter((name) => /^out\/[ab]\.o$/.test(name)))]);
  const shared = dice.chance(0.5);
  const name = shared ? dice.of(["out/libq.so", "libs1/libp.so"]) : "out/prog";
  outputs.push(name);
  const libraries = dice.chance(0.5) ? [["-Llibs1", "-Llibs2", "-lp"]] : [];
  const main = shared ? [["-shared"]] : [["src/main.c", ...(outputs.includes("out/b.o") ? ["-DB"] : [])]];
  const drawn = drawOptions(dice, "link", driver.family, driver.language, "out/prog");
  const whole = dice.chance(0.2) ? [["-Wl,--whole-archive", "out/lib.a", "-Wl,--no-whole-archive"]] : [];
  return {
    kind: "tool",
    assignments: [],
    groups: [driver.words, ...drawn, ["-o", name], ...main, objects, ...whole, ...libraries].filter((group) =>
      group.length > 0
    ),
    redirections: [],
  };
}

function drawObjectTool(drawing: Drawing): ToolStep {
  const { dice, outputs } = drawing;
  const objects = [...outputs.filter((name) => name.endsWith(".o")), "out/a.o"];
  const lib = dice.of(["out/lib.a", "out/lib.a", "libs1/libp.a", "out/li b.a"]);
  const [a, b] = [dice.of(objects), dice.of(objects)];
  const words = dice.weighted(objectTools).text.split(" ");
  outputs.push(words.includes("{lib}") ? lib : a);
  const redirections = words.filter((word) => word.startsWith("<")).map(() => "<args");
  const filled = words.filter((word) => !word.startsWith("<"))
    .map((word) => word.replace("{lib}", lib).replace("{a}", a).replace("{b}", b));
  return { kind: "tool", assignments: [], groups: filled.map((word) => [word]), redirections };
}

/** A precompiled header, made by one line and used by the other. */
function drawHeaderPair(drawing: Drawing): ToolStep[] {
  const { dice } = drawing;
  const clang = dice.chance(0.5), tool = clang ? "clang" : "gcc";
  const debug = dice.chance(0.3) ? [["-g"]] : [];
  const made = clang
    ? dice.of(["out/x.pch", "base/x.h.pch"])
    : dice.of(["base/x.h.gch", "base/x.h.gch/one.gch"]);
  const use = clang && dice.chance(0.6) ? ["-include-pch", made] : ["-include", dice.of(["base/x.h", "x.h"])];
  drawing.outputs.push(made, "out/pre.o");
  const step = (...groups: string[][]): ToolStep => ({
    kind: "tool",
    assignments: [],
    groups: [[tool], ...debug, ...groups],
    redirections: [],
  });
  const times = clang && dice.chance(0.3) ? [["-Xclang", "-fno-pch-timestamp"]] : [];
  return [
    step(...times, search, ["-x", "c-header"], ["base/x.h"], ["-o", made]),
    step(
      use,
      search,
      ...drawOptions(dice, "compile", clang ? "clang" : "gcc", "c", "out/pre").filter(([word]) =>
        !/^-(O|std|ansi|g|f)/.test(word)
      ),
      ["-c"],
      [
        "src/b.c",
      ],
      ["-o", "out/pre.o"],
    ),
  ];
}

/** An object that links, so that the tools on objects have some to work on. */
function drawObject(drawing: Drawing, name: "a" | "b"): ToolStep {
  const { dice, outputs } = drawing;
  const driver = dice.weighted(drivers.filter(({ language }) => language === "c"));
  const output = `out/${name}.o`;
  outputs.push(output);
  const drawn = dice.shuffled(drawOptions(dice, "compile", driver.family, "c", `out/${name}`)).slice(
    0,
    dice.below(3),
  );
  // Where runs cannot be watched, this is the option that makes them known.
  const list = dice.chance(0.5) && !drawn.flat().some((word) => /M{1,2}D/.test(word)) ? [["-MD"]] : [];
  const groups = [["-c"], ["-fPIC"], search, ["-o", output], ...list, ...drawn, [`src/${name}.c`]];
  return { kind: "tool", assignments: [], groups: [driver.words, ...groups], redirections: [] };
}

/** A compile of the kind that most are. */
function drawPlain({ dice }: Drawing): ToolStep {
  const { words, language } = dice.weighted(drivers);
  const source = dice.of(language === "c" ? sources.c : sources.cxx);
  const more = [
    "-O1",
    "-O2",
    "-g",
    "-g3",
    "-gdwarf-4",
    "-Wall",
    "-MD",
    "-DONCE -I.",
    "-DDATA",
    "-DSYSTEM",
    "-fPIC",
  ];
  const groups = [
    ["-c"],
    search,
    ["-o", "out/e.o"],
    ...dice.shuffled(more).slice(0, dice.below(4)).map((word) => word.split(" ")),
    [source],
  ];
  return { kind: "tool", assignments: [], groups: [words, ...groups], redirections: [] };
}

/** Whether a line runs without an error where all before it did. Nobody knows: it may. */
export type Works = (step: ToolStep) => boolean;

/** Lines drawn for one place until they work; what is wrong with options is seen often enough by variation. */
function working(drawing: Drawing, works: Works, draw: (drawing: Drawing) => ToolStep[]): ToolStep[] {
  const before = [...drawing.outputs];
  let steps = draw(drawing);
  for (let tries = 0; tries < 5 && !steps.map(works).every((yes) => yes); tries++) {
    drawing.outputs = [...before];
    steps = draw(drawing);
  }
  return steps;
}

function drawCommands(drawing: Drawing, works: Works): ToolStep[] {
  const { dice } = drawing;
  const one = (draw: (drawing: Drawing) => ToolStep) => working(drawing, works, (given) => [draw(given)]);
  const some = (least: number, more: number, draw: () => ToolStep[]) =>
    Array.from({ length: least + dice.below(more) }, draw).flat();
  if (drawing.edits) return some(2, 3, () => one(drawPlain));
  if (dice.chance(0.15)) return [...one(drawCompile), ...working(drawing, works, drawHeaderPair)];
  if (dice.chance(0.4)) return some(2, 3, () => one(drawCompile));
  return [
    ...one((given) => drawObject(given, "a")),
    ...(dice.chance(0.6) ? one((given) => drawObject(given, "b")) : []),
    ...(dice.chance(0.5) ? one(drawCompile) : []),
    ...some(1, 3, () => one(dice.chance(0.4) ? drawLink : drawObjectTool)),
  ];
}

const isName = ([word]: string[]) => /^-o/.test(word);
const isList = ([word]: string[]) => /^-M|^-Wp,-M/.test(word);
const isColour = ([word]: string[]) => /color/.test(word);
/** Words that say what is written, and how it is said. */
const objectNames = [
  "out/a.o",
  "out/b.o",
  "out/a.b.o",
  "out/deep/a.o",
  "c.o",
  "./out/c.lo",
  "inc1/z.o",
  "q.obj",
];
const listWords = [
  ...["", "-MD", "-MMD", "-MD -MP", "-MMD -MP -MF out/l.d", "-MD -MF deps/far.d -MT one", "-MD -MF inc1/z.h"],
  ...[
    "-MD -MT a/target/with/a/long/name/that/moves/lines",
    "-MMD -MQ two",
    "-MD -MT one -MT two",
    "-MF out/l.d",
  ],
];
const colourWords = ["", "-fdiagnostics-color=always", "-fdiagnostics-color=never", "-fdiagnostics-color"];

/** The same compile with its outputs under another name, in another folder, more or fewer of them, or in colour. */
function renamed({ dice, outputs }: Drawing, step: ToolStep): ToolStep {
  const [is, words] = dice.weighted([
    { of: [isName, objectNames.map((name) => `-o ${name}`)] as const, weight: 3 },
    { of: [isList, listWords] as const, weight: 3 },
    { of: [isColour, colourWords] as const, weight: 1 },
  ]).of;
  const drawn = dice.of(words).split(" ").filter((word) => word !== "");
  if (is === isName) outputs.push(drawn[1]);
  const [tool, ...groups] = step.groups.filter((group) => !is(group));
  if (drawn.length > 0) groups.splice(dice.below(groups.length + 1), 0, drawn);
  return { ...step, groups: [tool, ...groups] };
}

/** A line that differs in one group from one that was run before, so that almost all of it was seen. */
function varied(drawing: Drawing, step: ToolStep): ToolStep {
  const { dice } = drawing;
  const [tool, ...groups] = step.groups;
  const isDriver = drivers.some(({ words }) => words[0] === tool[0]);
  if (isDriver && dice.chance(0.5)) return renamed(drawing, step);
  const at = dice.below(groups.length), kind = isDriver ? dice.below(4) : 0;
  if (kind === 0) groups.splice(at, 1);
  else if (kind === 1) groups.splice(at, 0, ...drawOptions(dice, "compile", "gcc", "c", "out/a").slice(0, 1));
  else if (kind === 2) return { ...step, groups: [tool, ...dice.shuffled(groups)] };
  else return { ...step, groups: [dice.weighted(drivers).words, ...groups] };
  return { ...step, groups: [tool, ...groups] };
}

/** Tries, as CMake makes them, with an event now and then. */
function drawTries(drawing: Drawing, length: number): Step[] {
  const { dice } = drawing, steps: Step[] = [longer];
  const tries = Array.from({ length: 2 + dice.below(2) }, () => newTry(dice));
  for (let lines = 0; lines < length;) {
    for (const step of dice.of(tries)()) {
      steps.push(step);
      if (step.kind === "event") continue;
      lines++;
      drawing.outputs.push(...step.groups.filter(([word]) => word === "-o").map(([, name]) => name));
    }
    if (dice.chance(0.4)) steps.push(...drawEvents(drawing));
  }
  return steps;
}

/** A whole sequence of about `length` command lines. */
export function drawSequence(seed: number, length: number, works: Works = () => true): Sequence {
  const drawing: Drawing = {
    dice: new Dice(seed),
    headers: new Map(),
    notes: new Map(),
    variables: new Set(),
    outputs: [],
    commands: [],
    edits: false,
  };
  const { dice } = drawing;
  drawing.edits = dice.chance(0.2);
  if (dice.chance(0.2)) return { files: [...files], steps: [...prelude, ...drawTries(drawing, length)] };
  drawing.commands = drawCommands(drawing, works);
  const steps: Step[] = [...prelude];
  for (let i = 0; i < length; i++) {
    if (i > 0) steps.push(...drawEvents(drawing));
    const known = dice.of(drawing.commands);
    const step = dice.chance(0.15) ? varied(drawing, known) : known;
    if (step !== known && dice.chance(0.3)) drawing.commands.push(step);
    steps.push(step);
  }
  return { files: [...files], steps };
}
