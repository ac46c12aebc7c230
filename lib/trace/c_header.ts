/**
 * The record's format as a C header, so that the tracer and the reader cannot disagree.
 *
 * @module
 */
import * as format from "./format.ts";

function enumOf(prefix: string, values: Readonly<Record<string, number>>): string {
  const rows = Object.entries(values).map(([name, value]) => `  ${prefix}_${name.toUpperCase()} = ${value},`);
  return `enum {\n${rows.join("\n")}\n};\n`;
}

/** Text of `lib/native/trace_format.h`. */
export function traceHeader(): string {
  const ids = Object.fromEntries(Object.entries(format.events).map(([name, { id }]) => [name, id]));
  return [
    "/* Generated from lib/trace/format.ts by scripts/generate.ts: change it there. */",
    "#ifndef ZC_TRACE_FORMAT_H\n#define ZC_TRACE_FORMAT_H",
    `#define ZC_TRACE_MAGIC 0x${format.traceMagic.toString(16)}u`,
    `#define ZC_TRACE_VERSION ${format.traceVersion}u`,
    `#define ZC_HEADER_WORDS ${format.headerWords}u`,
    `#define ZC_MOST_FORESEEN ${format.mostForeseen}u`,
    `#define ZC_SIGNATURE_WORDS ${format.signatureWords}u`,
    `#define ZC_RELATIVE_MARK "${format.relativeMark}"`,
    `#define ZC_TRACE_VARIABLE "${format.traceVariable}"`,
    "/* Indexes of header words. */\n" + enumOf("ZC_H", format.header),
    "/* Kinds of events. */\n" + enumOf("ZC_E", ids),
    "/* Bits of doubt. */\n" + enumOf("ZC_DOUBT", format.doubts),
    "/* What was changed. */\n" + enumOf("ZC_CHANGE", format.changes),
    "/* Why a program could not be entered. */\n" + enumOf("ZC_GATE", format.gates),
    "/* Clocks. */\n" + enumOf("ZC_CLOCK", format.clocks),
    "/* Identities. */\n" + enumOf("ZC_ID", format.identities),
    "#endif\n",
  ].join("\n");
}
