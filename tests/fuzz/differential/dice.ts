/**
 * Random choices that a seed repeats: the same seed and the same questions give the same answers, on every machine.
 *
 * @module
 */

/** Xorshift on 32 bits: small, and even enough for walks. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 2654435761) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.below(2); // seeds that are neighbours begin alike
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % limit;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  chance(probability: number): boolean {
    return this.below(10_000) < probability * 10_000;
  }

  /** One of the rows, each as often as its weight says (1 where it says nothing). */
  weighted<T extends { weight?: number }>(rows: readonly T[]): T {
    const total = rows.reduce((sum, row) => sum + (row.weight ?? 1), 0);
    let at = this.below(10_000) / 10_000 * total;
    for (const row of rows) {
      at -= row.weight ?? 1;
      if (at < 0) return row;
    }
    return rows[rows.length - 1];
  }

  /** All items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
