import { messageOf } from "../../domain/errors.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Pagers } from "../../ports/pager.ts";
import { lookingEvery } from "./looking.ts";
import { outagesOf, toldBefore } from "./own-calls.ts";

/** Of so many times `afterMs`, people are called as well when something was away for more than half. */
const LATELY = 5;

interface Look {
  /** Machine times: since the look before. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: string | undefined;
}

/** Something that TwoKey needs is away. */
export interface Outage {
  readonly why: string;
  /** World time. */
  readonly sinceMs: number;
  /** It has lasted long enough for people to be called. */
  readonly lasts: boolean;
}

export interface OutageDeps {
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: CallMemory;
  /** In words why it is away at this moment; undefined: it is not. */
  why(): Promise<string | undefined>;
  /** Its reason ends in `:` and `sinceMs`, so that a process that begins meanwhile knows which outage was told. */
  needOf(outage: Outage): Need;
  /** People were called for it, and it is over. Called until it does not reject. */
  ended?(sinceMs: number): Promise<void>;
  /** Static words for the log, where nobody could be told. */
  readonly untold: string;
  /** Machine times: between two looks, until people are called, and of good answers until it is over. */
  readonly checkEveryMs: number;
  readonly afterMs: number;
  readonly overAfterMs?: number;
}

/** Calls people once for what is away for long, or for most of the time, and says the end of it. */
export function followOutages(deps: OutageDeps): { stop(): void } {
  const { clock, memory, afterMs, overAfterMs = afterMs, ended = async () => undefined } = deps;
  const beganAtMs = performance.now();
  let looks: readonly Look[] = [];
  let away: Outage | undefined;
  let endedMs: number | undefined;
  const outages = outagesOf(memory, () => clock.now());
  const check = async (): Promise<void> => {
    const why = await deps.why();
    const toMs = performance.now();
    const lately = looks.filter((look) => look.toMs > toMs - LATELY * afterMs);
    looks = [...lately, { fromMs: looks.at(-1)?.toMs ?? toMs, toMs, why }];
    const lastAway = looks.findLast((look) => look.why !== undefined);
    const isOver = toMs - (lastAway?.toMs ?? beganAtMs) >= overAfterMs;
    if (isOver) {
      const toldMs = await toldBefore(memory);
      if (toldMs !== undefined && toldMs !== endedMs) await ended(toldMs);
      endedMs = toldMs;
      await outages(false);
      away = undefined;
    } else if (lastAway?.why !== undefined) {
      const sinceMs = (await outages(true)) ?? clock.now();
      away = { why: lastAway.why, sinceMs, lasts: away?.lasts === true || isLasting(looks, afterMs) };
    }
    if (isOver || away?.lasts) await reach(away && deps.needOf(away), { ...deps, againMs: 0 });
  };
  return lookingEvery(deps.checkEveryMs, check, (error) => deps.logger.warn({ why: messageOf(error) }, deps.untold));
}

/** Away at each of the last looks for so long, or, as one that flaps, for more than half of the time. */
function isLasting(looks: readonly Look[], afterMs: number): boolean {
  const inARow = looks.slice(looks.findLastIndex(({ why }) => why === undefined) + 1);
  const rowMs = (inARow.at(-1)?.toMs ?? 0) - (inARow[0]?.toMs ?? 0);
  const awayMs = looks.reduce((sumMs, { why, fromMs, toMs }) => sumMs + (why === undefined ? 0 : toMs - fromMs), 0);
  return rowMs >= afterMs || awayMs > (LATELY * afterMs) / 2;
}
