import { z } from "zod";
import { CardDue } from "../domain/card/card-due.ts";
import { AlertDocument } from "../domain/incident/alert.ts";
import { Incident, incidentLabels, isOpen } from "../domain/incident/incident.ts";
import type { Observation } from "../domain/service/observed.ts";
import { RunCalls } from "../engine/delivery/call-people.ts";
import { RunNotes } from "../engine/runs/advance-run.ts";
import { ThrottleBook } from "../flows/incident/deps.ts";
import { Correlation } from "../flows/incident/intake/correlate.ts";
import type { Documents } from "../ports/documents.ts";
import type { Recoveries } from "../ports/lost-store.ts";
import type { Runs } from "../ports/runs.ts";
import { createDocuments } from "../store/documents.ts";
import { createRecoveries } from "../store/recoveries.ts";
import { createRuns } from "../store/runs.ts";
import type { ScriptedRedis } from "../store/scripts.ts";

/** Where the cards of a run go when it has no incident. */
const RunChannel = z.strictObject({ channel: z.string() });
export type RunChannel = z.infer<typeof RunChannel>;

/** The newest look at a service; written by whoever looked, shown with its age. */
const Seen = z.strictObject({
  observation: z.custom<Observation>((value) => typeof value === "object" && value !== null && "service" in value),
});
export type Seen = z.infer<typeof Seen>;

/** Everything that is stored, by kind. */
export interface Stores {
  readonly runs: Runs;
  readonly incidents: Documents<Incident>;
  readonly correlation: Documents<Correlation>;
  readonly alerts: Documents<AlertDocument>;
  readonly cards: Documents<CardDue>;
  readonly throttle: Documents<ThrottleBook>;
  readonly calls: Documents<RunCalls>;
  readonly notes: Documents<RunNotes>;
  readonly runChannels: Documents<RunChannel>;
  readonly seen: Documents<Seen>;
  readonly recoveries: Recoveries;
}

export function createStores(redis: ScriptedRedis, now: () => number): Stores {
  return {
    runs: createRuns(redis, now),
    recoveries: createRecoveries(redis),
    incidents: createDocuments(redis, { kind: "incident", schema: Incident, isOpen, labels: incidentLabels }),
    correlation: createDocuments(redis, { kind: "correlation", schema: Correlation, isOpen: () => true }),
    alerts: createDocuments(redis, {
      kind: "alert",
      schema: AlertDocument,
      isOpen: (alert) => alert.state === "alarm",
    }),
    cards: createDocuments(redis, { kind: "card", schema: CardDue, isOpen: (card) => card.sent < card.wanted }),
    throttle: createDocuments(redis, { kind: "throttle", schema: ThrottleBook, isOpen: () => false }),
    calls: createDocuments(redis, { kind: "run-calls", schema: RunCalls, isOpen: (calls) => calls.open.length > 0 }),
    notes: createDocuments(redis, { kind: "run-notes", schema: RunNotes, isOpen: () => false }),
    runChannels: createDocuments(redis, { kind: "run-channel", schema: RunChannel, isOpen: () => false }),
    seen: createDocuments(redis, { kind: "seen", schema: Seen, isOpen: () => false }),
  };
}
