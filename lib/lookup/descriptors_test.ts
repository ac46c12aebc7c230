import { assertEquals } from "@std/assert";
import { inheritsReadable } from "./descriptors.ts";

/** A shell opens descriptors for a child and is looked at. `$f` is a file, `$e` an empty one, `$p` a fifo. */
const cases: { name: string; open: string; program?: string; makeflags?: string; want: boolean }[] = [
  { name: "nothing", open: "", want: false },
  // Perl's own descriptors above 2 are closed when it starts a program.
  {
    name: "what is closed on exec",
    open: "",
    program: `perl -e 'open F,"<",$ENV{f}; $| = 1; print scalar <STDIN>; <STDIN>'`,
    want: false,
  },
  { name: "a file", open: '3<"$f"', want: true },
  { name: "a file far up", open: '9<"$f"', want: true },
  { name: "a file for reading and writing", open: '3<>"$f"', want: true },
  { name: "a file for writing", open: '3>"$f"', want: false },
  { name: "an empty file, as locks are", open: '3<>"$e"', want: false },
  { name: "a folder", open: "3</", want: false },
  { name: "/dev/null", open: "3</dev/null", want: false },
  { name: "a pipe", open: '3<>"$p"', want: true },
  { name: "make's jobserver", open: '3<>"$p" 4<>"$p"', makeflags: " -j2 --jobserver-auth=3,4", want: false },
  {
    name: "an older make's jobserver",
    open: '3<>"$p" 4<>"$p"',
    makeflags: "--jobserver-fds=3,4 -j",
    want: false,
  },
  {
    name: "a newer make's jobserver",
    open: '3<>"$p"',
    makeflags: "-j --jobserver-auth=fifo:$p",
    want: false,
  },
  { name: "a jobserver and a file", open: '3<>"$p" 5<"$f"', makeflags: "--jobserver-auth=3,4", want: true },
];
for (const { name, open, makeflags = "", program = "cat", want } of cases) {
  Deno.test(`inheritsReadable() ${want ? "sees" : "does not count"} ${name}`, async () => {
    const folder = Deno.makeTempDirSync({ prefix: "zc-descriptors-" }),
      f = `${folder}/f`,
      p = `${folder}/p`,
      e = `${folder}/e`;
    Deno.writeTextFileSync(f, "text");
    new Deno.Command("mkfifo", { args: [p] }).outputSync();
    const shell = new Deno.Command("sh", {
      args: ["-c", `exec ${program} ${open}`],
      env: { f, p, e },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const writer = shell.stdin.getWriter(), reader = shell.stdout.getReader();
      await writer.write(new TextEncoder().encode("\n")), await reader.read(); // it is open by now
      assertEquals(inheritsReadable(shell.pid, new Map([["MAKEFLAGS", makeflags.replace("$p", p)]])), want);
      await writer.close(), await reader.cancel(), await shell.status;
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

Deno.test("inheritsReadable() counts what it cannot look at", () => {
  assertEquals(inheritsReadable(Deno.pid, new Map(), "/nowhere"), true);
});

Deno.test("inheritsReadable() is not misled by what is closed while it looks", async () => {
  const script =
    "import os\nprint(flush=True)\nwhile True: os.close(os.open('/dev/null', os.O_WRONLY | os.O_CLOEXEC))";
  await using child = new Deno.Command("python3", { args: ["-c", script], stdin: "null", stdout: "piped" })
    .spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const seen = Array.from({ length: 300 }, () => inheritsReadable(child.pid, new Map()));
  assertEquals(seen.filter((readable) => readable).length, 0);
  await reader.cancel();
});
