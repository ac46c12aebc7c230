/**
 * The real daemon, killed or stopped at random moments under a small `make -j2`: every build succeeds, says nothing of
 * its own and makes the objects that the compiler alone makes; afterwards everything hits, and nothing stays behind.
 */
import { assert, assertEquals } from "@std/assert";
import { Compiling } from "../crash/compiling.ts";
import { engine, lives } from "../process/engine.ts";
import { deadlineMs, leftovers, plain } from "../process/fake_decider.ts";
import { type Random, randomFor, steps } from "./frames.ts";

const names = Array.from({ length: 10 }, (_, i) => `part${i}`);
const rounds = steps(3);
/** What ten compiles may take on a busy machine, beside waiting. */
const slackMs = 8_000;

/** A world with sources, a makefile, and a build of them by `compiler`. */
class Building extends Compiling {
  constructor(public compiler: string) {
    super("daemon");
  }

  async prepare(): Promise<void> {
    for (const name of names) await this.source(name, 4_000);
    const rules = `all: ${names.map((name) => `${name}.o`).join(" ")}\n%.o: %.c\n\t@$(CC) -c $< -o $@\n`;
    Deno.writeTextFileSync(`${this.work}/makefile`, rules);
  }

  /** Makes everything anew; how long it took, in ms. */
  async make(): Promise<number> {
    const began = performance.now();
    const script = `rm -f *.o; exec make -s -j2 CC="${this.compiler}"`;
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", script],
      cwd: this.work,
      env: this.env,
      clearEnv: true,
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals([code, said], [0, ""], this.log().slice(-2_000));
    for (const name of names) {
      const [made, right] = ["o", "plain"].map((suffix) =>
        Deno.readFileSync(`${this.work}/${name}.${suffix}`)
      );
      assertEquals(made, right, `${name}.o`);
    }
    assertEquals(leftovers(this.work), []);
    return performance.now() - began;
  }

  /** The daemon's pid as its lock names it, which asks nothing of the daemon. */
  pid(): number | undefined {
    const pid = Number(Deno.readTextFileSync(`${this.cache}/daemon.lock`).split("\n")[0]);
    return pid > 0 && lives(pid) ? pid : undefined;
  }
}

/** Does something to the daemon at random moments until `building` has ended; how often it found one. */
async function meanwhile(
  building: Promise<unknown>,
  random: Random,
  act: () => Promise<boolean>,
): Promise<number> {
  let over = false, times = 0;
  const watched = building.finally(() => over = true);
  while (!over) {
    await pause(random.below(150)); // the moment is what is random here
    if (!over && await act()) times++;
  }
  await watched;
  return times;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Everything hits again, with the daemon that is there or a new one, and nothing stays when it ends. */
async function recovered(world: Building): Promise<void> {
  await world.run(["start"]);
  await world.make();
  await world.news();
  await world.make();
  assertEquals(await world.news(), names.map(() => "hit"), world.log().slice(-2_000));
  await world.stop();
  // What a launcher may still be staging is left alone for a minute, and what was a daemon's while that one dies.
  const aged = new Date(Date.now() - 120_000);
  for (const name of world.temporary()) Deno.utimeSync(`${world.cache}/v1/tmp/${name}`, aged, aged);
  await world.run(["start"]);
  await world.stop();
  assertEquals(world.inRuntime("").filter((name) => /^record-|^one-shot-|\.sock$/.test(name)), []);
  assertEquals(world.temporary(), []);
}

Deno.test("builds end right while their daemon is killed at random moments, and hit afterwards", async () => {
  const random = randomFor("killed daemon");
  await using world = new Building(`${engine.join(" ")} wrap cc`);
  await world.prepare();
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    await world.run(["clear"]);
    await world.run(["start"]); // also where one was killed while it started: then compiles wait for 10 s
    kills += await meanwhile(world.make(), random, () => {
      const pid = world.pid();
      if (pid !== undefined) Deno.kill(pid, "SIGKILL");
      return Promise.resolve(pid !== undefined);
    });
  }
  console.log(`${kills} daemons were killed in ${rounds} builds`);
  assert(kills > 0, "no build was met");
  await recovered(world);
});

Deno.test("builds end right and in time while their daemon is stopped, for moments and for good", async () => {
  const random = randomFor("stopped daemon");
  await using world = new Building(""); // named below, when the socket is known
  await world.prepare();
  await world.run(["start"]);
  const pid = await world.daemon(), socket = `${world.runtime}/${world.inRuntime(".sock")[0]}`;
  world.compiler = `${plain.path} --socket ${socket} --build 0 -- cc`;
  let stops = 0;
  for (let round = 0; round < rounds; round++) {
    await world.run(["clear"]);
    stops += await meanwhile(world.make(), random, async () => {
      Deno.kill(pid, "SIGSTOP");
      await pause(random.below(1.5 * deadlineMs));
      Deno.kill(pid, "SIGCONT");
      return true;
    });
  }
  assert(stops > 0, "no build was met");
  Deno.kill(pid, "SIGSTOP");
  const took = await world.make();
  Deno.kill(pid, "SIGCONT");
  const waits = names.length / 2 * deadlineMs;
  console.log(`stopped ${stops} times; then ${took | 0} ms for a build that waits for ${waits} ms`);
  assert(took >= waits && took < waits + slackMs, `took ${took} ms where ${waits} ms are waited for`);
  assertEquals(await world.daemon(), pid);
  world.compiler = `${engine.join(" ")} wrap cc`;
  await recovered(world);
});
