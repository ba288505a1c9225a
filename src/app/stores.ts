import { z } from "zod";
import { CardDue } from "../domain/card/card-due.ts";
import { AlarmReads } from "../domain/incident/alarm-reads.ts";
import { AlertDocument, alertLabels } from "../domain/incident/alert.ts";
import { Incident, incidentLabels, isOpen } from "../domain/incident/incident.ts";
import type { KeptTimes } from "../domain/plan-run/learned-times.ts";
import { isTended, Wait } from "../domain/plan-run/wait.ts";
import { Remembered } from "../domain/service/found.ts";
import type { Observation } from "../domain/service/observation.ts";
import { RunNotes } from "../engine/runs/advance-run.ts";
import { ThrottleBook } from "../flows/incident/deps.ts";
import { Correlation } from "../flows/incident/intake/correlate.ts";
import { Calls } from "../flows/reach/calls.ts";
import type { RetentionDeps } from "../jobs/retention.ts";
import type { Asides, Keeping, KeptDocuments } from "../ports/keeping.ts";
import type { Recoveries } from "../ports/lost-store.ts";
import { endingOfAsides } from "../store/aside-endings.ts";
import { createDocuments, type DocumentKind } from "../store/documents.ts";
import { type EndingSources, endingOf, endingOfCards, endingOfIncidents, endingOfRuns } from "../store/endings.ts";
import { createTimelines } from "../store/events.ts";
import { createFreezes, type KeptFreezes } from "../store/freezes.ts";
import { STEP_TIMES } from "../store/learned-times.ts";
import { forgetMark } from "../store/ledger-marks.ts";
import { createAsides } from "../store/put-aside.ts";
import { createRecoveries } from "../store/recoveries.ts";
import { createRuns, type KeptRuns } from "../store/runs.ts";
import type { ScriptedRedis } from "../store/scripts.ts";
import type { Seals } from "../store/seal.ts";

/** Where the cards of a run go when it has no incident. */
const RunChannel = z.strictObject({ channel: z.string() });
export type RunChannel = z.infer<typeof RunChannel>;

/** The newest look at a service; written by whoever looked, shown with its age. */
const Seen = z.strictObject({
  observation: z.custom<Observation>((value) => typeof value === "object" && value !== null && "resources" in value),
});
export type Seen = z.infer<typeof Seen>;

/** Everything that is stored, by kind. */
export interface Stores {
  readonly runs: KeptRuns;
  readonly incidents: KeptDocuments<Incident>;
  readonly correlation: KeptDocuments<Correlation>;
  readonly alerts: KeptDocuments<AlertDocument>;
  readonly alarmReads: KeptDocuments<AlarmReads>;
  readonly cards: KeptDocuments<CardDue>;
  readonly throttle: KeptDocuments<ThrottleBook>;
  readonly calls: KeptDocuments<Calls>;
  readonly notes: KeptDocuments<RunNotes>;
  readonly runChannels: KeptDocuments<RunChannel>;
  readonly seen: KeptDocuments<Seen>;
  readonly discovered: KeptDocuments<Remembered>;
  readonly stepTimes: KeptDocuments<KeptTimes>;
  readonly freezes: KeptFreezes;
  /** By service. */
  readonly waits: KeptDocuments<Wait>;
  /** By process. */
  readonly saidProofs: KeptDocuments<SaidProofs>;
  /** Whom TwoKey called about itself. */
  readonly ownCalls: KeptDocuments<Calls>;
  readonly recoveries: Recoveries;
  readonly asides: Asides;
  readonly timelines: Pick<Keeping, "takeBack">;
}

const INCIDENT: DocumentKind<Incident> = {
  ...{ kind: "incident", version: 5, schema: Incident, unreadable: "stays", isOpen, labels: incidentLabels },
  settledAtMs: (incident) => (isOpen(incident) ? undefined : (incident.closedAtMs ?? incident.openedAtMs)),
};
/** The index of what is open. Begun again it lets an alert open an incident of its own, which people then see twice. */
const CORRELATION: DocumentKind<Correlation> = {
  ...{ kind: "correlation", version: 2, schema: Correlation, unreadable: "begins-again", isOpen: () => true },
};
const ALERT: DocumentKind<AlertDocument> = {
  ...{ kind: "alert", version: 1, schema: AlertDocument, unreadable: "begins-again", labels: alertLabels },
  isOpen: (alert) => alert.state === "alarm",
  settledAtMs: (alert) => (alert.state === "alarm" ? undefined : alert.changedAtMs),
};
const ALARM_READS: DocumentKind<AlarmReads> = {
  ...{ kind: "alarm-reads", version: 1, schema: AlarmReads, unreadable: "begins-again", isOpen: () => false },
};
const CARD: DocumentKind<CardDue> = {
  ...{ kind: "card", version: 1, schema: CardDue, unreadable: "begins-again" },
  isOpen: (card) => card.sent < card.wanted,
  settledAtMs: (card) => (card.sent < card.wanted ? undefined : (card.sentAtMs ?? card.wantedSinceMs)),
};
const THROTTLE: DocumentKind<ThrottleBook> = {
  ...{ kind: "throttle", version: 1, schema: ThrottleBook, unreadable: "begins-again", isOpen: () => false },
  settledAtMs: ({ taken }) => taken.at(-1)?.atMs,
};
const CALLS: DocumentKind<Calls> = {
  ...{ kind: "run-calls", version: 3, schema: Calls, unreadable: "begins-again" },
  isOpen: (calls) => calls.open.length > 0,
};
const OWN_CALLS: DocumentKind<Calls> = {
  ...{ kind: "own-calls", version: 3, schema: Calls, unreadable: "begins-again", isOpen: () => false },
};
const NOTES: DocumentKind<RunNotes> = {
  ...{ kind: "run-notes", version: 1, schema: RunNotes, unreadable: "begins-again", isOpen: () => false },
};
const RUN_CHANNEL: DocumentKind<RunChannel> = {
  ...{ kind: "run-channel", version: 1, schema: RunChannel, unreadable: "begins-again", isOpen: () => false },
};
const SEEN: DocumentKind<Seen> = {
  // Also where only the shape of what a kind sees has changed: nothing else looks into it.
  ...{ kind: "seen", version: 4, schema: Seen, unreadable: "begins-again", isOpen: () => false },
  settledAtMs: (seen) => seen.observation.atMs,
};

