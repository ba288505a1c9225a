import { sayLost } from "../engine/runs/say-lost.ts";
import { createReplicationCheck, type ReplicationCheck } from "../flows/incident/intake/replication.ts";
import { type AlarmReaderDeps, startAlarmReader } from "../jobs/looks/alarm-reader.ts";
import { startAwayGuard } from "../jobs/looks/away-guard.ts";
import { type BrokenGuardDeps, startBrokenGuard } from "../jobs/looks/broken-guard.ts";
import { startDiscovering } from "../jobs/looks/discovering.ts";
import { startLedgerGuard } from "../jobs/looks/ledger-guard.ts";
import { startMemoryGuard } from "../jobs/looks/memory-guard.ts";
import { type ObserverDeps, startObserver } from "../jobs/looks/observer.ts";
import { ownCalls } from "../jobs/looks/own-calls.ts";
import { proofVoice } from "../jobs/looks/proof-voice.ts";
import { Proving } from "../jobs/looks/proving.ts";
import { startSeenGuard } from "../jobs/looks/seen-guard.ts";
import { startSilenceGuard } from "../jobs/looks/silence-guard.ts";
import { startStoreGuard } from "../jobs/looks/store-guard.ts";
import type { Logger } from "../ports/logger.ts";
import { whyUnwritable } from "../store/disk-probe.ts";
import { readMemory } from "../store/memory.ts";
import { whyNothingIsStored } from "../store/proofs.ts";
import { look } from "./commands.ts";
import type { Heard } from "./heard-chat.ts";
import type { Composing, Held } from "./held.ts";
import { proofsOf } from "./proofs.ts";
import { openRooms } from "./rooms.ts";
import { type OwnOccasion, ownCallsId, saidBy } from "./stores.ts";

interface Looking {
  stop(): void;
}

/** What a process looks at by itself, on quiet days too: the services, what was discovered of them, alarms, and what TwoKey stands on. */
export function startRegularLooks(
  held: Heard,
  composing: Composing,
  ours: Pick<BrokenGuardDeps, "broken">,
): readonly Looking[] {
  const { outside, clock, memory } = held;
  const { logger } = composing;
  return [
    startObserver(observerDeps(held, logger)),
    startDiscovering({ memory, cloud: outside.regularCloud, clock, logger }),
    startAlarmReader(alarmReaderDeps(held, logger)),
    ...startGuards(held, composing, ours),
  ];
}

/** What the process stands on, and who is told where it is wrong. */
export function provingOf(held: Held, { settings, logger }: Composing): Proving {
  const { redis, ledger, outside, inventory, clock, stores, say: announce } = held;
  const { processName: process } = settings;
  const { pagers, chat } = outside;
  return new Proving({
    proofs: () =>
      proofsOf({
        ...{ settings, inventory, outside },
        ...{ redis: async () => redis, disagreement: () => ledger.disagreement() },
      }),
    ...{ clock, logger },
    tell: proofVoice({
      ...{ announce, pagers, chat, clock, logger, inventory, process },
      said: saidBy(process, stores.saidProofs),
    }),
  });
}

/** Whether store and ledger are there, agree, and have room, and what TwoKey fails at. */
function startGuards(
  held: Heard,
  composing: Composing,
  { broken }: Pick<BrokenGuardDeps, "broken">,
): readonly Looking[] {
  const { ledger, queues, stores, posts, sayWhose, noteSeen, standing, say: announce } = held;
  const { settings, logger } = composing;
  const about = aboutProcess(held, composing);
  const callsFor = (occasion: OwnOccasion) => ownCalls(stores.ownCalls, ownCallsId(occasion, settings.processName));
  const rooms = () => openRooms(stores);
  const { runs, freezes } = stores;
  return [
    startStoreGuard({ ...about, announce, ledger, queues, sayWhose, rooms }),
    startSeenGuard({
      ...{ runs, keepFreezes: () => freezes.keep(), standing, noteSeen, announce, logger },
      sayLost: (run) => sayLost(run, { runs, clock: held.clock }),
    }),
    ...startRoomGuards(held, composing),
    startSilenceGuard({ ...about, announce, posts, rooms, memory: callsFor("slack-away") }),
    startBrokenGuard({ ...about, broken, memory: callsFor("broken") }),
  ];
}

/** Whether what TwoKey keeps finds room, in Redis and on the ledger's disk. */
function startRoomGuards(held: Heard, composing: Composing): readonly Looking[] {
  const { stores, redis, say: announce } = held;
  const { settings } = composing;
  const about = { ...aboutProcess(held, composing), announce };
  const callsFor = (occasion: OwnOccasion) => ownCalls(stores.ownCalls, ownCallsId(occasion, settings.processName));
  return [
    startMemoryGuard({
      ...{ ...about, memory: () => readMemory(redis, settings.redisMemoryBytes) },
      calls: callsFor("store-full"),
    }),
    startAwayGuard({ ...about, whyNothingIsStored: () => whyNothingIsStored(redis, settings.processName) }),
    startLedgerGuard({
      ...{ ...about, calls: callsFor("ledger-unwritable") },
      whyUnwritable: () => whyUnwritable(settings.ledger.directory, settings.processName),
    }),
  ];
}

/** By the name that it keeps when it is started again: the one that follows ends what this one has called people for. */
const aboutProcess = ({ clock, inventory, outside: { pagers, chat } }: Heard, { settings, logger }: Composing) => ({
  ...{ clock, logger, inventory, pagers, chat },
  process: settings.processName,
});

function observerDeps(held: Heard, logger: Logger): ObserverDeps {
  const { stores, outside, clock, inventory } = held;
  return {
    ...{ runs: stores.runs, incidents: stores.incidents, clock, logger, inventory },
    look: (service) => look(service, stores, { cloud: outside.regularCloud }),
    replication: replicationOf(held),
  };
}

const replicationOf = ({ stores, queues, clock }: Held): ReplicationCheck =>
  createReplicationCheck({
    alerts: stores.alerts,
    enqueue: (signal) => queues.enqueueSignal(signal),
    nowMs: () => clock.now(),
  });

function alarmReaderDeps({ stores, outside, queues, clock, inventory, say }: Held, logger: Logger): AlarmReaderDeps {
  return {
    ...{ reads: stores.alarmReads, alerts: stores.alerts, alarms: outside.alarms, logger, announce: say },
    policy: () => inventory().file.alerts,
    enqueue: (signal) => queues.enqueueSignal(signal),
    nowMs: () => clock.now(),
  };
}
