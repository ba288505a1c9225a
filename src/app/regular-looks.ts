import { sayLost } from "../engine/runs/say-lost.ts";
import { createReplicationCheck, type ReplicationCheck } from "../flows/incident/intake/replication.ts";
import { type AlarmReaderDeps, startAlarmReader } from "../jobs/looks/alarm-reader.ts";
import { startAwayGuard } from "../jobs/looks/away-guard.ts";
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
import { ownCallsId, saidBy } from "./stores.ts";

interface Looking {
  stop(): void;
}

/** What a process looks at by itself, on quiet days too: the services, what was discovered of them, alarms, and what TwoKey stands on. */
export function startRegularLooks(held: Heard, composing: Composing): readonly Looking[] {
  const { outside, clock, memory } = held;
  const { logger } = composing;
  return [
    startObserver(observerDeps(held, logger)),
    startDiscovering({ memory, cloud: outside.regularCloud, clock, logger }),
    startAlarmReader(alarmReaderDeps(held, logger)),
    ...startGuards(held, composing),
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

/** Whether store and ledger are there, agree, and have room. */
function startGuards(
  {
    clock,
    ledger,
    queues,
    stores,
    outside: { pagers, chat },
    inventory,
    redis,
    posts,
    sayWhose,
    noteSeen,
    say: announce,
  }: Heard,
  { settings, logger }: Composing,
): readonly Looking[] {
  // By the name that it keeps when it is started again: the one that follows ends what this one has called people for.
  const about = { clock, logger, inventory, pagers, chat, process: settings.processName };
  return [
    startStoreGuard({ ...about, announce, ledger, queues, sayWhose, rooms: () => openRooms(stores) }),
    startSeenGuard({
      ...{ runs: stores.runs, keepFreezes: () => stores.freezes.keep(), noteSeen, announce, logger },
      sayLost: (run) => sayLost(run, { runs: stores.runs, clock }),
    }),
    startMemoryGuard({
      ...{ ...about, announce, memory: () => readMemory(redis, settings.redisMemoryBytes) },
      calls: ownCalls(stores.ownCalls, ownCallsId("store-full", settings.processName)),
    }),
    startAwayGuard({ ...about, whyNothingIsStored: () => whyNothingIsStored(redis, settings.processName) }),
    startSilenceGuard({
      ...{ ...about, announce, posts, rooms: () => openRooms(stores) },
      memory: ownCalls(stores.ownCalls, ownCallsId("slack-away", settings.processName)),
    }),
    startLedgerGuard({
      ...{ ...about, announce },
      calls: ownCalls(stores.ownCalls, ownCallsId("ledger-unwritable", settings.processName)),
      whyUnwritable: () => whyUnwritable(settings.ledger.directory, settings.processName),
    }),
  ];
}

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
