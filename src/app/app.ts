import { hostname } from "node:os";
import type { Settings } from "../config/environment.ts";
import { messageOf } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { createHandlers, type HandlerDeps } from "../jobs/handlers.ts";
import { createHeartbeat } from "../jobs/heartbeat.ts";
import { createRetention } from "../jobs/retention.ts";
import { startSuccession } from "../jobs/succession.ts";
import { createWorkers, type Handlers } from "../jobs/workers.ts";
import type { Logger } from "../ports/logger.ts";
import { createArchive } from "../store/archive-file.ts";
import { createClosedFiles } from "../store/closed-files.ts";
import { signingInBy, WAITING } from "../store/connection.ts";
import { trimEvents } from "../store/events.ts";
import { forgetBefore } from "../store/once.ts";
import { whyNothingIsStored } from "../store/proofs.ts";
import { refusedStart } from "../store/refusals.ts";
import { createUnlisted } from "../store/unlisted.ts";
import { incidentVoice } from "../views/incident-voice.ts";
import { renderCard } from "./cards.ts";
import { createCommands, factsOf } from "./commands.ts";
import { openDoors } from "./doors.ts";
import { followSecrets } from "./followed-secrets.ts";
import { hearing } from "./heard-chat.ts";
import { type Composing, type Held, openStore } from "./held.ts";
import { Opened } from "./opened.ts";
import { createReadiness } from "./readiness.ts";
import { provingOf, startRegularLooks } from "./regular-looks.ts";
import { createEndings, forgetting } from "./stores.ts";

export interface App {
  /** The name of this process in the store. */
  readonly worker: string;
  /** The one that was taken, where the settings say 0. */
  readonly webPort: number;
  /** Says something about TwoKey itself in the alerts channel; what several processes say within an hour is said once. */
  announce(says: string): Promise<void>;
  /** Hands work over and closes the doors; resolves when nothing of this process is left. */
  stop(): Promise<void>;
}

/** Machine time; what does not close after a failed start ends with the process. */
const CLOSE_WITHIN_MS = 5_000;

interface Starting {
  readonly logger: Logger;
  /** Closing it gives the start up. */
  readonly opened?: Opened;
}

/** A running app, or an error and nothing of it left open. */
export async function startApp(
  settings: Settings,
  described: () => Inventory,
  { logger, opened = new Opened() }: Starting,
): Promise<App> {
  try {
    return await compose({ settings, described, logger, opened });
  } catch (error) {
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, CLOSE_WITHIN_MS);
    });
    await Promise.race([opened.close().catch(() => undefined), enough]);
    clearTimeout(patience);
    throw refusedStart(error) ?? error;
  }
}

/** Composition, in the order in which it starts; it stops in the reverse order. Nothing in it decides anything. */
async function compose(composing: Composing): Promise<App> {
  const { settings, logger, opened } = composing;
  const worker = `${settings.processName}@${hostname()}:${process.pid}`;
  const store = await openStore(composing, worker);
  const { redis, queues, inventory } = store;
  const proving = provingOf(store, composing);
  const held = hearing(store, proving);
  opened.add(() => proving.stop());
  const commands = createCommands({ ...held, ...held.asked, wake: queues.wake, inventory, logger, proven: proving });
  let isStarting = true;
  // The port before the workers: a process that cannot have it must not take up work.
  const doors = await openDoors({
    ...held,
    ...{ settings, logger, inventory, ...commands },
    isReady: createReadiness({
      isStarting: () => isStarting,
      whyNothingIsStored: () => whyNothingIsStored(redis, settings.processName),
      standings: proving.standings,
    }),
  });
  opened.add(() => doors.web.close());
  const { redisUrl } = settings;
  const connection = { url: redisUrl.reveal(), ...WAITING, ...signingInBy(redisUrl) };
  const handlers = handlersOf({ ...held, renew: commands.renewPlan }, worker, composing);
  const workers = createWorkers(connection, handlers, logger);
  opened.add(() => workers.close());
  await workers.ready();
  const succession = startSuccession({ drivers: held.drivers, advance: handlers.wakeUps.runs, logger });
  opened.add(() => succession.stop());
  await queues.startSweep();
  opened.add(() => doors.slack.stop());
  await doors.slack.start();
  for (const looking of startRegularLooks(held, composing, handlers.inVain)) opened.add(() => looking.stop());
  await tellOfTornEnd(held, logger);
  isStarting = false;
  // After the doors: no vendor that is slow keeps an alert or a page waiting.
  proving.start();
  opened.add(followSecrets(composing, { proving, say: held.say }));
  return { worker, webPort: doors.web.port, announce: held.say, stop: () => opened.close() };
}

function handlersOf(
  held: Held & Pick<HandlerDeps, "renew">,
  worker: string,
  { settings, logger }: Composing,
): Handlers {
  const { renew, drivers, redis, inventory, stores, outside, queues, clock, ledger, timeline, times } = held;
  const now = () => clock.now();
  const beside = { directory: settings.ledger.directory, process: settings.processName, ledger, now };
  return createHandlers({
    ...{ stores, outside, queues, clock, ledger, logger, worker, inventory, times, renew, drivers },
    incidentDeps: {
      ...stores,
      ...{ chat: outside.chat, pagers: outside.pagers, clock, wake: queues.wake, voice: incidentVoice, inventory },
      timeline,
      facts: (incident) => factsOf(incident, stores, clock),
    },
    render: (kind, subject) => renderCard(kind, subject, { stores, clock, inventory }),
    announce: held.say,
    unlisted: createUnlisted(redis),
    retention: createRetention({
      endings: createEndings(stores, { redis, now }),
      trimEvents: (ending) => trimEvents(redis, ending),
      endSignals: queues.endSignals,
      forgetInbound: (beforeMs) => forgetBefore(redis, beforeMs),
      archive: createArchive(beside),
      closedFiles: createClosedFiles({ ...beside, forget: forgetting(redis, stores, now) }),
      clock,
    }),
    onSweep: createHeartbeat(() => inventory().file.incidents.heartbeat_url, logger, outside.wayOut.fetch),
  });
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
