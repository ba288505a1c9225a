import { sayDuration } from "../../../domain/duration.ts";
import type { Event } from "../../../domain/event.ts";
import type { DutyOutcome, DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import {
  amend,
  eventOf,
  type Incident,
  isOpen,
  type ResponsePhase,
  withNote,
} from "../../../domain/incident/incident.ts";
import type { IncidentDeps } from "../deps.ts";
import { latestMatrix } from "../paging/rungs.ts";

/**
 * The response measured against the targets of its severity: detect, assess, communicate. Each phase
 * is judged once, when its time is over; one that was missed is told to the channel with what to do about it.
 */
interface Phase {
  readonly phase: ResponsePhase;
  /** Where its clock starts: a later severity starts the clocks of what people have to do anew. */
  readonly startsAtMs: (incident: Incident, severitySetAtMs: number) => number;
  /** What counts as having done it. */
  readonly isReachedBy: (event: Event) => boolean;
  readonly missed: (incident: Incident, within: string) => string;
}

/** A person said what is affected when they declared it, wrote an update, set a severity or asked for a plan. */
const ASSESSING = ["incident.opened", "update.edited", "incident.severity-set", "run.proposed"];

const PHASES: readonly Phase[] = [
  {
    phase: "detect",
    startsAtMs: ({ firstSeenAtMs }) => firstSeenAtMs,
    isReachedBy: ({ kind }) => kind === "incident.opened",
    missed: ({ openedAtMs, firstSeenAtMs }, within) =>
      `The incident was opened ${sayDuration(openedAtMs - firstSeenAtMs)} after the first alarm; the target is ${within}`,
  },
  {
    phase: "assess",
    startsAtMs: (_incident, severitySetAtMs) => severitySetAtMs,
    isReachedBy: ({ kind, by }) => by !== undefined && ASSESSING.includes(kind),
    missed: (_incident, within) =>
      `Nobody has said within ${within} what is affected. Write it into the update: /dr update`,
  },
  {
    phase: "communicate",
    startsAtMs: (_incident, severitySetAtMs) => severitySetAtMs,
    isReachedBy: ({ kind }) => kind === "update.sent",
    missed: (_incident, within) => `No status update has gone out within ${within}. Write one now: /dr update`,
  },
];

export function responseTargets(
  incident: Incident,
): { phase: ResponsePhase; ladder: number; dueAtMs: number; withinMs: number }[] {
  const ladder = latestMatrix(incident);
  const targets = incident.escalation.severities[incident.severity]?.response_targets;
  if (ladder === undefined || targets === undefined) return [];
  return PHASES.map(({ phase, startsAtMs }) => {
    const withinMs = targets[phase];
    return { phase, ladder: ladder.number, dueAtMs: startsAtMs(incident, ladder.startedAtMs) + withinMs, withinMs };
  });
}

function targetDuties(incident: Incident): OwedDuty[] {
  if (!isOpen(incident)) return [];
  return responseTargets(incident).map(({ phase, ladder, dueAtMs, withinMs }) => ({
    key: `response:${ladder}:${phase}`,
    dueAtMs,
    subject: { phase, ladder, withinMs },
  }));
}

export const RESPONSE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "response",
    says: "Judge one response target, and tell when it was missed",
    queue: "pages",
    duties: targetDuties,
  },
];

export function responseCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  return {
    response: async (incident, { key, dueAtMs, subject }) => {
      const phase = PHASES.find((each) => each.phase === subject["phase"]);
      if (phase === undefined) return { kind: "withdrawn" };
      const events = await deps.timeline(incident.id);
      const isMet = events.some((event) => event.atMs <= dueAtMs && phase.isReachedBy(event));
      return judged(phase, { key, ladder: Number(subject["ladder"]), withinMs: Number(subject["withinMs"]), isMet });
    },
  };
}

interface Verdict {
  readonly key: string;
  readonly ladder: number;
  readonly withinMs: number;
  readonly isMet: boolean;
}

function judged({ phase, missed }: Phase, { key, ladder, withinMs, isMet }: Verdict): DutyOutcome<Incident> {
  return {
    kind: "done",
    apply: (current, atMs) => {
      const value = amend(current, { response: [...current.response, { phase, ladder, isMet }] });
      if (isMet) return { value, events: [] };
      const says = missed(current, sayDuration(withinMs));
      const event = eventOf(current, { kind: "response.target-missed", atMs, says, facts: { phase, withinMs } });
      return { value: withNote(value, { id: key, atMs, says }), events: [event] };
    },
  };
}
