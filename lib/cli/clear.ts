/**
 * `zccache clear`: removes every stored result. A running daemon does it itself, since it owns the index.
 *
 * @module
 */
import { askAdmin, ownerOf } from "../daemon/mod.ts";
import { formatSize } from "../base/units.ts";
import { plural } from "../report/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession, openStore, type Session } from "./session.ts";

/** Removing a million files takes some seconds. */
const deadlineMs = 120_000;

interface Cleared {
  units: number;
  blobs: number;
  bytes: number;
}

/** Empties the cache; the exit status. */
export async function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const session = openSession(parsed, io);
  const { places, build } = session;
  const answer = askAdmin(places.socket, { verb: "clear", build, deadlineMs });
  if (answer === "silent" || (answer === "absent" && ownerOf(places) !== undefined)) {
    io.err(
      "zccache: Cannot clear the cache: the daemon that owns it does not answer\n  Run `zccache stop` first\n",
    );
    return 1;
  }
  const cleared = answer === "absent"
    ? await clearAlone(session)
    : answer.value as Cleared & { error?: string };
  if ("error" in cleared && cleared.error) {
    io.err(`zccache: Cannot clear the cache: ${cleared.error}\n`);
    return 1;
  }
  const { units, blobs, bytes } = cleared;
  io.out(
    units + blobs === 0
      ? "nothing to clear\n"
      : `removed ${plural(units, "result")}, ${plural(blobs, "file")} (${formatSize(bytes)})\n`,
  );
  return 0;
}

async function clearAlone(session: Session): Promise<Cleared> {
  const { store, close } = openStore(session);
  try {
    return await store.clear();
  } finally {
    await close();
  }
}
