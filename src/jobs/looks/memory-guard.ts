import { messageOf } from "../../domain/errors.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { inProcess } from "./in-process.ts";
import { lookingEvery } from "./looking.ts";
import { aboutWhen, outagesOf } from "./own-calls.ts";

export interface MemoryGuardDeps extends Telling {
  /** How full the store is. */
  memory(): Promise<{
    readonly usedBytes: number;
    /** It refuses writes beyond it; undefined: it is not limited. */
    readonly limitBytes: number | undefined;
  }>;
  /** Machine time between two looks; absent: 30 s. */
  readonly checkEveryMs?: number;
  /** Whom it called; absent: nobody remembers it when the process ends. */
  readonly calls?: CallMemory;
}

/** Shares of the limit. A store that is full takes no write: no page and no step of a failover goes on. */
export const WARN_AT = 0.7;
export const PAGE_AT = 0.85;
/** It has to fall this far below a mark before the same mark counts again. */
const CALM = 0.05;
const CHECK_EVERY_MS = 30_000;
const MB = 1024 * 1024;
const UNLIMITED =
  "Redis has no memory limit, so nobody is warned before it is full. Set maxmemory there, or TWOKEY_REDIS_MEMORY_MB. See “how much room it takes” in the operations manual.";

/** Warns while there is time to act, and pages while there is still room for what the page itself needs. */
export function startMemoryGuard(deps: MemoryGuardDeps): { stop(): void } {
  const told = { unlimited: false, warned: false, isFull: false };
  const memory = deps.calls ?? inProcess();
  const outages = outagesOf(memory, () => deps.clock.now());
  const check = async (): Promise<void> => {
    const { usedBytes, limitBytes } = await deps.memory();
    if (limitBytes === undefined) {
      if (!told.unlimited) await deps.announce(UNLIMITED);
      told.unlimited = true;
      return;
    }
    const share = usedBytes / limitBytes;
    const limit = `${Math.round(limitBytes / MB)} MB`;
    if (share >= WARN_AT && !told.warned) {
      await deps.announce(
        `Redis has used more than ${WARN_AT * 100} % of its memory (${limit}). At 100 % TwoKey can write nothing. See “how much room it takes” in the operations manual.`,
      );
      // What could not be said is said at the next look.
      told.warned = true;
    }
    if (share < WARN_AT - CALM) told.warned = false;
    told.isFull = share >= (told.isFull ? PAGE_AT - CALM : PAGE_AT);
    const sinceMs = await outages(told.isFull);
    await reach(sinceMs === undefined ? undefined : needOf({ limit, sinceMs }, deps), { ...deps, memory, againMs: 0 });
  };
  return lookingEvery(deps.checkEveryMs ?? CHECK_EVERY_MS, check, (error) =>
    deps.logger.warn({ why: messageOf(error) }, "Redis did not say how full it is"),
  );
}

/** One key for all processes: they see the same, and people are paged once. */
function needOf({ limit, sinceMs }: { limit: string; sinceMs: number }, deps: MemoryGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:store-full`;
  return {
    ...{ occasion: "store-full", reason: `full:${sinceMs}`, people: commandersOf(inventory()) },
    ...{ key, page: `${key}:${aboutWhen(sinceMs)}` },
    why: `Redis has used more than ${PAGE_AT * 100} % of its memory (${limit}). When it is full TwoKey can write nothing: no page, no step. Give it more memory. See “how much room it takes” in the operations manual.`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "TwoKey still works, and stops when Redis is full",
    },
  };
}
