import type { Reading } from "../commands/reading.ts";
import type { ClientSettings } from "../config/environment.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import type { Logger } from "../ports/logger.ts";
import { StoreClock } from "../store/clock.ts";
import { connectReader } from "../store/connection.ts";
import { eventsOf, recentRuns } from "../store/events.ts";
import { createLearnedTimes } from "../store/learned-times.ts";
import { WITHOUT_KEY } from "../store/seal.ts";
import { incidentShown } from "./open-incident.ts";
import { createStores } from "./stores.ts";

/** The app without its jobs and its ways out: it reads what is stored, writes nothing, and ends with `close`. */
export interface Client {
  readonly ask: Reading;
  readonly nameOf: (person: string) => string | undefined;
  readonly nowMs: number;
  close(): void;
}

/** Beside `startApp`: the same stores, commands and views. Throws UserError when the store does not answer. */
export async function createClient(settings: ClientSettings, inventory: Inventory, logger: Logger): Promise<Client> {
  const redis = await connectReader(settings.redisUrl.reveal(), logger);
  try {
    const world = settings.isSandbox ? "rehearsal" : "production";
    const clock = new StoreClock(redis, world);
    await clock.refresh();
    const stores = createStores(redis, () => clock.now(), WITHOUT_KEY);
    const { runs, incidents, seen, notes, freezes, alarmReads, waits, calls } = stores;
    const deps = {
      ...{ runs, incidents, clock, freezes, alarmReads, waits, calls },
      inventory: () => inventory,
      // The newest look that a bot stored: a terminal asks neither the cloud nor the pager.
      observed: async ({ name }: { readonly name: string }) => (await seen.get(name))?.value.observation,
      times: createLearnedTimes(stores.stepTimes, world),
      ...{ server: undefined, standings: undefined },
      onCall: () => Promise.resolve(undefined),
      incidentShown: (service: string) => incidentShown(service, { incidents }),
      timeline: (incident: string) => eventsOf(redis, "incident", incident),
      recentRuns: (limit: number) => recentRuns(redis, limit),
      notesOf: async (run: string) => (await notes.get(run))?.value.says,
    };
    return {
      ask: (verb, [word]) => verb.read(word, deps),
      nameOf: (person) => findPerson(inventory, person)?.name,
      nowMs: clock.now(),
      close: () => redis.disconnect(),
    };
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}
