import { sayTime } from "../domain/duration.ts";
import { messageOf } from "../domain/errors.ts";
import { type Need, reach } from "../flows/reach/reach.ts";
import { commandersOf } from "../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { calledBefore } from "./in-process.ts";

export interface AwayGuardDeps extends Omit<Telling, "announce"> {
  /** In words why an alert that comes in now could not be kept; undefined: it could. */
  whyNothingIsStored(): Promise<string | undefined>;
  /** Machine times; absent: 5 s between two looks, and 60 s until people are called. */
  readonly checkEveryMs?: number;
  readonly afterMs?: number;
}

const CHECK_EVERY_MS = 5_000;
/** A store that changes its machine is away for less. */
const AFTER_MS = 60_000;

/** Of so many times that, people are called as well when the store was away for more than half. */
const LATELY = 5;

interface Look {
  /** Machine times: since the look before. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: string | undefined;
}

interface Away {
  readonly why: string;
  /** World time. */
  readonly sinceMs: number;
  /** It has lasted long enough for people to be called. */
  readonly lasts: boolean;
}

/**
 * While nothing can be stored no job runs, so nothing of an incident or a run calls people (G22). This does, by the pager alone:
 * what is said in a channel lies in the store.
 */
export function startAwayGuard(deps: AwayGuardDeps): { stop(): void } {
  // A process that began while the store was away finds nothing of the one that called.
  const memory = calledBefore([keyOf(deps)]);
  const { clock, afterMs = AFTER_MS } = deps;
  const beganAtMs = performance.now();
  let looks: readonly Look[] = [];
  let away: Away | undefined;
  let isLooking = false;
  const check = async (): Promise<void> => {
    const why = await deps.whyNothingIsStored();
    const toMs = performance.now();
    const lately = looks.filter((look) => look.toMs > toMs - LATELY * afterMs);
    looks = [...lately, { fromMs: looks.at(-1)?.toMs ?? toMs, toMs, why }];
    const lastAway = looks.findLast((look) => look.why !== undefined);
    const isOver = toMs - (lastAway?.toMs ?? beganAtMs) >= afterMs;
    if (isOver) away = undefined;
    else if (lastAway?.why !== undefined) {
      const { sinceMs = clock.now(), lasts = false } = away ?? {};
      away = { why: lastAway.why, sinceMs, lasts: lasts || isLasting(looks, afterMs) };
    }
    if (isOver || away?.lasts) await reach(away && needOf(away, deps), { ...deps, memory, againMs: 0 });
  };
  const safely = () => {
    // A look at a store that hangs takes longer than the next one is away.
    if (isLooking) return;
    isLooking = true;
    void check()
      .catch((error: unknown) => deps.logger.warn({ why: messageOf(error) }, "Nobody could be told that Redis is away"))
      .finally(() => {
        isLooking = false;
      });
  };
  const timer = setInterval(safely, deps.checkEveryMs ?? CHECK_EVERY_MS);
  safely();
  return { stop: () => clearInterval(timer) };
}

/** Away at each of the last looks for so long, or, as one that flaps, for more than half of the time. */
function isLasting(looks: readonly Look[], afterMs: number): boolean {
  const inARow = looks.slice(looks.findLastIndex(({ why }) => why === undefined) + 1);
  const rowMs = (inARow.at(-1)?.toMs ?? 0) - (inARow[0]?.toMs ?? 0);
  const awayMs = looks.reduce((sumMs, { why, fromMs, toMs }) => sumMs + (why === undefined ? 0 : toMs - fromMs), 0);
  return rowMs >= afterMs || awayMs > (LATELY * afterMs) / 2;
}

/** Each process has a way of its own to the store, so each calls for itself, and ends its own call. */
const keyOf = ({ inventory, process }: Pick<AwayGuardDeps, "inventory" | "process">): string =>
  `dr:${inventory().file.environment}:store-away:${process}`;

function needOf({ why, sinceMs }: Away, deps: AwayGuardDeps): Need {
  const { inventory, process } = deps;
  // Another time is another call, also where the pager still has the one before open.
  const reason = `away:${sinceMs}`;
  return {
    ...{ occasion: "store-away", reason, people: commandersOf(inventory()) },
    ...{ key: keyOf(deps), page: `${keyOf(deps)}:${sinceMs}` },
    why: `TwoKey's process ${process} cannot keep anything since ${sayTime(sinceMs)}: ${why}. Until that is mended it takes in no alert, pages nobody for one and drives no run; where another process works, that one goes on. Watch the alarms yourself meanwhile. See “when Redis is lost” in the operations manual.`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "This process goes on by itself when Redis takes writes again",
    },
  };
}
