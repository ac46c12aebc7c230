import { assert, assertEquals } from "@std/assert";
import { SharedInputs } from "./shared.ts";
import { type Input, inputKinds } from "./unit.ts";

function input(path: string, byte = 1): Input {
  const value = new Uint8Array(64).fill(byte).subarray(0, 32);
  return { kind: inputKinds.content, path, value, signature: new Uint8Array(48) };
}

for (const how of ["share", "shareLasting"] as const) {
  Deno.test(`${how}() gives equal inputs one object, which owns its bytes`, () => {
    const shared = new SharedInputs(), a = input("/a"), own = shared[how](a);
    assert(own === shared[how](a) && own === shared[how](input("/a")));
    assert(own !== shared[how](input("/a", 2)) && own !== shared[how](input("/b")));
    assertEquals([own, own.value.buffer.byteLength], [a, 32]);
  });
}
