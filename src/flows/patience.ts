import { sayTime } from "../domain/duration.ts";
import type { HealthVerdict } from "../domain/service/health.ts";
import { isDark, isSilentBeyondRegions, type Observation } from "../domain/service/observation.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Clock } from "../ports/clock.ts";

/** Machine time for a question to which the last look got no answer in all the time that it is worth. */
const SILENT_BEFORE_MS = 1_500;
/** Machine time for which such a look counts: while a region is dark the observer looks every 5 s, and a look takes up to 8 s. */
const VERDICT_COUNTS_FOR_MS = 30_000;

/**
 * Waits for the parts of a look: as long as it takes for whatever answered last time, and shortly for what was silent then.
 * Silence is never assumed: everything is asked, and an answer counts. A region that is slow answered last time, so it
 * gets all the time it needs; only a region whose every control plane was silent is taken for dark by the shorter wait.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #before: Observation | undefined;

  /** `before` absent: everything gets its full time. It must be a look that gave everything its full time itself. */
  constructor(clock: Clock, before: Observation | undefined) {
    this.#clock = clock;
    const machineAgeMs = before && (clock.now() - before.atMs) / clock.speed;
    this.#before = machineAgeMs !== undefined && machineAgeMs <= VERDICT_COUNTS_FOR_MS ? before : undefined;
  }

  /** One fact of a region. */
  of<T>(region: Region, asked: Promise<Known<T>>): Promise<Known<T>> {
    return this.#wasDark(region) ? this.#shortly(asked, this.#unreachable()) : asked;
  }

  healthOf(region: Region, asked: Promise<HealthVerdict>): Promise<HealthVerdict> {
    return this.#wasDark(region) ? this.#shortly(asked, { kind: "unreachable", why: this.#why() }) : asked;
  }

  /** What belongs to no region, of one resource. */
  beyondRegions<T>(resource: string, asked: Promise<Known<T>>): Promise<Known<T>> {
    const wasSilent = isSilentBeyondRegions(this.#before?.resources[resource]);
    return wasSilent ? this.#shortly(asked, this.#unreachable()) : asked;
  }

  publicHealth(asked: Promise<HealthVerdict>): Promise<HealthVerdict> {
    const wasSilent = this.#before?.publicHealth.kind === "unreachable";
    return wasSilent ? this.#shortly(asked, { kind: "unreachable", why: this.#why() }) : asked;
  }

  #wasDark(region: Region): boolean {
    return this.#before !== undefined && isDark(this.#before, region);
  }

  #unreachable() {
    return { known: false, cause: "unreachable", why: this.#why(), atMs: this.#clock.now() } as const;
  }

  #why(): string {
    const before = this.#before ? `, nor any at ${sayTime(this.#before.atMs, this.#clock.now())}` : "";
    return `no answer within ${SILENT_BEFORE_MS} ms${before}`;
  }

  /** What is given up here goes on by itself: its answer, or its silence, is still remembered by whoever asked. */
  async #shortly<T>(asked: Promise<T>, otherwise: T): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<T>((resolve) => {
      timer = setTimeout(() => resolve(otherwise), SILENT_BEFORE_MS);
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
      // Without this a read that is aborted later would end the process.
      asked.catch(() => undefined);
    }
  }
}
