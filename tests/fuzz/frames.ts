/**
 * Random and damaged frames, the same for one seed, so that whatever they break can be broken again.
 *
 *     FUZZ_SEED=N     takes this seed instead of a new one; every test prints the one it took
 *     FUZZ_TIMES=N    makes every test N times as long
 *
 * @module
 */

/** A number of steps as it is meant for an ordinary run, times FUZZ_TIMES. */
export function steps(ordinary: number): number {
  return ordinary * Number(Deno.env.get("FUZZ_TIMES") ?? 1);
}

/** Random numbers of a test, whose seed is printed. */
export function randomFor(test: string): Random {
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`${test}: FUZZ_SEED=${seed}`);
  return new Random(seed);
}

/** Marsaglia's xorshift, 32 bits: small, and good enough to choose bytes. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return this.#state = x >>> 0;
  }

  /** From 0 to `count` - 1. */
  below(count: number): number {
    return this.#next() % count;
  }

  /** True once in `times` times, on average. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items], all: T[] = [];
    while (rest.length > 0) all.push(...rest.splice(this.below(rest.length), 1));
    return all;
  }
}

const headBytes = 16;
const extremes = [0, 1, 3, 15, 16, 255, 65_535, 1 << 20, (64 << 20) + 1, 0x7fffffff, 0xfffffff0, 0xffffffff];

function viewOf(frame: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.length);
}

/** The frame with a size field that is right. */
export function sized(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (frame.length >= 4) viewOf(frame).setUint32(0, frame.length - 4, true);
  return frame;
}

type Damage = (random: Random, frame: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** A count or length somewhere in the fields becomes another. */
function wrongNumber(random: Random, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const whole = frame.slice();
  if (whole.length < headBytes + 4) return whole;
  const at = headBytes + random.below(whole.length - headBytes - 3);
  viewOf(whole).setUint32(at, random.of(extremes), true);
  return whole;
}

function wrongSize(random: Random, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const whole = frame.slice();
  viewOf(whole).setUint32(0, random.of([...extremes, whole.length, whole.length - 5]), true);
  return whole;
}

function inserted(random: Random, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = random.below(frame.length + 1), more = random.bytes(1 + random.below(40));
  const longer = new Uint8Array(frame.length + more.length);
  longer.set(frame.subarray(0, at)), longer.set(more, at), longer.set(frame.subarray(at), at + more.length);
  return sized(longer);
}

/** What can be done to a frame so that it never reads as it was meant; some leave a sound frame of other content. */
export const damages: Record<string, Damage> = {
  flipped: (random, frame) => {
    const whole = frame.slice();
    for (let i = random.below(4); i >= 0; i--) {
      whole[random.below(whole.length)] ^= 1 << random.below(8);
    }
    return whole;
  },
  cut: (random, frame) => frame.slice(0, random.below(frame.length)),
  "cut, of a right size": (random, frame) => sized(frame.slice(0, random.below(frame.length))),
  "longer, of a right size": inserted,
  "with a wrong number": wrongNumber,
  "of a wrong size": wrongSize,
  "of another version": (random, frame) => withHead(frame, 4, 2 + random.below(60_000)),
  "of another kind": (random, frame) => withHead(frame, 6, random.below(20)),
  random: (random, frame) => random.bytes(frame.length),
  "random behind its head": (random, frame) => {
    const whole = frame.slice();
    whole.set(random.bytes(Math.max(0, whole.length - headBytes)), headBytes);
    return whole;
  },
};

function withHead(frame: Uint8Array<ArrayBuffer>, at: number, value: number): Uint8Array<ArrayBuffer> {
  const whole = frame.slice();
  viewOf(whole).setUint16(at, value, true);
  return whole;
}

/** The frame, damaged in one way. */
export function damaged(random: Random, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return damages[random.of(Object.keys(damages))](random, frame);
}
