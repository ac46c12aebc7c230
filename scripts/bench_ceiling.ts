/**
 * The ceiling of hits by many clients: bench_ceiling.c in place of our daemon, with the answers of ours.
 *
 * @module
 */
import type { Contender } from "./bench_peers.ts";
import { exists, must, projectFolder } from "./steps.ts";

async function compiled(folder: string): Promise<string> {
  const program = `${folder}/bench_ceiling`, source = `${projectFolder}/scripts/bench_ceiling.c`;
  if (!exists(program)) await must(["cc", "-std=gnu11", "-O2", source, "-o", program]);
  return program;
}

/** Starts the ceiling of one of our entries, whose daemon runs and gives it the first answer for each output. */
export async function startCeiling(folder: string, entry: Contender): Promise<Contender> {
  const program = await compiled(folder), home = `${entry.home}-ceiling`;
  const socket = `${home}/socket`, counter = `${home}/counter`;
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  const status = JSON.parse(await must([...entry.stop.slice(0, 1), "status", "--json"], { env: entry.env }));
  const server = new Deno.Command(program, {
    args: [socket, status.endpoint, counter],
    env: { HOME: home },
    stdin: "null",
  }).spawn();
  server.unref();
  for (let i = 0; i < 100 && !exists(socket); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    ...entry,
    name: `idle C server, ${entry.isLink ? "link" : "wrap"}`,
    home,
    env: { ...entry.env, ZCCACHE_ENDPOINT: socket },
    stop: ["kill", String(server.pid)],
    stats: ["od", "-An", "-tu8", counter],
    hits: Number,
  };
}
