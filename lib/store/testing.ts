/**
 * Units and stores as the store's tests make them. No part of the program.
 *
 * @module
 */
import { FakeClock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { Store, type StoreOptions } from "./mod.ts";
import { inputKinds, noSignature, type Unit } from "./unit.ts";

/** UTF-8. */
export const text = (value: string) => new TextEncoder().encode(value);
/** The action key of the unit called `name`. */
export const keyOf = (name: string) => sha256(text(name));

/** A unit with something in every field. Units of one name with other values of `value` are other candidates. */
export function unitOf(name: string, value = "content", blob: Uint8Array = new Uint8Array(0)): Unit {
  return {
    key: keyOf(name),
    environment: [["LANG", "C"], ["CPATH", null]],
    terminal: "",
    inputs: [
      { kind: inputKinds.content, path: "/w/\xff a.h", value: sha256(text(value)), signature: noSignature },
      { kind: inputKinds.exists, path: "/w", value: sha256(text("folder")), signature: noSignature },
    ],
    absences: {
      folders: [{ path: "/i1", gone: false, signature: noSignature.slice().fill(3) }, {
        path: "/i2",
        gone: true,
        signature: noSignature,
      }],
      lists: [[0, 1], [1]],
      names: [{ list: 0, name: "v.h" }, { list: 1, name: "w.h" }],
    },
    result: {
      status: 0,
      out: text("out"),
      err: text("warning"),
      oneOutput: false,
      outputs: [{ path: "$cwd/a.o", blob, text: "", style: 3, mode: 0o666, size: 3 }],
    },
    workKind: "compile",
    wallUs: 12_345,
    storedAt: 1_700_000_000_000,
  };
}

/** A store with a clock that stands still. `end` drains it. */
export function openStore(
  folder = Deno.makeTempDirSync() + "/v1",
  mode: "daemon" | "one-shot" = "daemon",
  options: Partial<StoreOptions> = {},
) {
  const abort = new AbortController(), warnings: string[] = [], clock = new FakeClock();
  const store = Store.open({
    folder,
    mode,
    flushMs: 5_000,
    maxPending: 2_048,
    budgetBytes: 1 << 30,
    signal: abort.signal,
    log: { info: () => {}, warn: (text) => void warnings.push(text) },
    now: () => clock.now(),
    clock,
    ...options,
  });
  const end = async () => {
    abort.abort();
    await store.closed;
  };
  return { store, folder, warnings, clock, end, abort };
}
