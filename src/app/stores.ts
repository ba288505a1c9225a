import { z } from "zod";
import { CardDue } from "../domain/card/card-due.ts";
import { AlertRecord } from "../domain/incident/alert.ts";
import { Incident, incidentLabels, isOpen } from "../domain/incident/incident.ts";
import type { Observation } from "../domain/service/observed.ts";
import { RunCalls } from "../engine/delivery/call-people.ts";
import { RunNotes } from "../engine/runs/advance-run.ts";
import { ThrottleBook } from "../flows/incident/deps.ts";
import { Correlation } from "../flows/incident/intake/correlate.ts";
import type { Records } from "../ports/documents.ts";
import type { Recoveries } from "../ports/lost-store.ts";
import type { Runs } from "../ports/runs.ts";
import { createRecords } from "../store/documents.ts";
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
export interface Memory {
  readonly runs: Runs;
  readonly incidents: Records<Incident>;
  readonly correlation: Records<Correlation>;
  readonly alerts: Records<AlertRecord>;
  readonly cards: Records<CardDue>;
  readonly throttle: Records<ThrottleBook>;
  readonly calls: Records<RunCalls>;
  readonly notes: Records<RunNotes>;
  readonly runChannels: Records<RunChannel>;
  readonly seen: Records<Seen>;
  readonly recoveries: Recoveries;
}

export function createMemory(redis: ScriptedRedis, now: () => number): Memory {
  return {
    runs: createRuns(redis, now),
    recoveries: createRecoveries(redis),
    incidents: createRecords(redis, { kind: "incident", schema: Incident, isOpen, labels: incidentLabels }),
    correlation: createRecords(redis, { kind: "correlation", schema: Correlation, isOpen: () => true }),
    alerts: createRecords(redis, { kind: "alert", schema: AlertRecord, isOpen: (alert) => alert.state === "alarm" }),
    cards: createRecords(redis, { kind: "card", schema: CardDue, isOpen: (card) => card.sent < card.wanted }),
    throttle: createRecords(redis, { kind: "throttle", schema: ThrottleBook, isOpen: () => false }),
    calls: createRecords(redis, { kind: "run-calls", schema: RunCalls, isOpen: (calls) => calls.open.length > 0 }),
    notes: createRecords(redis, { kind: "run-notes", schema: RunNotes, isOpen: () => false }),
    runChannels: createRecords(redis, { kind: "run-channel", schema: RunChannel, isOpen: () => false }),
    seen: createRecords(redis, { kind: "seen", schema: Seen, isOpen: () => false }),
  };
}