const DISCOVERED: DocumentKind<Remembered> = {
  ...{ kind: "discovered", version: 2, schema: Remembered, unreadable: "begins-again", isOpen: () => false },
  settledAtMs: ({ askedAtMs }) => askedAtMs,
};

/** Begun again it reminds nobody; it never held anything back. */
const WAIT: DocumentKind<Wait> = {
  ...{ kind: "wait", version: 1, schema: Wait, unreadable: "begins-again", isOpen: isTended },
};

/** What of the proofs of one process was told and not taken back. Begun again it is told once more. */
const SaidProofs = z.strictObject({ said: z.record(z.string(), z.string()) });
export type SaidProofs = z.infer<typeof SaidProofs>;
const SAID_PROOFS: DocumentKind<SaidProofs> = {
  ...{ kind: "said-proofs", version: 1, schema: SaidProofs, unreadable: "begins-again", isOpen: () => false },
};

/** How each kind ends whose end is an age. */
export function createEndings(stores: Stores, sources: EndingSources): RetentionDeps["endings"] {
  return {
    incidents: endingOfIncidents(stores.incidents, sources),
    runs: endingOfRuns(stores.runs, sources),
    alerts: endingOf(stores.alerts, sources, "archived"),
    cards: endingOfCards(stores.cards, sources),
    seen: endingOf(stores.seen, sources, "forgotten"),
    throttle: endingOf(stores.throttle, sources, "forgotten"),
    stepTimes: endingOf(stores.stepTimes, sources, "archived"),
    // That of a service in the file is renewed every hour, so it never grows so old.
    discovered: endingOf(stores.discovered, sources, "forgotten"),
    putAside: endingOfAsides(sources.redis),
  };
}

export function createStores(redis: ScriptedRedis, now: () => number, seals: Seals): Stores {
  return {
    runs: createRuns(redis, now, seals),
    recoveries: createRecoveries(redis, seals),
    asides: createAsides(redis),
    timelines: createTimelines(redis),
    incidents: createDocuments(redis, INCIDENT),
    correlation: createDocuments(redis, CORRELATION),
    alerts: createDocuments(redis, ALERT),
    alarmReads: createDocuments(redis, ALARM_READS),
    cards: createDocuments(redis, CARD),
    throttle: createDocuments(redis, THROTTLE),
    calls: createDocuments(redis, CALLS),
    notes: createDocuments(redis, NOTES),
    runChannels: createDocuments(redis, RUN_CHANNEL),
    seen: createDocuments(redis, SEEN),
    discovered: createDocuments(redis, DISCOVERED),
    stepTimes: createDocuments(redis, STEP_TIMES),
    freezes: createFreezes(redis, seals),
    waits: createDocuments(redis, WAIT),
    saidProofs: createDocuments(redis, SAID_PROOFS),
    ownCalls: createDocuments(redis, OWN_CALLS),
  };
}

/** What one process has told of its proofs. */
export const saidBy = (process: string, documents: Stores["saidProofs"]) => ({
  read: async () => (await documents.get(process))?.value.said ?? {},
  write: async (said: SaidProofs["said"]) => {
    await documents.change(process, () => ({ value: { said: { ...said } }, events: [] }));
  },
});

/** What a process calls people about itself for. */
export const OWN_OCCASIONS = ["store-full", "slack-away", "ledger-unwritable", "broken"] as const;
export type OwnOccasion = (typeof OWN_OCCASIONS)[number];

export const ownCallsId = (occasion: OwnOccasion, process: string): string => `${occasion}:${process}`;

/**
 * What is kept by the name of a process that is not used any more, and whose ledger ended with that mark. One that goes on somewhere else
 * keeps what it has told and whom it has called. What was not forgotten because of a crash is forgotten the next time.
 */
export const forgetting =
  (redis: ScriptedRedis, { saidProofs, ownCalls }: Stores, now: () => number) =>
  async (process: string, newest: string): Promise<void> => {
    if (!(await forgetMark(redis, process, newest))) return;
    const removal = { revision: undefined, nowMs: now() };
    await saidProofs.remove(process, removal);
    for (const occasion of OWN_OCCASIONS) await ownCalls.remove(ownCallsId(occasion, process), removal);
  };
