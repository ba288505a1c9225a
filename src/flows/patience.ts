import { saySeconds, sayTime } from "../domain/duration.ts";
import type { HealthVerdict } from "../domain/service/health.ts";
import { isDark, isSilentBeyondRegions, type Observation } from "../domain/service/observation.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Clock } from "../ports/clock.ts";
import { napped } from "../ports/naps.ts";

/** Machine time for a question to which the last look got no answer in all the time that it is worth. */
const SILENT_BEFORE_MS = 1_500;
/**
 * Machine time for which somebody waits for the region that a service is in, whatever answered before; what is asked late gets as long as what was
 * silent.
 */
const HURRIED_MS = 4_000;
/** Machine time for which such a look counts: while a region is dark the observer looks every 5 s, and a look takes up to 8 s. */
const VERDICT_COUNTS_FOR_MS = 30_000;

/**
 * Waits for the parts of a look: as long as it takes for whatever answered last time, and shortly for what was silent then.
 * Silence is never assumed: everything is asked, and an answer counts. A region that is slow answered last time, so it
 * gets all the time that somebody waits; only a region whose every control plane was silent is taken for dark by the shorter wait.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #before: Observation | undefined;
  readonly #hurried: { readonly region: Region; readonly over: Promise<void> } | undefined;

  /**
   * `before` absent: nothing is taken for silent before its time. It must be a look that gave everything its full time itself.
   * `hurried`: the region for which somebody waits no longer. Where it leads everything gets its full time: nobody can move to what was not seen.
   */
  constructor(clock: Clock, before: Observation | undefined, hurried?: Region) {
    this.#clock = clock;
    this.#hurried = hurried === undefined ? undefined : { region: hurried, over: napped(HURRIED_MS) };
    const machineAgeMs = before && (clock.now() - before.atMs) / clock.speed;
    this.#before = machineAgeMs !== undefined && machineAgeMs <= VERDICT_COUNTS_FOR_MS ? before : undefined;
  }

  /** One fact of a region. */
  of<T>(region: Region, asked: Promise<Known<T>>): Promise<Known<T>> {
    return this.#inTime(asked, { ...this.#waitFor(region), otherwise: (why) => this.#unreachable(why) });
  }

  healthOf(region: Region, asked: Promise<HealthVerdict>): Promise<HealthVerdict> {
    return this.#inTime(asked, { ...this.#waitFor(region), otherwise: silent });
  }

  /** What belongs to no region, of one resource. */
  beyondRegions<T>(resource: string, asked: Promise<Known<T>>): Promise<Known<T>> {
    const wasSilent = isSilentBeyondRegions(this.#before?.resources[resource]);
    return this.#inTime(asked, { wasSilent, otherwise: (why) => this.#unreachable(why) });
  }

  publicHealth(asked: Promise<HealthVerdict>): Promise<HealthVerdict> {
    const wasSilent = this.#before?.publicHealth.kind === "unreachable";
    return this.#inTime(asked, { wasSilent, otherwise: silent });
  }

  #wasDark(region: Region): boolean {
    return this.#before !== undefined && isDark(this.#before, region);
  }

  #unreachable(why: string) {
    return { known: false, cause: "unreachable", why, atMs: this.#clock.now() } as const;
  }

  #inTime<T>(asked: Promise<T>, { wasSilent, over, otherwise }: Wait<T>): Promise<T> {
    if (wasSilent) {
      const before = this.#before ? `, nor any at ${sayTime(this.#before.atMs, this.#clock.now())}` : "";
      return givenUp(asked, napped(SILENT_BEFORE_MS), () =>
        otherwise(`no answer within ${saySeconds(SILENT_BEFORE_MS)}${before}`),
      );
    }
    if (!over) return asked;
    const both = Promise.all([over, napped(SILENT_BEFORE_MS)]);
    return givenUp(asked, both, () => otherwise(`no answer within ${saySeconds(HURRIED_MS)}`));
  }

  #waitFor(region: Region): Omit<Wait<unknown>, "otherwise"> {
    const over = this.#hurried?.region === region ? this.#hurried.over : undefined;
    return { wasSilent: this.#wasDark(region), over };
  }
}

interface Wait<T> {
  readonly wasSilent: boolean;
  /** When somebody waits no longer; absent: it gets its full time. */
  readonly over?: Promise<void> | undefined;
  readonly otherwise: (why: string) => T;
}

const silent = (why: string): HealthVerdict => ({ kind: "unreachable", why });

/** What is given up here goes on by itself: its answer, or its silence, is still remembered by whoever asked. */
function givenUp<T>(asked: Promise<T>, over: Promise<unknown>, otherwise: () => T): Promise<T> {
  // Without this a read that is aborted later would end the process.
  asked.catch(() => undefined);
  return Promise.race([asked, over.then(otherwise)]);
}
