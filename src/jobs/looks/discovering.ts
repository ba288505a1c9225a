import { chainOf } from "../../domain/errors.ts";
import { type Found, NOTHING_FOUND, type Remembered } from "../../domain/service/found.ts";
import { type Inventory, withFound } from "../../domain/service/inventory.ts";
import type { Service } from "../../domain/service/service.ts";
import { type Discovered, discover, mergeFound, ownFacts } from "../../flows/discover.ts";
import { openQuestions } from "../../flows/resources/settings-of.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import { forLooks } from "../../ports/signals.ts";
import type { CloudReads } from "../../ports/step.ts";

/** World time: what AWS says about a resource seldom changes. */
const EVERY_MS = 3_600_000;
/** Machine time: while something that a plan needs is not known. */
const MISSING_EVERY_MS = 5_000;
/** Machine time between two looks at what is due. */
const TURN_MS = 1_000;

/** What is known of the resources beyond the file, by the service that they belong to. */
export interface Memory {
  /** The inventory with everything that is known by now: plans and looks are made from it. */
  readonly inventory: () => Inventory;
  /** World time. */
  remember(service: Service, discovered: Discovered, askedAtMs: number): Promise<void>;
}

export interface MemorySources {
  readonly stores: { readonly discovered: Documents<Remembered> };
  /** Outside the protected regions, and there when Redis is empty. */
  readonly file: { read(): Promise<Found>; write(found: Found): Promise<void> };
  readonly described: () => Inventory;
}

export async function openMemory({ stores, file, described }: MemorySources): Promise<Memory> {
  const stored = await Promise.all(described().services.map(({ name }) => stores.discovered.get(name)));
  let found = stored.reduce<Found>(
    (all, each) => mergeFound(all, each?.value.found ?? NOTHING_FOUND),
    await file.read(),
  );
  let last: { readonly from: Inventory; readonly found: Found; readonly inventory: Inventory } | undefined;
  return {
    inventory: () => {
      const from = described();
      if (last?.from !== from || last.found !== found) last = { from, found, inventory: withFound(from, found) };
      return last.inventory;
    },
    async remember(service, { found: newer }, askedAtMs) {
      const all = mergeFound(found, newer);
      found = described().services.reduce<Found>((kept, each) => mergeFound(kept, ownFacts(each, all)), NOTHING_FOUND);
      const own = ownFacts(service, found);
      const storing = stores.discovered.change(service.name, (current) => ({
        value: { found: mergeFound(ownFacts(service, current?.found ?? NOTHING_FOUND), own), askedAtMs },
        events: [],
      }));
      // Each is there for when the other is lost, so neither waits for the other.
      await Promise.all([storing, file.write(found)]);
    },
  };
}

export interface DiscoveringDeps {
  readonly memory: Memory;
  readonly cloud: CloudReads;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Machine time between two looks at what is due; absent: 1 s. */
  readonly turnEveryMs?: number;
  /** Machine time; absent: this process's own. */
  readonly machineNow?: () => number;
}

/** Renews what is known of each service every hour, and soon again while something is missing. */
export function startDiscovering(deps: DiscoveringDeps): { stop(): void } {
  const { memory, cloud, clock, logger, turnEveryMs = TURN_MS, machineNow = Date.now } = deps;
  const asked = new Map<string, { readonly worldMs: number; readonly machineMs: number }>();
  const asking = new Set<string>();
  const ending = new AbortController();
  const ask = async (service: Service): Promise<void> => {
    asking.add(service.name);
    asked.set(service.name, { worldMs: clock.now(), machineMs: machineNow() });
    try {
      const discovered = await discover(service, cloud, forLooks(ending.signal));
      await memory.remember(service, discovered, clock.now());
      if (discovered.silent.length > 0)
        logger.warn({ service: service.name, silent: discovered.silent }, "Not everything could be discovered");
    } catch (error) {
      if (!ending.signal.aborted)
        logger.warn({ service: service.name, why: chainOf(error) }, "A service could not be discovered");
    } finally {
      asking.delete(service.name);
    }
  };
  const isDue = (service: Service): boolean => {
    const last = asked.get(service.name);
    if (!last || clock.now() - last.worldMs >= EVERY_MS) return true;
    const isMissing = openQuestions(service, clock.now()).length > 0;
    return isMissing && machineNow() - last.machineMs >= MISSING_EVERY_MS;
  };
  const turn = () => {
    for (const service of memory.inventory().services) {
      if (!asking.has(service.name) && isDue(service)) void ask(service);
    }
  };
  const timer = setInterval(turn, turnEveryMs);
  turn();
  return {
    stop: () => {
      clearInterval(timer);
      ending.abort();
    },
  };
}
