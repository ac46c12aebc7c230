/**
 * @module
 */
import { assertEquals } from "@std/assert";
import { traceHeader } from "./c_header.ts";

Deno.test("the committed lib/native/trace_format.h is what traceHeader() gives", () => {
  assertEquals(Deno.readTextFileSync(new URL("../native/trace_format.h", import.meta.url)), traceHeader());
});
