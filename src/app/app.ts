import { hostname } from "node:os";
import type { Settings } from "../config/environment.ts";
import { messageOf } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { createReplicationWatch, type ReplicationWatch } from "../flows/incident/intake/replication.ts";
import { createHandlers } from "../jobs/handlers.ts";
import { createQueues } from "../jobs/queues.ts";
import { createRetention } from "../jobs/retention.ts";
import { createWorkers, type Handlers } from "../jobs/workers.ts";
import type { Logger } from "../ports/logger.ts";
import { createArchive } from "../store/archive-file.ts";
import { sharedBudget } from "../store/budget.ts";
import { followClock, StoreClock } from "../store/clock.ts";
import { createClosedFiles } from "../store/closed-files.ts";
import { connectRedis, FAIL_FAST, WAITING } from "../store/connection.ts";
import { whyUnwritable } from "../store/disk-probe.ts";
import { eventsOf, trimEvents } from "../store/events.ts";
import { foundFile } from "../store/found-file.ts";
import { claimStore } from "../store/installation.ts";
import { createLearnedTimes } from "../store/learned-times.ts";
import { LedgerFile } from "../store/ledger-file.ts";
import type { Whose } from "../store/ledger-lines.ts";
import { forgetMark } from "../store/ledger-marks.ts";
import { readMemory } from "../store/memory.ts";
import { forgetBefore } from "../store/once.ts";
import { sayServer } from "../store/server-check.ts";
import { incidentVoice } from "../views/incident-voice.ts";
import { type AlarmWatchDeps, startAlarmWatch } from "./alarm-watch.ts";
import { announce } from "./announce.ts";
import { renderCard } from "./cards.ts";
import { createCommands } from "./commands.ts";
import { openMemory, startDiscovering } from "./discovering.ts";
import { openDoors } from "./doors.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { updateFacts } from "./incident-runs.ts";
import { startLedgerGuard } from "./ledger-guard.ts";
import { startMemoryGuard } from "./memory-guard.ts";
import { startObserver } from "./observer.ts";
import { Opened } from "./opened.ts";
import { createOutside } from "./outside.ts";
import { startStoreGuard } from "./store-guard.ts";
import { createEndings, createStores } from "./stores.ts";

export interface App {
  /** The name of this process in the store. */
  readonly worker: string;
  /** The one that was taken, where the settings say 0. */
  readonly webPort: number;
  /** Says something about TwoKey itself in the alerts channel; several processes saying the same say it once an hour. */
  announce(says: string): Promise<void>;
  /** Hands work over and closes the doors; resolves when nothing of this process is left. */
  stop(): Promise<void>;
}

/** Machine time; what does not close after a failed start ends with the process. */
const CLOSE_WITHIN_MS = 5_000;

/** A running app, or an error and nothing of it left open. */
export async function startApp(settings: Settings, described: () => Inventory, logger: Logger): Promise<App> {
  const opened = new Opened();
  try {
    return await compose({ settings, described, logger, opened });
  } catch (error) {
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, CLOSE_WITHIN_MS);
    });
    await Promise.race([opened.close().catch(() => undefined), enough]);
    clearTimeout(patience);
    throw error;
  }
}

interface Composing {
  readonly settings: Settings;
  /** The file as it is written: without what was discovered. */
  readonly described: () => Inventory;
  readonly logger: Logger;
  readonly opened: Opened;
}

/** Composition, in the order in which it starts; it stops in the reverse order. Nothing in it decides anything. */
async function compose(composing: Composing): Promise<App> {
  const { settings, logger, opened } = composing;
  const worker = `${settings.processName}@${hostname()}:${process.pid}`;
  const held = await openStore(composing);
  const { stores, clock, ledger, queues, outside, inventory, memory } = held;
  const commands = createCommands({ ...held, wake: queues.wake, inventory });
  let isStarting = true;
  // The port before the workers: a process that cannot have it must not take up work.
  const doors = await openDoors({
    ...held,
    ...{ settings, logger, inventory, ...commands },
    isReady: async () => (isStarting ? ["It is still starting."] : complaintsOf(ledger)),
  });
  opened.add(() => doors.web.close());
  const connection = { url: settings.redisUrl.reveal(), ...WAITING };
  const workers = createWorkers(connection, handlersOf(held, worker, composing), logger);
  opened.add(() => workers.close());
  await workers.ready();
  await queues.startSweep();
  opened.add(() => doors.slack.stop());
  await doors.slack.start();
  const observer = startObserver({ stores, outside, clock, logger, inventory, replication: replicationOf(held) });
  opened.add(() => observer.stop());
  const discovering = startDiscovering({ memory, cloud: outside.cloud, clock, logger });
  opened.add(() => discovering.stop());
  const alarms = startAlarmWatch(alarmWatchDeps(held, logger));
  opened.add(() => alarms.stop());
  for (const guard of startGuards(held, worker, composing)) opened.add(() => guard.stop());
  await tellOfTornEnd(held, logger);
  isStarting = false;
  return { worker, webPort: doors.web.port, announce: held.say, stop: () => opened.close() };
}

type Held = Awaited<ReturnType<typeof openStore>>;

