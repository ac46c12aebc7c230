import { assert, assertEquals } from "@std/assert";
import type { Observation, Refused } from "./observation.ts";
import { observe } from "./observe.ts";
import { classOf, isUnmodelled, programName } from "./rules.ts";
import type { TraceEvent } from "./read.ts";

type Bare = TraceEvent extends infer E
  ? E extends TraceEvent ? Omit<E, "image" | "answer"> & { answer?: number } : never
  : never;

/** A signature of a regular file; `n` tells one from another. */
function file(n: number): Uint8Array {
  const signature = new Uint8Array(48);
  signature[0] = n;
  signature[41] = 0x81;
  return signature;
}

const hello: Bare = { kind: "hello", pid: 1, parent: 0, path: "/usr/bin/gcc", cwd: "/w" };
const script: Bare = { kind: "hello", pid: 1, parent: 0, path: "/usr/bin/mytool", cwd: "/w" };
const goodbye: Bare = { kind: "goodbye", pid: 1 };

function observed(events: readonly Bare[], first = hello): Observation | Refused {
  const all = [first, ...events, goodbye].map((event) => ({ answer: 0, ...event, image: 1 }) as TraceEvent);
  return observe(all, 0, "/w");
}
function kept(events: readonly Bare[], first = hello): Observation {
  const found = observed(events, first);
  if ("refusal" in found) throw new Error(`${found.refusal} ${found.what}`);
  return found;
}

Deno.test("observe() takes the strongest question about a path", () => {
  const found = kept([
    { kind: "probe", path: "/w/a.h" },
    { kind: "stat", path: "/w/a.h", signature: file(1) },
    { kind: "open_read", path: "/w/a.h", signature: file(1) },
    { kind: "stat", path: "/w/b.h", signature: file(2) },
  ]);
  assertEquals(found.files.get("/w/a.h")?.question, "content");
  assertEquals(found.files.get("/w/b.h")?.question, "stat");
});

Deno.test("observe() says which program opened a file, where it was one alone", () => {
  const all: TraceEvent[] = [
    { ...hello, image: 1, answer: 0 } as TraceEvent,
    { kind: "hello", pid: 2, parent: 1, path: "/usr/lib/cc1", cwd: "/w", image: 2, answer: 0 },
    { kind: "open_read", path: "/w/a.h", signature: file(1), image: 2, answer: 0 },
    { kind: "open_read", path: "/w/a.h", signature: file(1), image: 2, answer: 0 },
    { kind: "stat", path: "/w/b.h", signature: file(2), image: 1, answer: 0 },
    { kind: "open_read", path: "/w/b.h", signature: file(2), image: 2, answer: 0 },
    { kind: "open_read", path: "/w/both.h", signature: file(3), image: 2, answer: 0 },
    { kind: "open_read", path: "/w/both.h", signature: file(3), image: 1, answer: 0 },
    { kind: "open_read", path: "/w/both.h", signature: file(3), image: 2, answer: 0 },
    { kind: "library", path: "/w/c.so", signature: file(4), image: 2, answer: 0 },
    { ...goodbye, image: 1, answer: 0 } as TraceEvent,
    { kind: "goodbye", pid: 2, image: 2, answer: 0 },
  ];
  const found = observe(all, 0, "/w");
  assert(!("refusal" in found));
  const readers = ["a.h", "b.h", "both.h", "c.so"].map((name) => found.files.get(`/w/${name}`)?.reader);
  assertEquals(readers, ["cc1", "cc1", "?", undefined]);
});

Deno.test("observe() drops known compilers' questions about what they then write", () => {
  const events: Bare[] = [
    { kind: "absent", path: "/w/a.o" },
    { kind: "truncate", path: "/w/a.o", before: undefined },
  ];
  assert(!kept(events).absent.has("/w/a.o"));
  assert(kept(events, script).absent.has("/w/a.o"), "an unknown tool may mean it");
});

