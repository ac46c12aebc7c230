/**
 * A process that is there to be killed: puts units with a blob each, without end, and says a line for each that is on disk.
 *
 *     putter.ts <store folder> <daemon|one-shot> <name>
 *
 * A daemon flushes every 15 ms; a one-shot ends, as far as the store can tell, after every 20 units and begins anew. Units
 * are large, so that one-shots often leave a journal long enough to be rewritten.
 *
 * @module
 */
import { Store } from "../../lib/store/mod.ts";
import { text, unitOf } from "../../lib/store/testing.ts";

/** The bytes of the blob of a unit. */
export function bytesFor(name: string): Uint8Array {
  return text(`${name}\n`.repeat(100));
}

function open(folder: string, mode: "daemon" | "one-shot"): { store: Store; end(): Promise<void> } {
  const abort = new AbortController();
  const store = Store.open({
    folder,
    mode,
    flushMs: 15,
    maxPending: 2_048,
    budgetBytes: 1 << 30,
    signal: abort.signal,
    log: { info: () => {}, warn: (line) => console.error(line) },
    now: () => Date.now(),
  });
  return { store, end: () => (abort.abort(), store.closed) };
}

/** Those that are put and not said yet. */
let put: string[] = [];

function putNext(store: Store, name: string): void {
  const unit = unitOf(name, name, store.putBlob(bytesFor(name)));
  unit.result.err = text(name.repeat(2_000));
  store.put(unit);
  put.push(name);
  if (store.unwritten > 0) return;
  Deno.stdout.writeSync(text(put.map((each) => `${each}\n`).join("")));
  put = [];
}

async function main([folder, mode, name]: string[]): Promise<never> {
  let { store, end } = open(folder, mode as "daemon" | "one-shot");
  for (let i = 0;; i++) {
    putNext(store, `${name}-${i}`);
    if (mode === "one-shot" && i % 20 === 19) {
      await end();
      ({ store, end } = open(folder, "one-shot"));
    }
    if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

if (import.meta.main) await main(Deno.args);
