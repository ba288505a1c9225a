import { sayTime } from "../../domain/duration.ts";
import type { Need } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { calledBefore } from "./in-process.ts";
import { followOutages, type Outage } from "./outage.ts";

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

/**
 * While nothing can be stored no job runs, so nothing of an incident or a run calls people (G22). This does, by the pager alone:
 * what is said in a channel lies in the store.
 */
export function startAwayGuard(deps: AwayGuardDeps): { stop(): void } {
  return followOutages({
    ...deps,
    // A process that began while the store was away finds nothing of the one that called.
    memory: calledBefore([keyOf(deps)]),
    why: () => deps.whyNothingIsStored(),
    needOf: (away) => needOf(away, deps),
    untold: "Nobody could be told that Redis is away",
    checkEveryMs: deps.checkEveryMs ?? CHECK_EVERY_MS,
    afterMs: deps.afterMs ?? AFTER_MS,
  });
}

/** Each process has a way of its own to the store, so each calls for itself, and ends its own call. */
const keyOf = ({ inventory, process }: Pick<AwayGuardDeps, "inventory" | "process">): string =>
  `dr:${inventory().file.environment}:store-away:${process}`;

function needOf({ why, sinceMs }: Outage, deps: AwayGuardDeps): Need {
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
