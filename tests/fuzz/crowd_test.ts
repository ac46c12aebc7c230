/**
 * Many clients at the same moment: against no daemon, against the one that they have started, and as the very first
 * that ever run this executable, which has to be unpacked then.
 *
 *     FUZZ_CLIENTS=256    how many; 40 where nothing is said
 */
import { assert, assertEquals } from "@std/assert";
import { stampIn } from "../../lib/native/compose.ts";
import { engine, until, World } from "../process/engine.ts";
import { leftovers } from "../process/fake_decider.ts";

const clients = Number(Deno.env.get("FUZZ_CLIENTS") ?? 40);
const built = engine.length === 1;
const numbers = Array.from({ length: clients }, (_, i) => i + 1);

class Crowd extends World {
  #right: Uint8Array[] = [];

  constructor(readonly executable: string) {
    super();
  }

  async #shell(script: string): Promise<string> {
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", script],
      cwd: this.work,
      env: { ...this.env, Z: this.executable },
      clearEnv: true,
      stdin: "null",
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  }

  async prepare(): Promise<void> {
    for (const i of numbers) Deno.writeTextFileSync(`${this.work}/f${i}.c`, `int f${i} = ${i};\n`);
    // One compiler after the other: what they make is what counts here.
    assertEquals(await this.#shell(`for i in $(seq ${clients}); do cc -c f$i.c -o f$i.o; done`), "");
    this.#right = numbers.map((i) => Deno.readFileSync(`${this.work}/f${i}.o`));
  }

  /** All clients at once; each says how it ended. How long that took, in ms. */
  async all(): Promise<number> {
    const began = performance.now();
    const one = `"$Z" wrap cc -c f$i.c -o f$i.o || echo "f$i: $?"`;
    const said = await this.#shell(`rm -f *.o; for i in $(seq ${clients}); do { ${one}; } & done; wait`);
    const ms = performance.now() - began;
    assertEquals(said, "");
    for (const i of numbers) {
      assertEquals(Deno.readFileSync(`${this.work}/f${i}.o`), this.#right[i - 1], `f${i}.o`);
    }
    assertEquals(leftovers(this.work), []);
    return ms;
  }

  async hits(): Promise<number> {
    const { by_outcome } = JSON.parse((await this.run(["stats", "--json"])).out);
    return by_outcome.hit ?? 0;
  }

  log(): string {
    return Deno.readTextFileSync(`${this.runtime}/${this.inRuntime(".log")[0]}`);
  }

  /** Daemons that have this cache, whether they serve it or not. */
  daemons(): number[] {
    const found: number[] = [];
    for (const { name } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(name) && serves(name, this.cache)) found.push(Number(name));
    }
    return found;
  }
}

function serves(pid: string, cache: string): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("\0--serve\0") &&
      Deno.readTextFileSync(`/proc/${pid}/environ`).includes(`ZCCACHE_CACHE_DIR=${cache}\0`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    if (error instanceof Error && error.message.includes("os error 3")) return false; // it has ended meanwhile
    throw error;
  }
}

/** All at once three times: they find nothing, then what they have started, then what they have stored. */
async function thrice(world: Crowd): Promise<void> {
  const took = [await world.all()];
  const pid = await world.daemon();
  await until("one daemon is left", () => world.daemons().length === 1, 30_000);
  assertEquals(world.daemons(), [pid]);
  took.push(await world.all());
  const before = await world.hits();
  took.push(await world.all());
  console.log(`${clients} clients at once: ${took.map((ms) => `${ms | 0} ms`).join(", ")}`);
  assertEquals(await world.hits() - before, clients, `not all hit the third time:\n${world.log()}`);
  assertEquals(world.daemons(), [pid]);
  await world.run(["stop"]);
  await until("the daemon ends", () => world.daemons().length === 0);
  assertEquals(
    world.inRuntime("").filter((name) => !/\.(?:log|start|start-late)$|^tracer-works$/.test(name)),
    [],
  );
  assertEquals([...Deno.readDirSync(`${world.cache}/v1/tmp`)], []);
}

Deno.test({
  name:
    `${clients} clients at once, without a daemon and with one, get right objects and one daemon [needs the built executable]`,
  ignore: !built,
  fn: async () => {
    await using world = new Crowd(engine[0]);
    await world.prepare();
    await thrice(world);
  },
});

/** A copy of the executable that says it is another build, an older one, so that nothing of it is unpacked yet. */
class FirstUse implements Disposable {
  readonly path: string;
  readonly #id = crypto.randomUUID().replaceAll("-", "").slice(0, 12).padStart(16, "0");
  readonly #folder = Deno.makeTempDirSync();

  constructor() {
    this.path = `${this.#folder}/zccache`;
    Deno.copyFileSync(engine[0], this.path);
    using file = Deno.openSync(this.path, { read: true, write: true });
    const launcher = new Uint8Array(96 << 10); // more than it has, and less than would reach into the engine's own
    file.readSync(launcher);
    file.seekSync(stampIn(launcher) + 16, Deno.SeekMode.Start); // its build id
    file.writeSync(new TextEncoder().encode(this.#id));
  }

  /** What was unpacked under this build id, finished or not. */
  unpacked(): string[] {
    const base = `/tmp/zccache-${Deno.uid()}-native`;
    return [...Deno.readDirSync(base)].map(({ name }) => name).filter((name) =>
      name.startsWith(`engine-${this.#id}`) || enginePath(`${base}/${name}`).includes(this.#id)
    ).map((name) => `${base}/${name}`);
  }

  [Symbol.dispose](): void {
    for (const path of [this.#folder, ...this.unpacked()]) Deno.removeSync(path, { recursive: true });
  }
}

function enginePath(folder: string): string {
  try {
    return Deno.readTextFileSync(`${folder}/engine-path`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return "";
    throw error;
  }
}

Deno.test({
  name:
    `${clients} clients at once that are the first of a new executable unpack it once [needs the built executable]`,
  ignore: !built,
  fn: async () => {
    using first = new FirstUse();
    await using world = new Crowd(first.path);
    await world.prepare();
    await thrice(world);
    // The engine, and the folder of its launcher and tracer.
    assertEquals(first.unpacked().length, 2, first.unpacked().join());
    assert(
      !/cannot be watched/.test(Deno.readTextFileSync(`${world.runtime}/${world.inRuntime(".log")[0]}`)),
    );
  },
});
