import { assertEquals } from "@std/assert";
import { namesFrom, namesOf, namesText } from "./names.ts";

const words = (line: string) => line.split(" ");
/** Object, list's words, path, target; what is left of the line. */
const understood: [line: string, object: string, list: string, others: string][] = [
  ["-c a.c", "a.o", "", "-c a.c"],
  ["-O2 -c -o out/x.o src/a.c", "out/x.o", "", "-O2 -c src/a.c"],
  ["-c a.c -o ./a.o", "./a.o", "", "-c a.c"],
  ["-MD -MT a -c a.c -o ./a.o", "./a.o", "-MD ./a.d a", "-c a.c"],
  ["-oout/x.lo -c a.c", "out/x.lo", "", "-c a.c"],
  ["-MD -MF d/x.Tpo -MT x -c a.c -o y.o", "y.o", "-MD d/x.Tpo x", "-c a.c"],
  ["-MMD -MP -MQx -MFd -c a.c", "a.o", "-MMD -MP d x", "-c a.c"],
  ["-MD -c a.c -o o/a.b.o", "o/a.b.o", "-MD o/a.b.d o/a.b.o", "-c a.c"],
  ["-c -x c - -o a.o", "a.o", "", "-c -x c -"],
  ["-g -I inc -DX=-o -c a.c", "a.o", "", "-g -I inc -DX=-o -c a.c"],
];
for (const [line, object, list, others] of understood) {
  Deno.test(`namesOf() tells the names of ${line}`, () => {
    const names = namesOf(words(line));
    const said = names?.list === undefined
      ? ""
      : `${names.list.words} ${names.list.path} ${names.list.target}`;
    assertEquals([names?.object, said, names?.others.join(" ")], [object, list, others]);
  });
}

const unknown = [
  ...["a.c -o a.o", "-c a.c b.c", "-c a.c -o a", "-c a.c -o -", "-c a.c -o x.c", "-c a.c -o x.o -o y.o"],
  ...[
    "-c a.c -o /dev/x.o",
    "-c a.c -MF x",
    "-c a.c -MP",
    "-c a.c -MT x",
    "-MD -MMD -c a.c",
    "-MD -MD -c a.c",
  ],
  // gcc's list has another target then, clang's has not.
  ...["-MD -c a.c -o ./a.o", "-MMD -MT ./a -c a.c"],
  ...["-MD -MT a -MT b -c a.c", "-MD -MT a$b -c a.c", "-MD -MF a.o -c a.c", "-S a.c -o a.s", "-E a.c -o a.o"],
  ...[
    "-c -g -gsplit-dwarf a.c",
    "-c --coverage a.c",
    "-c -flto a.c",
    "-c -save-temps a.c",
    "-c @words",
    "-c src/a.b.cc",
  ],
  ...["-c -Wp,-MD,x a.c", "-c -frecord-gcc-switches a.c", "-c -fstack-usage a.c", "-c -M a.c", "-c -o"],
  ...[
    "-c src/a~b.c",
    "-c -x c-header a.h -o a.o",
    "-c a.h -o a.o",
    "-c -unknown a.c",
    "-c -o .o a.c",
    "-c -o a/..o a.c",
    "-c -fplugin=x a.c",
  ],
];
for (const line of unknown) {
  Deno.test(`namesOf() leaves ${line} as it is`, () => assertEquals(namesOf(words(line)), undefined));
}

Deno.test("namesFrom() reads what namesText() wrote", () => {
  for (const line of ["-c a.c", "-MD -fdiagnostics-color=always -fdiagnostics-color -c a.c -o x/y.o"]) {
    const { others, ...told } = namesOf(words(line))!;
    assertEquals(namesFrom(namesText({ others, ...told })), told);
  }
});
