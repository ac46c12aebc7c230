/**
 * Which failures may be kept: a compiler's own verdict about its input, and nothing that the machine had a hand in.
 *
 * Configure scripts ask by compiles that fail, hundreds of times and the same in every fresh tree. Such an answer is a
 * result like any other: texts, exit code, what was left behind. But a full disk, too little memory or a killed child
 * also end in exit code 1 here and there, and must be met anew each time.
 *
 * Always true: a failure is kept only where the driver ended by itself with the code that means "your input is wrong",
 * every process of the run ended in order (the trace says so), every question was answered by found or absent, and no
 * text speaks of the machine. Texts are read in English, so another language of messages keeps a failure from being kept.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import type { Environment } from "./circumstances.ts";

/** gcc, clang, as, ld and ar end so where the input is wrong; an internal error is 4 with gcc, 70 or 254 with clang. */
const verdict = 1;

/**
 * What tools say where the machine is at fault: the C library's texts for errno, and the drivers' words for a child that
 * died or a fault of their own. A source that says such a thing in an #error costs itself a hit.
 */
const trouble = new RegExp(
  [
    "No space left|quota exceeded|File too large|Read-only file system|Input/output error|Stale (?:NFS )?file handle",
    "Cannot allocate memory|out of memory|memory exhausted|bad_alloc|Too many open files|Resource temporarily",
    "Interrupted system call|Resource deadlock|Broken pipe|Text file busy|Permission denied|not permitted|busy",
    "internal (?:compiler )?error|compiler bug|PLEASE (?:submit|ATTACH)|[Bb]ug report|Stack dump|confused by earlier",
    "[Ss]egmentation|core dumped|Killed|Aborted|signal terminated|(?:by|due to|caught|fatal|uncaught) signal",
    "(?:cannot|unable to|failed to) (?:fork|spawn|execute)",
  ].join("|"),
);

/** Where messages come in English, which they do unless a language is asked for. */
const english = /^(?:|C|POSIX|C\.(?:UTF-8|utf8)|en(?:_[A-Z]{2})?(?:\..*)?)$/;

/** Whether messages of a run in this environment are in English. */
function speaksEnglish(environment: Environment): boolean {
  const locale = environment.get("LC_ALL") || environment.get("LC_MESSAGES") || environment.get("LANG") || "";
  const languages = environment.get("LANGUAGE") || "";
  return english.test(locale) && languages.split(":").every((name) => english.test(name));
}

/** Whether a failed run's end is a verdict about its input. `status`: as of waitpid. */
export function isVerdict(
  { status, out, err }: { status: number; out: Uint8Array; err: Uint8Array },
  environment: Environment,
): boolean {
  return status === verdict << 8 && speaksEnglish(environment) && !trouble.test(byteString(err)) &&
    !trouble.test(byteString(out));
}
