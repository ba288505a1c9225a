import { randomBytes } from "node:crypto";
import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { announcing } from "../jobs/looks/announce.ts";
import { openMemory } from "../jobs/looks/discovering.ts";
import { createQueues } from "../jobs/queues.ts";
import type { Logger } from "../ports/logger.ts";
import { sharedBudget } from "../store/budget.ts";
import { followClock, StoreClock } from "../store/clock.ts";
import { connectRedis, FAIL_FAST, signingInBy } from "../store/connection.ts";
import { createDrivers } from "../store/drivers.ts";
import { eventsOf } from "../store/events.ts";
import { foundFile } from "../store/found-file.ts";
import { claimStore, sayWhose } from "../store/installation.ts";
import { createLearnedTimes } from "../store/learned-times.ts";
import { LedgerFile } from "../store/ledger-file.ts";
import type { Whose } from "../store/ledger-lines.ts";
import { withPlainErrors } from "../store/plain-errors.ts";
import type { ScriptedRedis } from "../store/scripts.ts";
import { type Seals, sealedWith } from "../store/seal.ts";
import { Seen } from "../store/seen.ts";
import { noteSeen, recall } from "../store/seen-in-ledger.ts";
import { sayServer } from "../store/server-check.ts";
import type { Opened } from "./opened.ts";
import { createOutside } from "./outside.ts";
import { createStores } from "./stores.ts";

export interface Composing {
  readonly settings: Settings;
  /** The file as it is written: without what was discovered. */
  readonly described: () => Inventory;
  readonly logger: Logger;
  readonly opened: Opened;
}

export type Held = Awaited<ReturnType<typeof openStore>>;

/** What everything else stands on: the store with its clock, the ledger beside it, the ways out, and the queues. */
export async function openStore({ settings, described, logger, opened }: Composing, worker: string) {
  const { redisUrl } = settings;
  // A container that starts again may have the same host name and process id.
  const self = `${worker}#${randomBytes(4).toString("hex")}`;
  const terms = { accepted: described().file.redis.accept, isRehearsal: settings.sandbox !== undefined };
  const { redis, facts } = await connectRedis(redisUrl, { ...terms, name: self }, logger);
  opened.add(() => redis.disconnect());
  const whose = whoseState(described().file.environment, terms.isRehearsal);
  const installation = { whose, ledgerKey: settings.ledger.key };
  await claimStore(redis, installation);
  const clock = new StoreClock(redis, whose.world);
  await clock.refresh();
  if (whose.world === "rehearsal") opened.add(await followClock(redis, clock));
  const seen = new Seen();
  const seals = sealedWith(settings.ledger.key, seen);
  const stores = createStores(redis, () => clock.now(), seals);
  const ledger = await LedgerFile.open(redis, { ...settings.ledger, process: settings.processName, whose });
  recall(ledger, seen);
  opened.add(() => ledger.close());
  const file = foundFile(settings.ledger.directory, settings.processName, (why) => logger.warn({}, why));
  const memory = await openMemory({ stores, file, described });
  const { inventory } = memory;
  const outside = createOutside(settings, inventory, { clock, budget: sharedBudget(redis), logger });
  opened.add(() => outside.close());
  const connection = { url: redisUrl.reveal(), ...FAIL_FAST, ...signingInBy(redisUrl), enableOfflineQueue: true };
  const queues = createQueues(connection, logger);
  opened.add(() => queues.close());
  const say = announcing({ stores, clock, queues, inventory });
  // What the simulated world takes says nothing about the real one.
  const times = createLearnedTimes(stores.stepTimes, whose.world);
  return {
    ...{ redis, drivers: createDrivers(redis, self), server: sayServer(facts, terms) },
    ...{ clock, stores, ledger, memory, inventory, outside, queues, times, say },
    sayWhose: () => sayWhose(redis, installation),
    timeline: (incident: string) => eventsOf(redis, "incident", incident),
    asked: askedOf(redis, clock, seals),
    noteSeen: () => noteSeen(ledger, seen, clock.now()),
    standing: () => seen.standing(clock.now()),
  };
}

/** For acts of people, who hear what happened to theirs; the engine begins again from the journal instead. */
function askedOf(redis: ScriptedRedis, clock: StoreClock, seals: Seals) {
  const plain = withPlainErrors(redis);
  return {
    stores: createStores(plain, () => clock.now(), seals),
    timeline: (incident: string) => eventsOf(plain, "incident", incident),
    eventsOfRun: (run: string) => eventsOf(plain, "run", run),
  };
}

const whoseState = (environment: string, isRehearsal: boolean): Whose => ({
  environment,
  world: isRehearsal ? "rehearsal" : "production",
});
