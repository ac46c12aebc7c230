/**
 * Messages for tests of either side.
 *
 * @module
 */
import type { Message } from "./mod.ts";

/** An order to run captured and untraced. */
export const runPlainly: Message<"run"> = {
  name: "run",
  tracer: "",
  record: "",
  extra: [],
  priority: 0,
  deploy: [],
  foreseen: [],
};
