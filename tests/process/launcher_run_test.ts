/**
 * RUN, PASS and doubt: the tool runs as if nobody stood before it, whatever the decider does. Each case runs
 * through the static launcher and the sanitized one.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { byteString } from "../../lib/base/bytes.ts";
import { type AnyMessage, type Message, reportFlags } from "../../lib/protocol/mod.ts";
import { answering, hit, launchers, play, runPlainly, zc } from "./fake_decider.ts";

const done: AnyMessage = { name: "done", outcome: "" };
const ranAndDone = answering(runPlainly, done);

function reportOf(heard: AnyMessage[]): Message<"report"> {
  for (const message of heard) if (message.name === "report") return message;
  throw new Error(`no report among ${heard.map((message) => message.name)}`);
}

interface RunCase {
  name: string;
  script: string;
  out?: string;
  err?: string | RegExp;
  code?: number;
  /** Of the report: its texts, wait status and flags. */
  reported?: { out?: string; err?: string; status?: number; flags?: number };
  atMostMs?: number;
  atLeastMs?: number;
}

const order = "sh -c 'for i in 1 2 3; do echo out$i; echo err$i >&2; done'";
// deno-fmt-ignore: a row stays a line
const runs: RunCase[] = [
  { name: "passes texts on and reports them", script: `${zc} sh -c 'echo out; echo err >&2; exit 3'`, out: "out\n", err: "err\n", code: 3, reported: { out: "out\n", err: "err\n", status: 3 << 8, flags: 0 } },
  { name: "keeps the order of stdout and stderr in one file", script: `${zc} ${order} 2>&1`, out: "out1\nerr1\nout2\nerr2\nout3\nerr3\n", reported: { out: "out1\nerr1\nout2\nerr2\nout3\nerr3\n", err: "", flags: 0 } },
  { name: "copies while the tool runs", script: `${zc} sh -c 'echo first; sleep 0.6; echo second' | { read a; date +%s%N >t; read b; date +%s%N >>t; }; expr \\( $(tail -1 t) - $(head -1 t) \\) / 400000000`, out: "1\n" },
  { name: "dies by the tool's signal", script: `${zc} sh -c 'kill -SEGV $$'; echo $?`, out: "139\n", err: /Segmentation fault/, reported: { status: 11 } },
  { name: "ends as a tool that is killed", script: `${zc} sh -c 'kill -KILL $$'; echo $?`, out: "137\n", err: /Killed/, reported: { status: 9 } },
  { name: "passes TERM on", script: `${zc} sh -c 'trap "echo got; exit 5" TERM; echo $$ >pid; while :; do sleep 0.05; done' & sleep 0.3; kill -TERM $!; wait $!; echo $?`, out: "got\n5\n", reported: { status: 5 << 8 } },
  { name: "passes INT, HUP, QUIT, USR1 and USR2 on", script: `${zc} sh -c 'for s in HUP USR1 USR2; do trap "echo $s" $s; done; echo $$ >pid; while ! [ -e end ]; do sleep 0.05; done' & sleep 0.3; for s in HUP USR1 USR2; do kill -$s $!; sleep 0.15; done; touch end; wait $!`, out: "HUP\nUSR1\nUSR2\n" },
  { name: "takes the tool along when it is killed", script: `${zc} sh -c 'sleep 0.6; echo late >late' & sleep 0.3; kill -KILL $!; sleep 0.8; ls`, out: "" },
  { name: "is ignored signals' faithful heir", script: `trap "" HUP PIPE; ${zc} grep SigIgn /proc/self/status >a; grep SigIgn /proc/self/status >b; cmp a b && echo same`, out: "same\n" },
  { name: "leaves no signal blocked", script: `${zc} grep SigBlk /proc/self/status`, out: "SigBlk:\t0000000000000000\n" },
  { name: "opens no descriptor in the tool", script: `exec 3</dev/null; ls /proc/self/fd >a; ${zc} ls /proc/self/fd >b; cmp a b && echo same`, out: "same\n" },
  { name: "leaves 0, 1 and 2 closed", script: `${zc} sh -c 'for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && touch open-$n; done' <&- >&- 2>&-; echo open-*`, out: "open-*\n", reported: { out: "", err: "" } },
  { name: "comes back at once though the tool left a writer behind", script: `${zc} sh -c 'sleep 3 & echo hi' >t 2>&1; cat t`, out: "hi\n", atMostMs: 1500, reported: { out: "hi\n", flags: reportFlags.left_behind } },
  { name: "copies on what is written after the tool's end", script: `${zc} sh -c '(sleep 0.5; echo late) & echo hi' >t; cat t; sleep 1; cat t`, out: "hi\nhi\nlate\n", reported: { out: "hi\n", flags: reportFlags.left_behind } },
  { name: "knows a process that was left behind without a descriptor", script: `${zc} sh -c 'sleep 2 <&- >&- 2>&- & echo hi'`, out: "hi\n", atMostMs: 1500, reported: { flags: reportFlags.left_behind } },
  { name: "says when there were children before", script: `sh -c 'sleep 1 & exec ${zc.replaceAll('"', "")} echo hi'`, out: "hi\n", reported: { flags: reportFlags.unsure_children } },
  { name: "lets the tool meet a full disk itself", script: `${zc} sh -c 'echo run >>runs; echo x; exit 0' >/dev/full; echo $?; wc -l <runs`, out: "0\n2\n", err: /I\/O error/, reported: { out: "", flags: reportFlags.lost_text | reportFlags.rerun } },
  { name: "lets the tool meet a reader who left", script: `${zc} sh -c 'for i in 1 2 3 4 5 6; do echo x || echo broken >&2; sleep 0.1; done' | true`, err: "", reported: { status: 13, flags: reportFlags.lost_text } },
  { name: "says megabytes", script: `${zc} head -c 3000000 /dev/zero | wc -c`, out: "3000000\n", reported: { flags: 0, out: "\0".repeat(3_000_000) } },
  { name: "says more than it keeps", script: `${zc} head -c 20000000 /dev/zero | wc -c`, out: "20000000\n", reported: { flags: reportFlags.lost_text, out: "" } },
  { name: "keeps the environment exactly", script: `env -i A=1 A=2 nothing= "$(printf 'B=\\377')" ${zc} env -0 | tr '\\0' ';'`, out: "A=2;nothing=;B=\xff;" },
  { name: "keeps limits and umask", script: `ulimit -n 77; ulimit -s 4096; umask 027; ${zc} sh -c 'ulimit -n; ulimit -s; umask'`, out: "77\n4096\n0027\n" },
  { name: "reads stdin as the tool", script: `echo typed | ${zc} cat`, out: "typed\n" },
  { name: "runs a tool by relative path", script: `mkdir d; printf '#!/bin/sh\\necho $0' >d/tool; chmod +x d/tool; ${zc} d/tool`, out: "d/tool\n" },
  { name: "runs a script without a first line", script: `echo 'echo "$0 $1"' >tool; chmod +x tool; ${zc} ./tool x`, out: "./tool x\n" },
  { name: "says 127 for a tool that is nowhere", script: `${zc} no-such-tool; echo $?`, out: "127\n", err: 'zccache: Cannot run "no-such-tool": not found on PATH\n' },
  { name: "says 127 for a path that is nowhere", script: `${zc} ./gone; echo $?`, out: "127\n", err: 'zccache: Cannot run "./gone": no such file\n' },
  { name: "says 126 for what is not executable", script: `touch tool; ${zc} ./tool; echo $?; PATH=.:$PATH ${zc} tool; echo $?`, out: "126\n126\n", err: 'zccache: Cannot run "./tool": not executable\nzccache: Cannot run "tool": not executable\n' },
  { name: "says 126 for a folder", script: `${zc} /etc; echo $?`, out: "126\n", err: 'zccache: Cannot run "/etc": not executable\n' },
  { name: "steps over itself on PATH, and takes that folder off it", script: `mkdir a b c; cp "$L" a/cat; ln -s "$L" b/cat; ln "$L" c/cat 2>/dev/null || cp "$L" c/cat; PATH=$PWD/a:$PWD/b:$PWD/c:$PATH ${zc} cat /proc/self/environ | tr '\\0' '\\n' | grep -c "^PATH=$PWD/"`, out: "0\n", code: 1 },
  { name: "runs where the folder is gone", script: `mkdir d; cd d; rmdir ../d; ${zc} echo ran`, out: "ran\n" },
];

