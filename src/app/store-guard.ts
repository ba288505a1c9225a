import { messageOf } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Queues } from "../jobs/queues.ts";
import type { Logger } from "../ports/logger.ts";
import type { LostStore } from "../ports/lost-store.ts";
import type { Pagers } from "../ports/pager.ts";

/** Machine time between two comparisons of the store with the ledger. */
const CHECK_EVERY_MS = 5_000;
/** Machine time after which the others' acts stand in this process's ledger too. */
const KEEP_UP_EVERY_MS = 500;

export interface StoreGuardDeps {
  readonly ledger: Pick<LostStore, "keepUp" | "disagreement">;
  readonly queues: Pick<Queues, "startSweep">;
  readonly pagers: Pagers;
  readonly logger: Logger;
  readonly process: string;
  /** Machine time between two looks; absent: 5 s. */
  readonly checkEveryMs?: number;
  readonly inventory: () => Inventory;
}

/**
 * G17: a store that came back empty or older than the ledger is noticed by every process by itself, because an empty store
 * has lost the jobs that would notice it. Executors refuse to change anything meanwhile; this calls people, once.
 */
export function startStoreGuard(deps: StoreGuardDeps): { stop(): void } {
  let called: string | undefined;
  const check = async (): Promise<void> => {
    const wrong = await deps.ledger.disagreement();
    // Scheduled jobs live in the store too: an empty one gets its sweep back here.
    await deps.queues.startSweep();
    if (wrong === called) return;
    const dedupKey = `dr:${deps.inventory().file.environment}:store-lost`;
    if (wrong === undefined) {
      deps.logger.info({}, "The state store and the ledgers agree again");
      const ended = await deps.pagers.keeper.resolve(dedupKey, deps.process);
      if (ended.kind === "accepted") called = undefined;
      return;
    }
    deps.logger.error(
      { why: wrong },
      "The state store disagrees with the ledger: nothing is changed until people have looked",
    );
    const answer = await deps.pagers.keeper.trigger({
      dedupKey,
      summary: `TwoKey has stopped changing anything: ${wrong}. Look at the cloud by hand, then ask for the way on in Slack: /dr accept-store. See “when Redis is lost” in the operations manual.`,
      source: deps.process,
      severity: "critical",
      details: {},
      links: [],
      urgent: true,
    });
    if (answer.kind === "accepted") called = wrong;
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
