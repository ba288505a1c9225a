import { messageOf } from "../../domain/errors.ts";
import { sha256 } from "../../domain/service/inventory.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import type { LostStore } from "../../ports/lost-store.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { inProcess } from "./in-process.ts";

/** Machine time between two comparisons of the store with the ledger. */
const CHECK_EVERY_MS = 5_000;
/** Machine time after which the others' acts stand in this process's ledger too. */
const KEEP_UP_EVERY_MS = 500;

export interface StoreGuardDeps extends Telling {
  readonly ledger: Pick<LostStore, "keepUp" | "disagreement">;
  readonly queues: { startSweep(): Promise<void> };
  /** Writes down whose store it is, where that is not there. */
  readonly sayWhose: () => Promise<void>;
  /** Channels of the open incidents and runs, as the store has them now. */
  readonly rooms: () => Promise<readonly string[]>;
  /** Machine time between two looks; absent: 5 s. */
  readonly checkEveryMs?: number;
}

/**
 * G17: a store that came back empty or older than the ledger is noticed by every process by itself, because an empty store
 * has lost the jobs that would notice it. Executors refuse to change anything meanwhile; this calls people, once.
 */
export function startStoreGuard(deps: StoreGuardDeps): { stop(): void } {
  const memory = inProcess();
  let noticed: string | undefined;
  let said: string | undefined;
  const unsaid = (error: unknown) => deps.logger.warn({ why: messageOf(error) }, "Could not say so in Slack");
  // An empty store has forgotten them: those of the last look are told as well.
  let rooms: readonly string[] = [];
  const say = async (wrong: string | undefined): Promise<void> => {
    // Where they cannot be listed, the alerts channel hears of it all the same.
    const now = await deps.rooms().catch(() => rooms);
    const all = [...new Set([...rooms, ...now])];
    if (wrong !== said) await deps.announce(wrong === undefined ? AGREED : sayLost(wrong), all);
    rooms = wrong === undefined ? now : all;
    // What could not be said is said at the next look.
    said = wrong;
  };
  const check = async (): Promise<void> => {
    // Both live in the store too: an empty one gets its owner, first of all, and its sweep back here.
    await deps.sayWhose();
    const wrong = await deps.ledger.disagreement();
    await deps.queues.startSweep();
    if (wrong !== noticed) note(wrong, deps);
    noticed = wrong;
    await say(wrong).catch(unsaid);
    await reach(wrong === undefined ? undefined : needOf(wrong, deps), { ...deps, memory, againMs: 0 });
  };
  const safely = () =>
    void check().catch((error: unknown) =>
      deps.logger.warn({ why: messageOf(error) }, "The store could not be compared with the ledger"),
    );
  // A store that is away or lost is said by the comparison; until then there is nothing to keep up with.
  const keepUp = () => void deps.ledger.keepUp().catch(() => undefined);
  const timers = [setInterval(safely, deps.checkEveryMs ?? CHECK_EVERY_MS), setInterval(keepUp, KEEP_UP_EVERY_MS)];
  safely();
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

function note(wrong: string | undefined, { logger }: StoreGuardDeps): void {
  if (wrong === undefined) logger.info({}, AGREED);
  else
    logger.error(
      { why: wrong },
      "The state store disagrees with the ledger: nothing is changed until people have looked",
    );
}

const AGREED = "The state store and the ledgers agree again: TwoKey changes things again where people ask for it.";

const sayLost = (wrong: string): string =>
  `TwoKey has stopped changing anything: ${wrong}. No run goes on, and none starts. The way on: /dr accept-store.`;

/** One key for all processes: they see the same loss, and people are paged once. */
function needOf(wrong: string, deps: StoreGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:store-lost`;
  return {
    ...{
      occasion: "store-lost",
      reason: wrong,
      people: commandersOf(inventory()),
      key,
      page: `${key}:${sha256(wrong)}`,
    },
    why: `TwoKey has stopped changing anything: ${wrong}. Look at the cloud by hand, then ask for the way on in Slack: /dr accept-store. See “when Redis is lost” in the operations manual.`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "Nothing is changed until two people have signed",
    },
  };
}