Deno.test("observe() keeps the absence of an output whose name was looked for elsewhere", () => {
  const truncate: Bare = { kind: "truncate", path: "/w/inc/z.h", before: undefined };
  const absent = (path: string): Bare => ({ kind: "absent", path });
  const read: Bare = { kind: "open_read", path: "/w/sys/z.h", signature: file(9) };
  assert(kept([absent("/w/inc/z.h"), absent("/w/sys/z.h"), truncate]).absent.has("/w/inc/z.h"));
  assert(kept([absent("/w/inc/z.h"), read, truncate]).absent.has("/w/inc/z.h"));
  assert(!kept([absent("/w/inc/z.h"), absent("/w/sys/y.h"), truncate]).absent.has("/w/inc/z.h"));
});

Deno.test("observe() keeps the absence of an output that the run reads back", () => {
  const found = kept([
    { kind: "absent", path: "/w/l.a" },
    { kind: "create", path: "/w/l.a", before: undefined },
    { kind: "open_read", path: "/w/l.a", signature: file(9) },
  ]);
  assert(found.absent.has("/w/l.a"));
  assert(!found.files.has("/w/l.a"), "its own bytes are no input");
});

Deno.test("observe() weakens what compilers ask of a file of -save-temps that they then replace", () => {
  const rewritten = (path: string, question: Bare = { kind: "stat", path, signature: file(1) }): Bare[] => [
    question,
    { kind: "truncate", path, before: file(1) },
    { kind: "open_read", path, signature: file(9) },
  ];
  const told = (events: Bare[], by?: Parameters<typeof kept>[1]) => {
    const found = kept(events, by), [path] = found.written.keys();
    return [found.files.get(path)?.replaced ?? false, found.written.get(path)!.style];
  };
  assertEquals(told(rewritten("/w/a.s")), [true, "unknown"]);
  assertEquals(told(rewritten("/w/a.s"), script), [false, "write_through"], "an unknown tool may mean it");
  assertEquals(told(rewritten("/w/a.pcm")), [false, "write_through"], "an old one may have served");
  const read: Bare = { kind: "open_read", path: "/w/a.s", signature: file(1) };
  assertEquals(told(rewritten("/w/a.s", read)), [false, "write_through"], "what it held counts");
  const probed: Bare = { kind: "probe", path: "/w/a.s" };
  assertEquals(told(rewritten("/w/a.s", probed)), [false, "write_through"], "nobody knows what it was");
});

Deno.test("observe() forgets what was made and removed again", () => {
  const found = kept([
    { kind: "create", path: "/tmp/cc1.s", before: undefined },
    { kind: "open_read", path: "/tmp/cc1.s", signature: file(9) },
    { kind: "unlink", path: "/tmp/cc1.s" },
    { kind: "absent", path: "/tmp/cc1.s" },
  ]);
  assert(!found.files.has("/tmp/cc1.s") && !found.absent.has("/tmp/cc1.s"));
  assertEquals(found.written.get("/tmp/cc1.s")?.gone, true);
});

const styles: [string, Bare[], string][] = [
  ["nothing was there", [{ kind: "truncate", path: "/w/o", before: undefined }], "unknown"],
  ["it was truncated", [{ kind: "truncate", path: "/w/o", before: file(1) }], "write_through"],
  ["it was removed first", [
    { kind: "unlink", path: "/w/o" },
    { kind: "create", path: "/w/o", before: undefined },
  ], "replace"],
  ["it was renamed into place", [
    { kind: "create", path: "/w/o.tmp", before: undefined },
    { kind: "rename", path: "/w/o.tmp", to: "/w/o", before: undefined },
  ], "replace"],
];
for (const [name, events, style] of styles) {
  Deno.test(`observe() learns the style of an output where ${name}`, () => {
    assertEquals(kept(events).written.get("/w/o")?.style, style);
  });
}

