/**
 * What a run asked of the system: its record, and what of it counts.
 *
 * @module
 */
export {
  anyReader,
  noObservation,
  type Observation,
  type Refused,
  type Seen,
  type Style,
  type Written,
} from "./observation.ts";
export { type AbsentIn, AbsentPaths, type FolderList, foldersOf } from "./absent.ts";
export { observe, Observer } from "./observe.ts";
export { eventsOfSources } from "./parts.ts";
export {
  doubtNames,
  headBytes,
  headOf,
  readRecord,
  RecordReader,
  type TakeSearch,
  type TraceEvent,
} from "./read.ts";
export {
  type Left,
  leftIn,
  type Record,
  recordBytes,
  type RecordFacts,
  recordOf,
  RecordPool,
} from "./records.ts";
export {
  asksForTime,
  classOf,
  factRule,
  ignoresVariable,
  isUnmodelled,
  programName,
  standingInputs,
} from "./rules.ts";
export { Spellings } from "./spellings.ts";
export { traceHeader } from "./c_header.ts";
export { traceVariable } from "./format.ts";
