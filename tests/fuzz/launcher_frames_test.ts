/**
 * Whatever a decider answers, a compile ends with the compiler's own object, text and exit code, or with what a sound
 * answer asked for; and no temporary file stays.
 *
 * Answers are damaged in ways whose right outcome is known. Where a flipped bit may leave a sound frame of other
 * content, which the launcher has to obey, only what must hold for all of these is asked: no crash, no other object
 * than the compiler's or the decider's, nothing left behind.
 */
import { assertEquals } from "@std/assert";
import { byteString } from "../../lib/base/bytes.ts";
import { type AnyMessage, encode, styles } from "../../lib/protocol/mod.ts";
import {
  blobOf,
  buildId,
  hit,
  type Launcher,
  launchers,
  leftovers,
  newFolder,
  type Peer,
  play,
  runPlainly,
  zc,
} from "../process/fake_decider.ts";
import { damages, type Random, randomFor, sized, steps } from "./frames.ts";

type Frame = Uint8Array<ArrayBuffer>;

/** One compile: what the decider says after each message of the launcher, and which objects may come of it. */
interface Turn {
  what: string;
  says: Frame[];
  may: readonly ("compiled" | "delivered" | "none")[];
}

/** Bytes that the decider delivers as an object; no compiler would make them. */
const deliveredText = "delivered";
const source = 'int f(void) { return 1 / 0; }\nconst char t[] = "t";\n';
const compile = "cc -c a.c -o a.o";
const turns = steps(48);

const target = { style: styles.replace, mode: 0o644, path: "a.o", source: blobOf(deliveredText) };
const side = { ...target, path: "a.d", style: styles.unknown };
const sound = hit({ err: new TextEncoder().encode("said"), files: [side, target] });
const frameOf = (message: AnyMessage) => encode(message, buildId);
const keep: AnyMessage = {
  name: "keep",
  wait: 1,
  files: [{ path: "a.o", to: "staged/one" }, { path: "missing", to: "staged/two" }],
};
const done: AnyMessage = { name: "done", outcome: "" };
/** Of sources that the command does not name. */
const parts: AnyMessage = { name: "parts", sources: ["a.c", "b.c"] };

/** Damage after which no frame is sound, whatever the seed. */
const sure = [
  "cut",
  "cut, of a right size",
  "longer, of a right size",
  "of another version",
  "random",
] as const;
/** Offset of `status` in a hit: changed, any exit code would be right. */
const statusAt = 16;

/** A frame that may still be sound, and then asks for something else than it did. */
function doubtful(random: Random, frame: Frame): Frame {
  const changed = damages[random.of(["flipped", "with a wrong number"])](random, frame);
  changed.set(frame.subarray(statusAt, statusAt + 4), statusAt);
  return changed;
}

const anyObject = ["compiled", "delivered", "none"] as const;

/** An answer to the ask that is damaged for sure, or may be. */
function firstAnswers(random: Random): Turn {
  if (random.once(3)) {
    const says = [
      random.once(4) ? frameOf(parts) : doubtful(random, frameOf(sound)),
      frameOf({ name: "pass", outcome: "" }),
    ];
    return { what: "a hit that may be sound", says, may: anyObject };
  }
  const name = random.of(sure), answer = random.of([sound, runPlainly, keep, done, parts]);
  return {
    what: `${answer.name}, ${name}`,
    says: [damages[name](random, frameOf(answer))],
    may: ["compiled"],
  };
}

/** A sound order to run, and then nonsense of any kind: the compiler has run, so nothing can change its outcome. */
function laterAnswers(random: Random): Turn {
  const answers = [keep, done, sound, runPlainly, parts].map(frameOf);
  const says = [frameOf(runPlainly)];
  for (let i = random.below(3); i >= 0; i--) {
    const answer = random.of(answers);
    says.push(random.once(3) ? answer : damages[random.of(Object.keys(damages))](random, answer));
  }
  return { what: "nonsense after the run", says, may: ["compiled"] };
}

