import { hostname } from "node:os";
import type { Settings } from "../config/environment.ts";
import { messageOf } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { IncidentDeps } from "../flows/incident/deps.ts";
import { createQueues } from "../jobs/queues.ts";
import { createRetention } from "../jobs/retention.ts";
import { createWorkers } from "../jobs/workers.ts";
import type { Logger } from "../ports/logger.ts";
import { createArchive } from "../store/archive-file.ts";
import { sharedBudget } from "../store/budget.ts";
import { StoreClock } from "../store/clock.ts";
import { connectRedis, FAIL_FAST, WAITING } from "../store/connection.ts";
import { eventsOf, trimEvents } from "../store/events.ts";
import { LedgerFile } from "../store/ledger-file.ts";
import { incidentVoice } from "../views/incident-voice.ts";
import { announce } from "./announce.ts";
import { renderCard } from "./cards.ts";
import { createCommands } from "./commands.ts";
import { type Doors, openDoors } from "./doors.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { updateFacts } from "./incident-runs.ts";
import { createHandlers } from "./lanes.ts";
import { startObserver } from "./observer.ts";
import { createOutside } from "./outside.ts";
import { startStoreGuard } from "./store-guard.ts";
import { createEndings, createStores } from "./stores.ts";

export interface App {
  readonly webPort: number;
  /** Says something about TwoKey itself in the alerts channel; several processes saying the same say it once an hour. */
  announce(says: string): Promise<void>;
  /** Hands work over and closes the doors; resolves when nothing of this process is left. */
  stop(): Promise<void>;
}

/** Composition, in the order in which it starts; it stops in the reverse order. Nothing in it decides anything. */
export async function startApp(settings: Settings, inventory: () => Inventory, logger: Logger): Promise<App> {
  const worker = `${settings.processName}@${hostname()}:${process.pid}`;
  const url = settings.redisUrl.reveal();
  const redis = await connectRedis(url, logger);
  const clock = new StoreClock(redis);
  await clock.refresh();
  const stores = createStores(redis, () => clock.now());
  const ledger = await LedgerFile.open(redis, { ...settings.ledger, process: settings.processName });
  const outside = createOutside(settings, inventory, { clock, budget: sharedBudget(redis), logger });
  const queues = createQueues({ url, ...FAIL_FAST, enableOfflineQueue: true }, logger);
  const timeline = (incident: string) => eventsOf(redis, "incident", incident);
  const eventsOfRun = (run: string) => eventsOf(redis, "run", run);
  const incidentDeps: Omit<IncidentDeps, "showCard"> = {
    ...stores,
    chat: outside.chat,
    pagers: outside.pagers,
    clock,
    wake: queues.wake,
    voice: incidentVoice,
    inventory,
    timeline,
    facts: (incident) => updateFacts(incident, stores, clock),
  };
  const say = (says: string) => announce(says, { stores, clock, queues, inventory });
  const handlers = createHandlers({
    stores,
    outside,
    queues,
    clock,
    ledger,
    logger,
    worker,
    incidentDeps,
    inventory,
    render: (kind, subject) => renderCard(kind, subject, { stores, clock, inventory }),
    announce: say,
    retention: createRetention({
      endings: createEndings(stores, { redis, now: () => clock.now() }),
      trimEvents: (...how) => trimEvents(redis, ...how),
      archive: createArchive({
        ...{ directory: settings.ledger.directory, process: settings.processName },
        ...{ ledger, now: () => clock.now() },
      }),
      clock,
    }),
    onSweep: createHeartbeat(() => inventory().file.incidents.heartbeat_url, logger),
  });
  const workers = createWorkers({ url, ...WAITING }, handlers, logger);
  await workers.ready();
  await queues.startSweep();
  const sources = { stores, outside, ledger, clock, wake: queues.wake, inventory, timeline, eventsOfRun };
  const intents = createCommands(sources);
  const doors: Doors = await openDoors({
    settings,
    redis,
    stores,
    outside,
    queues,
    clock,
    logger,
    intents,
    inventory,
    isReady: async () => {
      const wrong = await ledger.disagreement().catch((error: unknown) => messageOf(error));
      return wrong === undefined ? [] : [wrong];
    },
  });
  const observer = startObserver({ stores, outside, clock, logger, inventory });
  const guard = startStoreGuard({ ledger, queues, pagers: outside.pagers, logger, process: worker, inventory });
  logger.info({ worker, port: doors.web.port, services: inventory().services.length }, "TwoKey is ready");
  return {
    webPort: doors.web.port,
    announce: say,
    async stop() {
      observer.stop();
      guard.stop();
      await doors.slack.stop();
      await doors.web.close();
      await workers.close();
      await queues.close();
      await ledger.close();
      outside.close();
      redis.disconnect();
    },
  };
}
