/**
 * A decider that is killed (SIGKILL) or stopped (SIGSTOP) at any step: the compile ends as the compiler alone would
 * end it, with its exit code, text and object, and a stopped decider costs no more than the launcher's deadline.
 */
import { assert, assertEquals } from "@std/assert";
import { blobOf, deadlineMs, leftovers, newFolder, plain, play, zc } from "../process/fake_decider.ts";

const program = new URL("decider_process.ts", import.meta.url).pathname;
/** Ends with a warning, an object and an exit code of its own; takes long enough to be met while it runs. */
const tool = "#!/bin/sh\ncc -c a.c -o a.o\nsleep 0.1\nexit 7\n";
/** What the tool and a busy machine may take on top of a deadline. */
const slackMs = 2_500;

interface Outcome {
  code: number;
  text: string;
  object: Uint8Array;
}

/** A folder with the tool. */
function prepared(): string {
  const folder = newFolder();
  Deno.writeTextFileSync(`${folder}/tool`, tool, { mode: 0o755 });
  Deno.writeTextFileSync(`${folder}/a.c`, "int f(void) { return 1 / 0; }\n");
  return folder;
}

let known: Outcome | undefined;

/** What comes of the tool without us. */
async function rightOutcome(): Promise<Outcome> {
  if (known !== undefined) return known;
  const folder = prepared(), { code, err } = await play({ launcher: plain, folder, script: "./tool" });
  return known = { code, text: err, object: Deno.readFileSync(`${folder}/a.o`) };
}

async function listening(decider: Deno.ChildProcess): Promise<void> {
  const reader = decider.stdout.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "listening\n");
  await reader.cancel();
}

const steps = [
  "connected",
  "asked",
  "in the middle of a hit",
  "told that it cannot be delivered",
  "while the tool runs",
  "reported",
  "while outputs are kept",
  "told what was kept",
];

/** Has the tool run while the decider gets `signal` at `step`, and looks at all that comes of it. */
async function endsRight(signal: "SIGKILL" | "SIGSTOP", step: string, before = ""): Promise<void> {
  const folder = prepared(), right = await rightOutcome(), socket = `${newFolder()}/s`;
  const decider = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, socket, step, signal, blobOf("delivered")],
    stdout: "piped",
  }).spawn();
  try {
    await listening(decider);
    const script = `${before} ${zc.replace("$S", socket)} ./tool`;
    const told = await play({ launcher: plain, folder, script });
    const object = Deno.readFileSync(`${folder}/a.o`);
    assertEquals<Outcome>({ code: told.code, text: told.err, object }, right);
    assertEquals([told.out, leftovers(folder)], ["", []]);
    const stopped = signal === "SIGSTOP";
    assert(told.ms < (stopped ? deadlineMs : 0) + slackMs, `took ${told.ms} ms`);
    // What is killed is met as the end of the connection: nobody waits for that.
    if (stopped) assert(told.ms >= deadlineMs, `took only ${told.ms} ms: it was not stopped in time`);
    else assertEquals((await decider.status).signal, "SIGKILL");
  } finally {
    if (signal === "SIGSTOP") decider.kill("SIGKILL");
    await decider.status;
  }
}

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  for (const step of steps) {
    Deno.test(`a compile ends right where its decider gets ${signal}, ${step}`, () =>
      endsRight(signal, step));
  }

  Deno.test(`a compile whose request no socket holds ends right where its decider gets ${signal}`, () =>
    endsRight(signal, "connected", "x=$(printf %0100000d 0); for i in $(seq 15); do export V$i=$x; done;"));
}
