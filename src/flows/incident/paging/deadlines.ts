import type { DutyOutcome, DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import { TWOKEY_DRIVES } from "../../../domain/incident/escalation.ts";
import { eventOf, type Incident, isOpen, withNote } from "../../../domain/incident/incident.ts";
import { commanderTargets } from "../../../domain/incident/page.ts";
import type { Person } from "../../../domain/people/person.ts";
import type { IncidentDeps } from "../deps.ts";
import { TWOKEY } from "../life/changes.ts";
import { settlePages } from "./acknowledge.ts";
import { askFor } from "./ask-for.ts";
import { heldMs, latestMatrix } from "./rungs.ts";

/** By when somebody has to answer, and what happens when nobody does. */

function deadlineDuties(incident: Incident): OwedDuty[] {
  const ladder = latestMatrix(incident);
  if (!ladder?.ackDeadlineMs || !isOpen(incident) || ladder.rungs.length === 0) return [];
  if (incident.acks.length > 0) return [];
  const dueAtMs = ladder.startedAtMs + heldMs(ladder) + ladder.ackDeadlineMs;
  return [{ key: `ack-late:${ladder.number}`, dueAtMs, subject: { deadlineMs: ladder.ackDeadlineMs } }];
}

function exhaustionDuties(incident: Incident): OwedDuty[] {
  const ladder = latestMatrix(incident);
  if (!ladder || ladder.rounds === 0 || ladder.rungs.length === 0 || !isOpen(incident)) return [];
  if (incident.acks.length > 0 || incident.driver !== TWOKEY_DRIVES) return [];
  const lastHeldMs = Math.max(0, ...ladder.rungs.filter(({ isHeld }) => isHeld).map(({ afterMs }) => afterMs));
  const afterMs = Math.max(heldMs(ladder) + (ladder.rounds + 1) * ladder.everyMs, lastHeldMs + ladder.everyMs);
  const dueAtMs = ladder.startedAtMs + afterMs;
  return [{ key: `exhausted:${ladder.number}`, dueAtMs, subject: {} }];
}

export const DEADLINE_DUTIES: readonly DutySpec<Incident>[] = [
  { kind: "ack-late", says: "Write down that nobody answered in time", queue: "pages", duties: deadlineDuties },
  { kind: "exhausted", says: "Page the commanders: nobody answered at all", queue: "pages", duties: exhaustionDuties },
];

export function deadlineCalls({
  inventory,
}: Pick<IncidentDeps, "inventory">): Readonly<Record<string, Perform<Incident>>> {
  return {
    "ack-late": (_incident, { subject }) => Promise.resolve(deadlineMissed(Number(subject["deadlineMs"]))),
    exhausted: () => Promise.resolve({ kind: "done", apply: (now, atMs) => exhaust(now, inventory().people, atMs) }),
  };
}

type Outcome = DutyOutcome<Incident>;

function deadlineMissed(deadlineMs: number): Outcome {
  return {
    kind: "done",
    apply: (current, atMs) => {
      const says = `Nobody acknowledged within ${deadlineMs / 60_000} min`;
      return {
        value: withNote(current, { id: "ack-late", atMs, says }),
        events: [eventOf(current, { kind: "ack.deadline-missed", atMs, says, facts: { deadlineMs } })],
      };
    },
  };
}

function exhaust(incident: Incident, people: readonly Person[], atMs: number) {
  const goesOn = incident.severity === "sev1" ? " Every level has its turn again until somebody answers." : "";
  const says = `Every level has had its turn, and nobody acknowledged. The commanders are asked for.${goesOn}`;
  const noted = withNote(
    { ...incident, pages: settlePages(incident.pages, "exhausted") },
    { id: "exhausted", atMs, says },
  );
  const asked = askFor(
    noted,
    { targets: commanderTargets(people), why: "every level has had its turn, and nobody acknowledged" },
    { actor: TWOKEY, nowMs: atMs },
  );
  const event = eventOf(incident, { kind: "pages.exhausted", atMs, says });
  return { value: asked?.value ?? noted, events: [event, ...(asked?.events ?? [])] };
}
