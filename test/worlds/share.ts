import { Redis } from "ioredis";
import { freshRedisUrl } from "../harness/redis.ts";
import { acceptedOrders } from "./case.ts";
import type { FaultName } from "./fault-names.ts";
import { type Violation, violationsOf } from "./judge.ts";
import { type PlayWish, play } from "./play.ts";
import { traceOf } from "./trace.ts";
import { SLOW_SPEED, sayWorld, speedOf, worldOf } from "./world.ts";

/** What became of one world. */
export interface WorldResult {
  readonly index: number;
  readonly says: string;
  /** State of the run, `refused`, or `broken` where the world itself threw. */
  readonly end: string;
  readonly why: string;
  readonly violations: readonly Violation[];
  readonly hits: readonly FaultName[];
  /** What people got done. */
  readonly done: readonly string[];
  /** Orders over sessions that stayed open on the old side, as key holders had accepted. */
  readonly acceptedOrders: number;
  /** Nobody hurried it: the judge had little patience. */
  readonly isSlow: boolean;
  readonly tookMs: number;
  /** Line by line; absent where nobody asked for it. */
  readonly trace?: string;
}

export interface Share {
  readonly seed: number;
  readonly indices: readonly number[];
  /** Worlds at a time: most of each is waiting. */
  readonly atOnce: number;
  readonly told: (result: WorldResult) => void;
  readonly wish?: PlayWish;
  readonly isTraced?: boolean;
}

const SLOW_AT_ONCE = 10;
const isSlow = (index: number): boolean => speedOf(index) === SLOW_SPEED;

/** Plays these worlds, some at a time, each on a database of its own. */
export async function playShare({ seed, indices, atOnce, told, isTraced = false, wish = {} }: Share): Promise<void> {
  const slotOf = (left: number[]) => async () => {
    const redisUrl = await freshRedisUrl();
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      told(await playOne(seed, index, { ...wish, redisUrl, isTraced }));
      await empty(redisUrl);
    }
  };
  const slots = (left: number[], most: number) => Array.from({ length: Math.min(most, left.length) }, slotOf(left));
  // Slow ones wait most of their time, and hold up no other.
  const [slow, fast] = [indices.filter(isSlow), indices.filter((index) => !isSlow(index))];
  await Promise.all([...slots(slow, SLOW_AT_ONCE), ...slots(fast, atOnce)]);
}

interface OneWish extends PlayWish {
  readonly isTraced?: boolean;
}

export async function playOne(seed: number, index: number, wish: OneWish): Promise<WorldResult> {
  const plan = worldOf(seed, index);
  const fromMs = Date.now();
  const common = { index, says: sayWorld(plan) };
  try {
    const played = await play(plan, wish);
    const { run, refused, hits, done } = played;
    const trace = wish.isTraced === true ? { trace: traceOf(played) } : {};
    const [end, why] = run ? [run.state, run.why] : ["refused", refused ?? ""];
    return {
      ...common,
      end,
      why,
      hits,
      done,
      violations: violationsOf(played),
      acceptedOrders: acceptedOrders(played),
      isSlow: played.speed === SLOW_SPEED,
      tookMs: Date.now() - fromMs,
      ...trace,
    };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const violations = [{ guarantee: "world", says: why }];
    return {
      ...common,
      end: "broken",
      why,
      hits: [],
      done: [],
      violations,
      ...{ acceptedOrders: 0, isSlow: false },
      tookMs: Date.now() - fromMs,
    };
  }
}

async function empty(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushdb();
  redis.disconnect();
}
