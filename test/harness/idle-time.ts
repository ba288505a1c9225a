import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { performance } from "node:perf_hooks";
import type { Redis } from "ioredis";
import type { StampedClock } from "../../src/ports/clock.ts";
import type { WorldClock } from "../../src/simulators/world/clock.ts";

/** Machine time between two looks. */
const LOOK_EVERY_MS = 1;
/** Part of the time between two looks in which something may be computed: a look itself is. What is in a socket is read by then. */
const BUSY = 0.4;
/** World time: what is due within it happens at one moment. */
const GRAIN_MS = 500;
/** What `process.getActiveResourcesInfo()` names while it only stands by. All else is a question under way: to a disk, a name server … */
const STANDING_BY = new Set([
  ...["TCPSocketWrap", "TCPServerWrap", "TLSWrap", "UDPWrap", "PipeWrap", "TTYWrap", "MessagePort", "Worker"],
  ...["Timeout", "CloseReq", "ProcessWrap", "SignalWrap", "FSEventWrap", "HTTPINCOMINGMESSAGE"],
]);

const exchanges = new Set<ClientRequest>();
let watchers = 0;

subscribe("http.client.request.start", (message) => {
  const { request } = message as { request: ClientRequest };
  exchanges.add(request);
  request.once("close", () => exchanges.delete(request));
});

/** While somebody looks from outside, on machine time, world time goes its own pace. */
export async function onWorldsPace<T>(look: () => Promise<T>): Promise<T> {
  watchers++;
  try {
    return await look();
  } finally {
    watchers--;
  }
}

/** World time for the engine in the world's own process: each sleep is known to the world's clock, which can be moved to its end. */
export function clockOf(world: WorldClock): StampedClock {
  return {
    now: () => world.now(),
    get speed() {
      return world.speed;
    },
    toMachineMs: (worldMs) => world.anchor.machineMs + (worldMs - world.anchor.worldMs) / world.speed,
    sleep: (worldMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const timer = world.after(worldMs, () => {
          signal?.removeEventListener("abort", giveUp);
          resolve();
        });
        const giveUp = () => {
          timer.cancel();
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", giveUp, { once: true });
      }),
  };
}

/**
 * World time passes at once while everybody in this process waits for it: nothing is computed, asked or written. So a test takes
 * as long as what is done in it, and a busy machine stretches no wait.
 */
export async function skippingIdleTime<T>(
  world: WorldClock,
  stores: () => readonly Redis[],
  work: () => Promise<T>,
): Promise<T> {
  let before = performance.eventLoopUtilization();
  const look = () => {
    const since = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    if (world.nextDueMs === undefined || since.utilization > BUSY || isAnybodyAtWork(stores())) return;
    world.jump(Math.max(0, world.nextDueMs - world.now()) + GRAIN_MS);
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const isAnybodyAtWork = (stores: readonly Redis[]): boolean =>
  watchers > 0 ||
  exchanges.size > 0 ||
  stores.some(isAsked) ||
  process.getActiveResourcesInfo().some((name) => !STANDING_BY.has(name));

/** ioredis keeps what it has sent and got no answer to yet in `commandQueue`, which its types leave out. */
const isAsked = (redis: Redis): boolean =>
  (redis as unknown as { readonly commandQueue: { readonly length: number } }).commandQueue.length > 0;
