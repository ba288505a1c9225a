import type { LagSample } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/region.ts";

/** World time. One-minute samples appear one to two minutes late. */
export const OVERLAP_MS = 15 * 60_000;
/** World time that the first look goes back for a good sample: people may decide hours after a region went dark. */
const LOOK_BACK_MS = 24 * 60 * 60_000;

/** What was learned about one instance. Samples of before `untilMs` are known, but for those that appear late. */
interface Learned {
  readonly untilMs: number;
  readonly lastGood: LagSample | undefined;
}

/** What was seen of the lag of replicas, for as long as the session looks. */
export class LagMemory {
  readonly #learned = new Map<string, Learned>();

  /** From when on samples are wanted. */
  fromMs(region: Region, instance: string, nowMs: number): number {
    const { untilMs = 0 } = this.#of(region, instance) ?? {};
    return Math.max(nowMs - LOOK_BACK_MS, Math.min(untilMs, nowMs) - OVERLAP_MS);
  }

  lastGood(region: Region, instance: string): LagSample | undefined {
    return this.#of(region, instance)?.lastGood;
  }

  /** Samples newest first, of a look that began at `atMs`. Returns the last good one that is known now. */
  learn(
    region: Region,
    instance: string,
    seen: { atMs: number; samples: readonly LagSample[] },
  ): LagSample | undefined {
    const before = this.#of(region, instance);
    const good = seen.samples.find(({ seconds }) => seconds >= 0);
    const lastGood = newer(good, before?.lastGood);
    const untilMs = Math.max(seen.atMs, before?.untilMs ?? 0);
    this.#learned.set(`${region} ${instance}`, { untilMs, lastGood });
    return lastGood;
  }

  #of(region: Region, instance: string): Learned | undefined {
    return this.#learned.get(`${region} ${instance}`);
  }
}

function newer(one: LagSample | undefined, other: LagSample | undefined): LagSample | undefined {
  return other && (!one || other.measuredAtMs > one.measuredAtMs) ? other : one;
}