/** A hit that cannot be delivered: the launcher says so or passes, and then hears nonsense. */
function undeliverable(random: Random): Turn {
  const change = random.of([
    { path: "" },
    { path: "missing/a.o" },
    { path: "a.c/a.o" },
    { path: "x".repeat(5_000) },
    { source: "" },
    { source: "/nowhere/blob" },
    { source: "/dev" },
    { source: "x".repeat(70_000) },
    { style: 0 },
    { style: 6 },
    { path: "a.o\0" },
  ]);
  const bad = { ...target, ...change }, files = random.shuffled([side, bad]);
  const answer = frameOf(
    random.of<AnyMessage>([runPlainly, sound, done, parts, { name: "pass", outcome: "" }]),
  );
  const then = random.once(2) ? answer : damages[random.of(sure)](random, answer);
  return {
    what: `a hit with ${JSON.stringify(change).slice(0, 40)}`,
    says: [frameOf(hit({ files })), then, ...random.once(2) ? [frameOf(keep), frameOf(done)] : []],
    may: ["compiled"],
  };
}

/** Every length of a sound hit, as the end of the connection or as a whole frame of that size. */
function cutHits(stride: number): Turn[] {
  const whole = frameOf(sound), all: Turn[] = [];
  for (let size = 0; size < whole.length; size += stride) {
    const cut = whole.slice(0, size);
    all.push({
      what: `a hit of ${size} bytes`,
      says: [size % 2 ? sized(cut) : cut],
      may: ["compiled"],
    });
  }
  return all;
}

/** Says what the turn has to say, a frame for each message that it hears, and hangs up. */
async function speak(peer: Peer, { says }: Turn): Promise<void> {
  for (const frame of says) {
    if (await peer.next() === undefined) return;
    await peer.raw(frame).catch(hungUp);
  }
}

/** The launcher leaves as soon as it has understood that there is nothing to understand. */
function hungUp(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) throw error;
}

/** Compiles once for each turn; a line for each: exit code, object, text of the compiler, temporary files left. */
async function outcomes(launcher: Launcher, all: Turn[]): Promise<{ lines: string[]; folder: string }> {
  const folder = newFolder();
  Deno.writeTextFileSync(`${folder}/a.c`, source);
  let turn = 0;
  const script = `exec 2>&1; mkdir staged; ${compile} 2>plain.err; mv a.o plain.o
    for i in $(seq ${all.length}); do
      rm -rf a.o a.d staged/*; ${zc} ${compile} >out 2>err; code=$?
      if cmp -s a.o plain.o; then o=compiled; elif [ "$(cat a.o 2>/dev/null)" = ${deliveredText} ]; then o=delivered; else o=none; fi
      if cmp -s err plain.err && [ ! -s out ]; then t=own; else t=other; fi
      echo $code $o $t $(ls -A | grep -c '^\\.zc-')
    done`;
  const told = await play({ launcher, folder, script, decide: (peer) => speak(peer, all[turn++]) });
  return { lines: told.out.trimEnd().split("\n"), folder };
}

for (const launcher of launchers) {
  Deno.test(`whatever a decider answers, a compile ends right (${launcher.name})`, async () => {
    const random = randomFor(`launcher, ${launcher.name}`);
    const kinds = [firstAnswers, laterAnswers, undeliverable];
    const all: Turn[] = [
      { what: "a sound hit", says: [frameOf(sound)], may: ["delivered"] },
      ...cutHits(launcher.name === "static" ? 4 : 16),
      ...Array.from({ length: turns }, (_, i) => kinds[i % kinds.length](random)),
      { what: "a sound hit", says: [frameOf(sound)], may: ["delivered"] },
    ];
    const { lines, folder } = await outcomes(launcher, all);
    assertEquals(lines.length, all.length, lines.slice(all.length).join("\n"));
    all.forEach(({ what, may }, i) => {
      const right = may.map((object) => `0 ${object} ${object === "compiled" ? "own" : "other"} 0`);
      // A doubtful hit may have lost its text, or said another one before the object went elsewhere.
      if (may === anyObject) right.push("0 compiled other 0", "0 delivered own 0", "0 none own 0");
      const shown = byteString(all[i].says[0]).slice(0, 300);
      assertEquals(right.includes(lines[i]), true, `${what}: ${lines[i]}\n${JSON.stringify(shown)}`);
    });
    assertEquals(leftovers(folder), []);
  });
}
