import { messageOf } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Logger } from "../ports/logger.ts";
import type { Pagers } from "../ports/pager.ts";
import type { Memory } from "../store/memory.ts";

export interface MemoryGuardDeps {
  memory(): Promise<Memory>;
  /** Says it in the alerts channel; several processes saying the same say it once an hour. */
  announce(says: string): Promise<void>;
  readonly pagers: Pick<Pagers, "keeper">;
  readonly logger: Logger;
  readonly process: string;
  readonly inventory: () => Inventory;
  /** Machine time between two looks; absent: 30 s. */
  readonly checkEveryMs?: number;
}

/** Shares of the limit. A store that is full takes no write: no page and no step of a failover goes on. */
export const WARN_AT = 0.7;
export const PAGE_AT = 0.85;
/** It has to fall this far below a mark before the same mark counts again. */
const CALM = 0.05;
const CHECK_EVERY_MS = 30_000;
const MB = 1024 * 1024;

/** Warns while there is time to act, and pages while there is still room for what the page itself needs. */
export function startMemoryGuard(deps: MemoryGuardDeps): { stop(): void } {
  const told = { unlimited: false, warned: false, paged: false };
  const dedupKey = () => `dr:${deps.inventory().file.environment}:store-full`;
  const check = async (): Promise<void> => {
    const { usedBytes, limitBytes } = await deps.memory();
    if (limitBytes === undefined) {
      if (!told.unlimited)
        deps.logger.warn(
          {},
          "Redis has no memory limit, so nobody is warned before it is full: set maxmemory there, or TWOKEY_REDIS_MEMORY_MB",
        );
      told.unlimited = true;
      return;
    }
    const share = usedBytes / limitBytes;
    const limit = `${Math.round(limitBytes / MB)} MB`;
    if (share >= WARN_AT && !told.warned) {
      told.warned = true;
      await deps.announce(
        `Redis has used more than ${WARN_AT * 100} % of its memory (${limit}). At 100 % TwoKey can write nothing. See “how much room it takes” in the operations manual.`,
      );
    }
    if (share < WARN_AT - CALM) told.warned = false;
    if (share >= PAGE_AT && !told.paged) told.paged = await page(dedupKey(), limit, deps);
    if (share < PAGE_AT - CALM && told.paged) {
      const ended = await deps.pagers.keeper.resolve(dedupKey(), deps.process);
      told.paged = ended.kind !== "accepted";
    }
  };
  const safely = () =>
    void check().catch((error: unknown) =>
      deps.logger.warn({ why: messageOf(error) }, "Redis did not say how full it is"),
    );
  const timer = setInterval(safely, deps.checkEveryMs ?? CHECK_EVERY_MS);
  safely();
  return { stop: () => clearInterval(timer) };
}

async function page(dedupKey: string, limit: string, { pagers, process, logger }: MemoryGuardDeps): Promise<boolean> {
  logger.error({ limit }, "Redis is nearly full");
  const answer = await pagers.keeper.trigger({
    dedupKey,
    summary: `Redis has used more than ${PAGE_AT * 100} % of its memory (${limit}). When it is full TwoKey can write nothing: no page, no step. Give it more memory. See “how much room it takes” in the operations manual.`,
    source: process,
    severity: "critical",
    details: {},
    links: [],
    urgent: true,
  });
  return answer.kind === "accepted";
}