const refusals: [string, string, Bare[]][] = [
  ["time() in a compiler", "pass_time", [{ kind: "clock", clock: "time" }]],
  ["the time of a file", "pass_time", [{ kind: "clock", clock: "localtime" }]],
  ["a static child", "pass_untraced_program", [{ kind: "ungated", pid: 2, path: "/w/static" }]],
  ["an exec without hello", "pass_untraced_program", [{ kind: "exec", pid: 2, path: "/w/x" }]],
  ["a spawned child without hello", "pass_untraced_program", [{ kind: "spawned", pid: 2 }]],
  ["a child without goodbye", "pass_incomplete_trace", [{ ...hello, pid: 2 } as Bare]],
  ["an input that changed between two looks", "pass_input_changed", [
    { kind: "open_read", path: "/w/a.h", signature: file(1) },
    { kind: "open_read", path: "/w/a.h", signature: file(2) },
  ]],
  ["an input that went away", "pass_input_changed", [
    { kind: "open_read", path: "/w/a.h", signature: file(1) },
    { kind: "absent", path: "/w/a.h" },
  ]],
  ["a pipe as source", "pass_irregular_input", [{
    kind: "open_read",
    path: "/dev/fd/63",
    signature: undefined,
  }]],
  ["a source behind a descriptor, by its name below /proc", "pass_irregular_input", [{
    kind: "open_read",
    path: "/proc/self/fd/3",
    signature: file(1),
  }]],
  ["a file removed for good", "pass_removes", [{ kind: "unlink", path: "/w/old" }]],
  ["an append to a file in the working folder", "pass_appends", [{
    kind: "append",
    path: "/w/log",
    before: file(1),
  }]],
  ["a foreign file moved", "pass_unmodelled", [{
    kind: "rename",
    path: "/w/a",
    to: "/w/b",
    before: undefined,
  }]],
  ["a mode changed elsewhere", "pass_unmodelled", [{ kind: "change", path: "/w/a" }]],
  ["a time given to an output", "pass_unmodelled", [
    { kind: "create", path: "/w/a", before: undefined },
    { kind: "change", path: "/w/a", answer: 3 },
  ]],
  ["a socket", "pass_unmodelled", [{ kind: "odd", text: "socket" }]],
];
for (const [name, refusal, events] of refusals) {
  Deno.test(`observe() refuses ${name}`, () => {
    const found = observed(events);
    assertEquals("refusal" in found ? found.refusal : "kept", refusal);
  });
}

const allowed: [string, Bare[]][] = [
  ["gettimeofday of a compiler", [{ kind: "clock", clock: "gettimeofday" }]],
  ["gmtime of a compiler, which SOURCE_DATE_EPOCH needs", [{ kind: "clock", clock: "gmtime" }]],
  ["chance", [{ kind: "random" }]],
  ["an exec that failed", [{ kind: "exec", pid: 1, path: "/w/as" }, {
    kind: "exec_failed",
    answer: 2,
    pid: 1,
    path: "/w/as",
  }]],
  ["an append to a log elsewhere", [{ kind: "append", path: "/var/log/x", before: file(1) }]],
  ["the name of an open file", [{ kind: "read_link", path: "/proc/self/fd/3", text: "/w/a.c" }]],
  ["facts of the kernel", [{ kind: "open_read", path: "/proc/self/maps", signature: undefined }]],
  ["two looks at a folder that grew", [
    { kind: "stat", path: "/tmp", signature: folder(1) },
    { kind: "stat", path: "/tmp", signature: folder(2) },
  ]],
];
for (const [name, events] of allowed) Deno.test(`observe() keeps ${name}`, () => void kept(events));

function folder(mtime: number): Uint8Array {
  const signature = new Uint8Array(48);
  signature[24] = mtime;
  signature[41] = 0x41;
  return signature;
}

Deno.test("observe() counts the whole environment for programs that read it themselves", () => {
  assertEquals(kept([]).wholeEnvironment, false);
  assertEquals(kept([], { ...hello, path: "/usr/bin/dash" } as Bare).wholeEnvironment, true);
});

Deno.test("observe() lets what is appended to nothing depend on nothing being there", () => {
  const found = kept([{ kind: "append", path: "/w/log", before: undefined }]);
  assertEquals([found.absent.has("/w/log"), found.written.has("/w/log")], [true, true]);
});

