/**
 * A decider as a process of its own that kills or stops itself, by a true signal, at one step of its conversation.
 *
 *     decider_process.ts SOCKET STEP SIGNAL BLOB     serves one launcher; says "listening" on stdout first
 *
 * @module
 */
import { type AnyMessage, encode, type Message, styles } from "../../lib/protocol/mod.ts";
import { runPlainly as run } from "../../lib/protocol/testing.ts";
import { buildId, Peer } from "../process/peer.ts";

const [socket, step, signal, source] = Deno.args;
const none = new Uint8Array();
const keep: AnyMessage = { name: "keep", wait: 1, files: [{ path: "a.o", to: "staged" }] };

function hit(path: string): Message<"hit"> {
  const files = [{ style: styles.replace, mode: 0o644, path, source }];
  return { name: "hit", status: 0, flags: 0, out: none, err: none, files };
}

/** Hears a message and says one, for each of `answers`. */
async function converse(peer: Peer, ...answers: AnyMessage[]): Promise<void> {
  for (const answer of answers) {
    await peer.next();
    await peer.say(answer);
  }
}

/** What comes before the signal. */
const steps: Record<string, (peer: Peer) => Promise<unknown>> = {
  connected: () => Promise.resolve(),
  asked: (peer) => peer.expect("ask"),
  "in the middle of a hit": async (peer) => {
    await peer.expect("ask");
    await peer.raw(encode(hit("a.o"), buildId).subarray(0, 40));
  },
  "told that it cannot be delivered": async (peer) => {
    await converse(peer, hit("missing/a.o"));
    await peer.expect("cannot");
  },
  "while the tool runs": (peer) => converse(peer, run),
  reported: async (peer) => {
    await converse(peer, run);
    await peer.expect("report");
  },
  "while outputs are kept": (peer) => converse(peer, run, keep),
  "told what was kept": async (peer) => {
    await converse(peer, run, keep);
    await peer.expect("kept");
  },
};

const listener = Deno.listen({ transport: "unix", path: socket });
console.log("listening");
await steps[step](new Peer(await listener.accept()));
Deno.kill(Deno.pid, signal as Deno.Signal);