/** What TwoKey itself stands on is looked at, also on quiet days: whether store and ledger agree, and have room. */
function startGuards(
  { clock, ledger, queues, outside: { pagers, chat }, inventory, redis, say: announce }: Held,
  process: string,
  { settings, logger }: Composing,
): readonly { stop(): void }[] {
  const about = { clock, logger, inventory, pagers, chat, process };
  return [
    startStoreGuard({ ...about, announce, ledger, queues }),
    startMemoryGuard({ ...about, announce, memory: () => readMemory(redis, settings.redisMemoryBytes) }),
    startLedgerGuard({
      ...{ ...about, announce },
      whyUnwritable: () => whyUnwritable(settings.ledger.directory, settings.processName),
    }),
  ];
}

const replicationOf = ({ stores, queues, clock }: Held): ReplicationWatch =>
  createReplicationWatch({
    alerts: stores.alerts,
    enqueue: (signal) => queues.enqueueSignal(signal),
    nowMs: () => clock.now(),
  });

function alarmWatchDeps({ stores, outside, queues, clock, inventory, say }: Held, logger: Logger): AlarmWatchDeps {
  return {
    ...{ reads: stores.alarmReads, alerts: stores.alerts, alarms: outside.alarms, logger, announce: say },
    policy: () => inventory().file.alerts,
    enqueue: (signal) => queues.enqueueSignal(signal),
    nowMs: () => clock.now(),
  };
}

/** What everything else stands on: the store with its clock, the ledger beside it, the ways out, and the queues. */
async function openStore({ settings, described, logger, opened }: Composing) {
  const url = settings.redisUrl.reveal();
  const terms = { accepted: described().file.redis.accept, isRehearsal: settings.sandbox !== undefined };
  const { redis, facts } = await connectRedis(url, terms, logger);
  opened.add(() => redis.disconnect());
  const whose = whoseState(described().file.environment, terms.isRehearsal);
  await claimStore(redis, { whose, ledgerKey: settings.ledger.key });
  const clock = new StoreClock(redis);
  await clock.refresh();
  if (settings.sandbox !== undefined) opened.add(await followClock(redis, clock));
  const stores = createStores(redis, () => clock.now());
  const ledger = await LedgerFile.open(redis, { ...settings.ledger, process: settings.processName, whose });
  opened.add(() => ledger.close());
  const file = foundFile(settings.ledger.directory, settings.processName, (why) => logger.warn({}, why));
  const memory = await openMemory({ stores, file, described });
  const { inventory } = memory;
  const outside = createOutside(settings, inventory, { clock, budget: sharedBudget(redis), logger });
  opened.add(() => outside.close());
  const queues = createQueues({ url, ...FAIL_FAST, enableOfflineQueue: true }, logger);
  opened.add(() => queues.close());
  const timeline = (incident: string) => eventsOf(redis, "incident", incident);
  const eventsOfRun = (run: string) => eventsOf(redis, "run", run);
  const say = (says: string) => announce(says, { stores, clock, queues, inventory });
  // What the simulated world takes says nothing about the real one.
  const times = createLearnedTimes(stores.stepTimes, settings.sandbox ? "rehearsal" : "production");
  return {
    redis,
    server: sayServer(facts, terms),
    clock,
    stores,
    ledger,
    memory,
    inventory,
    outside,
    queues,
    times,
    timeline,
    eventsOfRun,
    say,
  };
}

function handlersOf(held: Held, worker: string, { settings, logger }: Composing): Handlers {
  const { redis, inventory, stores, outside, queues, clock, ledger, timeline, times } = held;
  const now = () => clock.now();
  const beside = { directory: settings.ledger.directory, process: settings.processName, ledger, now };
  return createHandlers({
    ...{ stores, outside, queues, clock, ledger, logger, worker, inventory, times },
    incidentDeps: {
      ...stores,
      ...{ chat: outside.chat, pagers: outside.pagers, clock, wake: queues.wake, voice: incidentVoice, inventory },
      timeline,
      facts: (incident) => updateFacts(incident, stores, clock),
    },
    render: (kind, subject) => renderCard(kind, subject, { stores, clock, inventory }),
    announce: held.say,
    retention: createRetention({
      endings: createEndings(stores, { redis, now }),
      trimEvents: (ending) => trimEvents(redis, ending),
      endSignals: queues.endSignals,
      forgetInbound: (beforeMs) => forgetBefore(redis, beforeMs),
      archive: createArchive(beside),
      closedFiles: createClosedFiles({ ...beside, forgetMark: (name, newest) => forgetMark(redis, name, newest) }),
      clock,
    }),
    onSweep: createHeartbeat(() => inventory().file.incidents.heartbeat_url, logger),
  });
}

const whoseState = (environment: string, isRehearsal: boolean): Whose => ({
  environment,
  world: isRehearsal ? "rehearsal" : "production",
});

async function complaintsOf(ledger: LedgerFile): Promise<readonly string[]> {
  const wrong = await ledger.disagreement().catch((error: unknown) => messageOf(error));
  return wrong === undefined ? [] : [wrong];
}

async function tellOfTornEnd({ ledger: { torn }, say }: Held, logger: Logger): Promise<void> {
  if (!torn) return;
  const what = "The ledger ended in a line that was cut off while it was written";
  logger.warn({ ...torn }, what);
  const kept = torn.keptIn === undefined ? "It could not be kept: the log has it." : `It is kept as ${torn.keptIn}.`;
  await say(`${what}. ${kept} The lines before it are whole.`).catch((error: unknown) =>
    logger.warn({ why: messageOf(error) }, "Could not say so in Slack"),
  );
}
