import type { Redis } from "ioredis";
import { z } from "zod";
import type { StampedClock } from "../ports/clock.ts";
import { KEYS } from "./keys.ts";
import type { Whose } from "./ledger-lines.ts";

const Anchor = z.object({
  worldMs: z.coerce.number(),
  machineMs: z.coerce.number(),
  speed: z.coerce.number().positive(),
});
type Anchor = z.infer<typeof Anchor>;

/** Real time: what production runs at. */
const REAL_TIME: Anchor = { worldMs: 0, machineMs: 0, speed: 1 };
/** Longest machine sleep before the clock is looked at again. */
const LONGEST_SLEEP_MS = 500;

/**
 * World time for every process of one installation: machine time is the store's own (`TIME`) carried on by this process's monotonic
 * clock, so that a wrong wall clock on one host changes nothing. A rehearsal keeps its anchor in the store. Production reads none
 * there: end dates and the age of keys hang on its time, and nobody who writes to Redis may move them.
 */
export class StoreClock implements StampedClock {
  readonly #redis: Redis;
  readonly #world: Whose["world"];
  #anchor: Anchor = REAL_TIME;
  /** Store time at this process's monotonic zero. */
  #originMs = Date.now() - performance.now();
  #moved = new Set<() => void>();

  constructor(redis: Redis, world: Whose["world"]) {
    this.#redis = redis;
    this.#world = world;
  }

  /** Reads the store's time, and in a rehearsal the anchor; called at start and by every sweep. */
  async refresh(): Promise<void> {
    const sentAt = performance.now();
    const [seconds, microseconds] = await this.#redis.time();
    const halfway = (sentAt + performance.now()) / 2;
    this.#originMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000 - halfway;
    const anchor = this.#world === "rehearsal" ? await storedAnchor(this.#redis) : REAL_TIME;
    const changed =
      anchor.worldMs !== this.#anchor.worldMs ||
      anchor.machineMs !== this.#anchor.machineMs ||
      anchor.speed !== this.#anchor.speed;
    this.#anchor = anchor;
    if (changed) for (const wake of this.#moved) wake();
  }

  get speed(): number {
    return this.#anchor.speed;
  }

  // Taken out of the clock they tell its time all the same: `({ now, speed }: Clock)` is how parts of it are asked for.
  readonly now = (): number => {
    const machineMs = this.#originMs + performance.now();
    return this.#anchor.worldMs + (machineMs - this.#anchor.machineMs) * this.#anchor.speed;
  };

  readonly toMachineMs = (worldMs: number): number =>
    this.#anchor.machineMs + (worldMs - this.#anchor.worldMs) / this.#anchor.speed;

  readonly sleep = async (worldMs: number, signal?: AbortSignal): Promise<void> => {
    const dueMs = this.now() + worldMs;
    while (this.now() < dueMs) {
      signal?.throwIfAborted();
      await this.#nap(Math.min(LONGEST_SLEEP_MS, (dueMs - this.now()) / this.speed), signal);
    }
    signal?.throwIfAborted();
  };

  #nap(machineMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#moved.delete(end);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(1, Math.ceil(machineMs)));
      this.#moved.add(end);
      signal?.addEventListener("abort", end, { once: true });
    });
  }
}

async function storedAnchor(redis: Redis): Promise<Anchor> {
  return Anchor.safeParse(await redis.hgetall(KEYS.clock)).data ?? REAL_TIME;
}

/**
 * Reads the anchor again whenever it was moved, so that a rehearsal may jump and act at once. Resolves to how this ends.
 * Production has no anchor to follow.
 */
export async function followClock(redis: Redis, clock: StoreClock): Promise<() => void> {
  const listener = redis.duplicate();
  listener.on("error", () => undefined);
  listener.on("message", () => void clock.refresh().catch(() => undefined));
  await listener.connect();
  await listener.subscribe(KEYS.clockChannel);
  return () => listener.disconnect();
}

/** Moves the shared clock of a rehearsal; production never calls it. */
export async function setAnchor(redis: Redis, anchor: Anchor): Promise<void> {
  await redis.hset(KEYS.clock, { worldMs: anchor.worldMs, machineMs: anchor.machineMs, speed: anchor.speed });
  await redis.publish(KEYS.clockChannel, "moved");
}
