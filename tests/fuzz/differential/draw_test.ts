/** What is drawn: the same from the same seed, every row of the tables now and then, and lines that read back. */
import { assert, assertEquals } from "@std/assert";
import { parseLine, splitWords } from "../../script/words.ts";
import { parseArchive } from "../../script/txtar.ts";
import { Dice } from "./dice.ts";
import { drawSequence } from "./draw.ts";
import { eventNames } from "./events.ts";
import { options } from "./options.ts";
import { files, sources } from "./project.ts";
import { linesOf, scenarioText, scriptWord, type ToolStep } from "./sequence.ts";

Deno.test("drawSequence() draws the same from the same seed, and another from another", () => {
  assertEquals(drawSequence(5, 20), drawSequence(5, 20));
  assert(JSON.stringify(drawSequence(5, 20)) !== JSON.stringify(drawSequence(6, 20)));
});

const drawn = Array.from({ length: 2000 }, (_, seed) => drawSequence(seed, 30));
const toolSteps = drawn.flatMap(({ steps }) => steps).filter((step): step is ToolStep =>
  step.kind === "tool"
);

Deno.test("every option of the table is drawn, and every odd source", () => {
  const seen = new Set(toolSteps.flatMap(({ groups }) => groups.map((group) => group.join(" "))));
  const words = options.map((row) => row.words.join(" ")).filter((text) => !text.includes("{out}"));
  assertEquals(words.filter((text) => !seen.has(text)), []);
  assertEquals(sources.odd.filter((name) => !seen.has(name)), []);
});

Deno.test("every kind of event is drawn", () => {
  const seen = new Set(
    drawn.flatMap(({ steps }) => steps).flatMap((step) => step.kind === "event" ? [step.name] : []),
  );
  assertEquals(eventNames.filter((name) => !seen.has(name)), []);
});

Deno.test("every line that is drawn reads back as the words that were drawn", () => {
  for (const step of toolSteps.slice(0, 4000)) {
    const [line] = linesOf({ ...step, assignments: [], redirections: [] });
    const read = splitWords(parseLine(line, 1).rest, (name) => `$${name}`).map(({ text }) => text);
    assertEquals(read[0] === "run" ? read.slice(1) : read, step.groups.flat());
  }
});

Deno.test("scriptWord() is read back unchanged, whatever the word", () => {
  const dice = new Dice(1),
    letters = [
      "a",
      " ",
      "'",
      '"',
      "$",
      "\\",
      "\n",
      "\t",
      "#",
      "<",
      ">",
      "&",
      "=",
      "n",
      "W",
      "\u4e2d",
      "!",
      "[",
    ];
  for (let i = 0; i < 2000; i++) {
    const word = Array.from({ length: dice.below(8) }, () => dice.of(letters)).join("");
    const line = parseLine(`write ${scriptWord(word)}`, 1);
    assertEquals(splitWords(line.rest, () => "variable").map(({ text }) => text), ["write", word]);
  }
});

Deno.test("scenarioText() makes an archive with the project's files", () => {
  const { script, files: read } = parseArchive(scenarioText("a\nclaim", ["gcc -c a.c"], files));
  assertEquals(script, "# a claim\ngcc -c a.c\n");
  assertEquals(read, [...files]);
});
