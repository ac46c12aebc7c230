/**
 * The two C parts and how each is built: data for scripts/build and for building where zccache runs.
 *
 * @module
 */

export interface Part {
  /** The source among the embedded ones. */
  source: string;
  /** The name of what is built. */
  name: string;
  /** Options to try in this order: our own libc knows one machine, and a system may lack the static one. */
  options: readonly (readonly string[])[];
}

/** Fewer mappings, each of which costs the start of a process some microseconds. */
const fewMappings = ["noseparate-code", "norelro", "noexecstack"].map((word) => `-Wl,-z,${word}`);

/** The launcher without libc (lib/native/libc_start.h): nothing that would need one may be generated. */
const ownLibc = [
  "-DZC_OWN_LIBC",
  "-static",
  "-nostdlib",
  "-U_FORTIFY_SOURCE",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fcf-protection=none",
  ...fewMappings,
];

// deno-fmt-ignore: a row stays a line
export const parts = {
  launcher: { source: "launcher.c", name: "launcher", options: [ownLibc, ["-static"], []] },
  // Before glibc 2.34 dlsym is in libdl; since then that library is empty and leaves no mark.
  tracer: { source: "trace.c", name: "trace.so", options: [
    ["-shared", "-fPIC", ...fewMappings, "-Wl,--no-as-needed", "-ldl"],
    ["-shared", "-fPIC", "-Wl,--no-as-needed", "-ldl"],
  ] },
} as const satisfies Record<string, Part>;

/** What both are built with. */
export const commonOptions = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic"] as const;
