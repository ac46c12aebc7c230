/**
 * Runs sequences beside others: a message names a seed and a way, the answer is its report.
 *
 * @module
 */
import type { Programs } from "../../script/programs.ts";
import { fuzz } from "./fuzz.ts";

/** What a worker is asked. */
interface Asked {
  seed: number;
  way: string;
  steps: number;
  programs: Programs;
  until: number;
}

const here = globalThis as unknown as {
  onmessage: (event: MessageEvent<Asked>) => void;
  postMessage(message: unknown): void;
};

here.onmessage = ({ data: { seed, ...options } }) => here.postMessage(fuzz(seed, options));
