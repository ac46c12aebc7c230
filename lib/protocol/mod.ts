/**
 * The conversation between the launcher and its decider: messages as data (spec.ts), their frames (codec.ts)
 * and the C header that the launcher is built with (c_header.ts).
 *
 * @module
 */
export * from "./spec.ts";
export { decode, encode, frameSize } from "./codec.ts";
export type { AnyMessage, Message, MessageName, Row } from "./codec.ts";
export { protocolHeader } from "./c_header.ts";
