/**
 * spec.ts as a C header: numbers as enums, and for each message a struct with a reader and a writer.
 *
 * The header only says which field follows which; how a field is read and bounded stands once, by hand, in
 * lib/native/wire.h. A list or rows field is its count and the encoded items, which are read or written one by
 * one with the row's own functions: so C needs no memory for them but the frame's.
 *
 * @module
 */
import * as spec from "./spec.ts";
import type { FieldType } from "./spec.ts";

type Fields = Record<string, FieldType>;

/** The text of lib/native/protocol.h. */
export function protocolHeader(): string {
  const shapes: [string, Fields][] = [
    ...Object.entries(spec.rows),
    ...Object.entries(spec.messages).map(([name, row]): [string, Fields] => [name, row.fields]),
  ];
  return [
    opening,
    numbers("zc_limit", "ZC", {
      protocol_version: spec.protocolVersion,
      max_frame_bytes: spec.maxFrameBytes,
      max_text_bytes: spec.maxTextBytes,
      held_style: spec.heldStyle,
    }),
    numbers("zc_message", "ZC", mapValues(spec.messages, (row) => row.id)),
    numbers("zc_ask_flag", "ZC_ASK", spec.askFlags),
    numbers("zc_input_flag", "ZC_INPUT", spec.inputFlags),
    numbers("zc_hit_flag", "ZC_HIT", spec.hitFlags),
    numbers("zc_report_flag", "ZC_REPORT", spec.reportFlags),
    numbers("zc_priority", "ZC_PRIORITY", spec.priorities),
    numbers("zc_style", "ZC_STYLE", spec.styles),
    ...shapes.map(([name, fields]) => shape(name, fields)),
    "#endif\n",
  ].join("\n");
}

const opening = `/*
 * Generated from lib/protocol/spec.ts by scripts/generate.ts; a test tells when it is not current.
 *
 * zc_get_* reads the fields of a frame in order; false: they are not all there. zc_put_* writes them.
 */
#ifndef ZCCACHE_PROTOCOL_H
#define ZCCACHE_PROTOCOL_H

#include "wire.h"
`;

function mapValues<T>(record: Record<string, T>, value: (item: T) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([name, item]) => [name, value(item)]));
}

function numbers(name: string, prefix: string, values: Record<string, number>): string {
  const rows = Object.entries(values).map(([key, value]) => `    ${prefix}_${key.toUpperCase()} = ${value},`);
  return `enum ${name} {\n${rows.join("\n")}\n};\n`;
}

/** C type and name of the reading and writing function for each kind of field. */
const kinds: Record<string, { type: string; word: string }> = {
  u8: { type: "uint8_t", word: "u8" },
  u16: { type: "uint16_t", word: "u16" },
  u32: { type: "uint32_t", word: "u32" },
  u64: { type: "uint64_t", word: "u64" },
  i32: { type: "int32_t", word: "i32" },
  bytes: { type: "struct zc_bytes", word: "bytes" },
  text: { type: "struct zc_bytes", word: "bytes" },
  list: { type: "struct zc_items", word: "items" },
};

function shape(name: string, fields: Fields): string {
  const all = Object.entries(fields).map(([field, type]) => ({
    // errno is a macro in C
    field: field === "errno" ? "error" : field,
    kind: kinds[type.startsWith("rows:") ? "list" : type],
    skip: type === "list" ? "bytes" : type.slice("rows:".length),
    many: type === "list" || type.startsWith("rows:"),
  }));
  const members = all.map(({ field, kind }) => `    ${kind.type} ${field};`);
  const gets = all.flatMap(({ field, kind, skip, many }) =>
    many ? items(field, skip) : [
      `    m->${field} = zc_get_${kind.word}(r);`,
    ]
  );
  const puts = all.map(({ field, kind }) => `    zc_put_${kind.word}(w, m->${field});`);
  return `struct zc_${name} {\n${members.join("\n")}\n};
static inline bool zc_get_${name}(struct zc_reader *r, struct zc_${name} *m)
{\n${gets.join("\n")}\n    return !r->beyond;\n}
static inline void zc_put_${name}(struct zc_writer *w, const struct zc_${name} *m)
{\n${puts.join("\n")}\n}\n`;
}

/** Items are walked once so that their end is known; they are read by whoever uses them. */
function items(field: string, item: string): string[] {
  const walk = item === "bytes" ? "zc_get_bytes(r);" : `{ struct zc_${item} row; zc_get_${item}(r, &row); }`;
  return [
    `    m->${field}.count = zc_get_u32(r);`,
    `    m->${field}.encoded.at = r->at;`,
    `    for (uint32_t i = 0; i < m->${field}.count && !r->beyond; i++) ${walk}`,
    `    m->${field}.encoded.size = (size_t)(r->at - m->${field}.encoded.at);`,
  ];
}
