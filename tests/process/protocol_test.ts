/**
 * The C end of the protocol: it reads and writes the recorded frames as lib/protocol does, and leaves no frame
 * however it is cut or changed (under the address sanitizer).
 */
import { assertEquals } from "@std/assert";
import { fromHex } from "../../lib/base/digest.ts";
import { decode, messages } from "../../lib/protocol/mod.ts";

/** Reads frames, each behind its length, from stdin; says for each whether it is whole and the same when written. */
const program = `#define _GNU_SOURCE
#include "protocol.h"
#include <stdio.h>
#define AGAIN(id, type) case id: { struct zc_##type m; \\
    sound = zc_get_##type(&r, &m) && r.at == r.end; if (sound) zc_put_##type(&w, &m); break; }
int main(void)
{
    uint32_t size;
    while (fread(&size, 4, 1, stdin) == 1) {
        char *frame = malloc(size ? size : 1);
        if (fread(frame, 1, size, stdin) != size) return 1;
        struct zc_reader r = {frame, frame + size, false};
        bool sound = false;
        uint32_t inner = zc_get_u32(&r);
        uint16_t version = zc_get_u16(&r), id = zc_get_u16(&r);
        struct zc_writer w = zc_frame(version, id, zc_get_u64(&r), ZC_MAX_FRAME_BYTES);
        if (inner + 4u == size && version == ZC_PROTOCOL_VERSION) switch (id) {
CASES
        }
        puts(!sound ? "odd" : zc_finish(&w) && w.size == size && !memcmp(w.at, frame, size) ? "same" : "other");
        free(w.at);
        free(frame);
    }
    return 0;
}
`;

function build(): string {
  const folder = Deno.makeTempDirSync();
  const cases = Object.keys(messages).map((name) => `        AGAIN(ZC_${name.toUpperCase()}, ${name})`);
  Deno.writeTextFileSync(`${folder}/p.c`, program.replace("CASES", cases.join("\n")));
  const include = new URL("../../lib/native", import.meta.url).pathname;
  const options = [
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-fsanitize=address,undefined",
    "-I",
  ];
  const made = new Deno.Command("cc", { args: [...options, include, "p.c", "-o", "p"], cwd: folder })
    .outputSync();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  return `${folder}/p`;
}

async function said(path: string, frames: Uint8Array[]): Promise<string[]> {
  const child = new Deno.Command(path, { stdin: "piped", stdout: "piped", stderr: "inherit" }).spawn();
  const input = new Blob(frames.flatMap((frame) => [new Uint32Array([frame.length]), frame.slice()]));
  const [output] = await Promise.all([child.output(), input.stream().pipeTo(child.stdin)]);
  assertEquals(output.code, 0);
  return new TextDecoder().decode(output.stdout).trimEnd().split("\n");
}

const path = build();
const folder = new URL("../recorded/protocol/", import.meta.url);
const recorded = [...Deno.readDirSync(folder)].map(({ name }) => ({
  name,
  frame: fromHex(Deno.readTextFileSync(new URL(name, folder)).trim())!,
}));

Deno.test("protocol.h reads and writes every recorded frame", async () => {
  assertEquals(recorded.length, Object.keys(messages).length);
  assertEquals(await said(path, recorded.map(({ frame }) => frame)), recorded.map(() => "same"));
});

for (const { name, frame } of recorded) {
  Deno.test(`protocol.h and the codec agree on which damage of ${name} can be read`, async () => {
    const cut = Array.from(frame, (_, size) => {
      const short = frame.slice(0, size);
      if (size >= 4) new DataView(short.buffer).setUint32(0, size - 4, true);
      return short;
    });
    const changed = [1, 0x40, 0xff].flatMap((flip) =>
      Array.from(frame, (byte, at) => frame.with(at, byte ^ flip))
    );
    const frames = [...cut, ...changed];
    assertEquals(await said(path, frames), frames.map((one) => "problem" in decode(one) ? "odd" : "same"));
  });
}
