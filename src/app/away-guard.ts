import { sayTime } from "../domain/duration.ts";
import { messageOf } from "../domain/errors.ts";
import { type Need, reach } from "../flows/reach/reach.ts";
import { commandersOf } from "../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { inProcess } from "./in-process.ts";

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

interface Away {
  readonly why: string;
  /** World time. */
  readonly sinceMs: number;
  readonly seenAtMs: number;
}

/**
 * While nothing can be stored no job runs, so nothing of an incident or a run calls people (G22). This does, by the pager alone:
 * what is said in a channel lies in the store.
 */
export function startAwayGuard(deps: AwayGuardDeps): { stop(): void } {
  const memory = inProcess();
  const { clock, afterMs = AFTER_MS } = deps;
  let away: Away | undefined;
  let isLooking = false;
  const check = async (): Promise<void> => {
    const why = await deps.whyNothingIsStored();
    const { sinceMs = clock.now(), seenAtMs = performance.now() } = away ?? {};
    away = why === undefined ? undefined : { why, sinceMs, seenAtMs };
    const lasts = away !== undefined && performance.now() - away.seenAtMs >= afterMs;
    await reach(lasts ? needOf(away, deps) : undefined, { ...deps, memory, againMs: 0 });
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

/** One key for all processes: they see the same silence, and people are paged once. */
function needOf(away: Away | undefined, deps: AwayGuardDeps): Need | undefined {
  if (away === undefined) return undefined;
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:store-away`;
  return {
    ...{ occasion: "store-away", reason: "away", people: commandersOf(inventory()), key, page: key },
    why: `TwoKey cannot keep anything since ${sayTime(away.sinceMs)}: ${away.why}. No alert is taken in, nobody is paged for one, and no run goes on. Bring Redis back; until then watch the alarms yourself. See “when Redis is lost” in the operations manual.`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "Nothing goes on until Redis is back",
    },
  };
}