const hasPython =
  new Deno.Command("sh", { args: ["-c", "command -v python3"], stdout: "null" }).outputSync().success;

/** Runs the launcher with a pipe as its stdout whose reader is slow; prints whether the pipe still does (not) wait, and how much came. */
const withPipe = `import fcntl, os, subprocess, sys, time
r, w = os.pipe()
flags = fcntl.fcntl(w, fcntl.F_GETFL)
if sys.argv[1] == "nonblocking": fcntl.fcntl(w, fcntl.F_SETFL, flags | os.O_NONBLOCK)
p = subprocess.Popen(sys.argv[2:], stdout=w)
time.sleep(0.3)
during, total = fcntl.fcntl(w, fcntl.F_GETFL) & os.O_NONBLOCK != 0, 0
os.set_blocking(r, False)
while True:
    over = p.poll() is not None
    try:
        total += len(os.read(r, 65536))
        continue
    except BlockingIOError:
        if over: break
    time.sleep(0.001)
print(during, fcntl.fcntl(w, fcntl.F_GETFL) & os.O_NONBLOCK != 0, total, p.returncode)
`;

for (const launcher of launchers) {
  for (const [kind, is] of [["nonblocking", "True"], ["blocking", "False"]]) {
    const script = `printf %s "$P" >p.py; python3 p.py ${kind} ${zc} head -c 300000 /dev/zero`;
    const expected = `${is} ${is} 300000 0\n`;
    Deno.test({
      name: `RUN and HIT (${launcher.name}) leave a ${kind} pipe as it is, and all of the text comes`,
      ignore: !hasPython,
      fn: async () => {
        for (const decide of [ranAndDone, answering(hit({ out: new Uint8Array(300_000) }))]) {
          const told = await play({ launcher, script, decide, env: { P: withPipe } });
          assertEquals([told.out, told.err], [expected, ""]);
        }
      },
    });
  }

  for (const row of runs) {
    Deno.test(`RUN (${launcher.name}) ${row.name}`, async () => {
      const told = await play({ launcher, script: row.script, decide: ranAndDone });
      if (row.err instanceof RegExp) assertMatch(told.err, row.err);
      else assertEquals(told.err, row.err ?? "");
      assertEquals([told.out, told.code], [row.out ?? "", row.code ?? 0]);
      if (row.atMostMs) assert(told.ms < row.atMostMs, `took ${told.ms} ms`);
      if (row.reported === undefined) return;
      const report = reportOf(told.heard);
      const seen = { ...report, out: byteString(report.out), err: byteString(report.err) };
      for (const [field, value] of Object.entries(row.reported)) {
        assertEquals([field, seen[field as keyof typeof seen]], [field, value]);
      }
    });
  }
}