Deno.test("observe() takes an exec that was not allowed for an answer, not for an absence", () => {
  const found = kept([
    { kind: "exec", pid: 1, path: "/w/as" },
    { kind: "exec_failed", answer: 13, pid: 1, path: "/w/as" },
  ]);
  assertEquals([found.refused.get("/w/as"), found.absent.has("/w/as")], [13, false]);
});

const programs: [string, string, string][] = [
  ["/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "cc1", "compiler"],
  ["/usr/lib/gcc/x86_64-linux-gnu/12/collect2", "collect2", "compiler"],
  ["/usr/lib/gcc/x86_64-linux-gnu/12/lto1", "lto1", "compiler"],
  ["/usr/bin/x86_64-linux-gnu-gcc-12", "gcc", "compiler"],
  ["/usr/bin/x86_64-linux-gnu-ld.bfd", "ld.bfd", "compiler"],
  ["/usr/lib/llvm-14/bin/clang-14", "clang", "compiler"],
  ["/usr/bin/python3.11", "python", "interpreter"],
  ["/usr/bin/dash", "dash", "interpreter"],
  ["/opt/bin/my-tool-3.1", "my-tool", "unknown"],
];
for (const [path, name, kind] of programs) {
  Deno.test(`programName() and classOf() of ${path}`, () => {
    assertEquals([programName(path), classOf(path)], [name, kind]);
  });
}

/** Read inside libc and the loader: a result without one must not serve a run with it, nor the other way round. */
const unseen = [
  "LANG",
  "LANGUAGE",
  "LC_ALL",
  "LC_CTYPE",
  "LC_MESSAGES",
  "LOCPATH",
  "LD_LIBRARY_PATH",
  "LD_PRELOAD",
  "LD_AUDIT",
  "LD_DEBUG",
  "GCONV_PATH",
  "GLIBC_TUNABLES",
  "POSIXLY_CORRECT",
  "TZ",
];
for (const name of unseen) {
  Deno.test(`observe() counts ${name}, which nobody is seen to ask for`, () => {
    assert(kept([]).variables.has(name));
  });
}

for (const path of ["/etc/ld.so.cache", "/etc/ld.so.preload", "/usr/lib/locale/locale-archive"]) {
  Deno.test(`observe() counts ${path}, which nobody is seen to open`, () => {
    assertEquals(kept([]).files.get(path), { question: "stat" });
    const opened: Bare = { kind: "open_read", path, signature: file(1) };
    assertEquals(kept([opened]).files.get(path)?.question, "content");
  });
}

const identities: [string, Bare, boolean][] = [
  ["a compiler", hello, true],
  ["an interpreter", { ...hello, path: "/bin/sh" } as Bare, true],
  ["a tool of unknown habits", script, false],
];
for (const [name, program, keeps] of identities) {
  Deno.test(`observe() ${keeps ? "keeps" : "refuses"} a run in which ${name} asks who runs it`, () => {
    const found = observed([{ kind: "identity" }], program);
    assertEquals("refusal" in found ? found.refusal : "kept", keeps ? "kept" : "pass_identity");
  });
}

for (
  const name of [
    "sh",
    "dash",
    "bash",
    "zsh",
    "make",
    "gmake",
    "python3.11",
    "perl",
    "ruby",
    "node",
    "env",
    "mytool",
  ]
) {
  Deno.test(`observe() counts every variable where ${name} runs`, () => {
    const found = kept([], { ...hello, path: `/usr/bin/${name}` } as Bare);
    assertEquals(found.wholeEnvironment, true);
  });
}

const variables: [string, boolean][] = [
  ["LD_AUDIT", true],
  ["LD_DEBUG", true],
  ["FAKEROOTKEY", true],
  ["LD_PRELOAD", false],
  ["PATH", false],
];
for (const [name, never] of variables) {
  Deno.test(`isUnmodelled() ${name}`, () => assertEquals(isUnmodelled(name), never));
}
