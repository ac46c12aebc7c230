/**
 * A server with clients on the same thread, for tests.
 *
 * @module
 */
import { assert } from "@std/assert";
import { close, connectTo, listenAt } from "../os/mod.ts";
import { decode, encode } from "../protocol/mod.ts";
import { receiveFrame } from "./client.ts";
import { Server, type ServerOptions } from "./server.ts";

export const build = 1n;

export interface Scene {
  socket: string;
  server: Server;
  warned: string[];
  /** Frames that conversations took, and how many ended. */
  taken: Uint8Array[];
  ended: number;
}

/** Serves with conversations that answer each frame by `answer`, while `body` runs. */
export async function serving(
  body: (scene: Scene) => Promise<void>,
  options: Partial<ServerOptions> = {},
): Promise<void> {
  const folder = Deno.makeTempDirSync(), socket = `${folder}/s`;
  const listener = listenAt(socket), warned: string[] = [];
  const scene: Scene = { socket, warned, taken: [], ended: 0, server: undefined as unknown as Server };
  scene.server = new Server({
    listener,
    log: { info: () => {}, warn: (text: string) => void warned.push(text) },
    now: () => performance.now(),
    open: () => ({
      receive: (frame) => {
        scene.taken.push(frame);
        return {
          frame: encode({ name: "pass", outcome: `answer ${scene.taken.length}` }, build),
          close: false,
        };
      },
      end: () => void scene.ended++,
      patienceMs: Infinity,
      running: false,
      follow: () => "none" as const,
    }),
    restMs: 20,
    ...options,
  });
  const running = scene.server.run();
  try {
    await body(scene);
  } finally {
    scene.server.stop();
    await running;
    close(listener);
    Deno.removeSync(folder, { recursive: true });
  }
}

export const ask = encode({ name: "admin", verb: "status", args: [] }, build);

export function connect(socket: string): number {
  const descriptor = connectTo(socket);
  assert(descriptor >= 0, `connect: errno ${-descriptor}`);
  return descriptor;
}

export function turns(ms = 60): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function outcomeIn(descriptor: number): string | undefined {
  const frame = receiveFrame(descriptor, performance.now() + 200);
  if (frame === undefined) return undefined;
  const decoded = decode(frame);
  return "message" in decoded && decoded.message.name === "pass" ? decoded.message.outcome : undefined;
}
