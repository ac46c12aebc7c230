import { assertEquals } from "@std/assert";
import { protocolHeader } from "./c_header.ts";

Deno.test("lib/native/protocol.h is current (else: deno task generate)", () => {
  assertEquals(Deno.readTextFileSync(new URL("../native/protocol.h", import.meta.url)), protocolHeader());
});
