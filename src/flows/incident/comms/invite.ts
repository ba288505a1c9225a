import type { DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import { amend, eventOf, type Incident, isOpen } from "../../../domain/incident/incident.ts";
import { keeperOf } from "../../../domain/incident/pager-traits.ts";
import type { PersonId } from "../../../domain/people/person.ts";
import type { NotInvited } from "../../../ports/chat.ts";
import type { OnCallEntry } from "../../../ports/pager.ts";
import type { IncidentDeps } from "../deps.ts";
import { pauseOf } from "../paging/page-outcomes.ts";

/**
 * Who is invited into the incident's channel: those concerned, and nobody else. Everybody whom the matrix of a severity that it
 * had names, at once, also before their level is due; who declared it, was asked for or acknowledged, as soon as they are; and who
 * is on call for its policies, once the pager has said so; it is asked until it does.
 */
export const INVITE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "invite",
    says: "Invite those concerned: people of the matrix, who declared, was asked for or acknowledged",
    queue: "chat",
    duties: (incident) => (incident.channel === undefined ? [] : invitations(incident)),
  },
  {
    kind: "invite-on-call",
    says: "Invite who is on call for its policies",
    queue: "chat",
    duties: (incident) => {
      const policies = isOpen(incident) && incident.channel ? policiesOf(incident) : [];
      return policies.map((id) => ({ key: `invite-on-call:${id}`, dueAtMs: incident.openedAtMs, subject: { id } }));
    },
  },
];

function invitations(incident: Incident): OwedDuty[] {
  const missing = concernedIn(incident).filter((id) => !incident.invited.includes(id));
  if (missing.length === 0) return [];
  return [{ key: `invite:${missing.join("+")}`, dueAtMs: incident.openedAtMs, subject: {} }];
}

/** All but who is on call. */
function concernedIn(incident: Incident): PersonId[] {
  const { declaredBy, alsoDeclaredBy, ladders, acks } = incident;
  const asked = ladders.flatMap(({ rungs }) => rungs.flatMap(({ targets }) => targets));
  return [
    ...new Set([
      ...(declaredBy === undefined ? [] : [declaredBy]),
      ...alsoDeclaredBy,
      ...audiencesOf(incident).flatMap((audience) => (audience.kind === "people" ? audience.people : [])),
      ...asked.flatMap(({ kind, id }) => (kind === "person" ? [id] : [])),
      // Somebody whom only the pager knows has no account to invite.
      ...acks.flatMap(({ by }) => (by.startsWith("pager:") ? [] : [by])),
    ]),
  ];
}

function policiesOf(incident: Incident): string[] {
  const asked = incident.ladders.flatMap(({ rungs }) => rungs.flatMap(({ targets }) => targets));
  const keeper = keeperOf(incident.escalation.pagers);
  return [
    ...new Set([
      ...audiencesOf(incident).flatMap((audience) =>
        audience.kind === "pager" && audience.pager === keeper ? [audience.policy] : [],
      ),
      ...asked.flatMap(({ kind, id, pager = keeper }) => (kind === "policy" && pager === keeper ? [id] : [])),
    ]),
  ];
}

/** Also of a step that only writes into the channel: it is meant for them. */
function audiencesOf({ escalation, ladders, severity }: Incident) {
  const severities = new Set([
    severity,
    ...ladders.filter(({ kind }) => kind === "matrix").map((each) => each.severity),
  ]);
  return [...severities].flatMap((each) =>
    (escalation.severities[each]?.steps ?? []).flatMap(({ audience }) => escalation.audiences[audience] ?? []),
  );
}

export function inviteCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  const invite = async (incident: Incident, people: readonly PersonId[]) => {
    const missing = people.filter((id) => !incident.invited.includes(id));
    const failed = missing.length === 0 ? [] : await deps.chat.invite(incident.channel?.id ?? "", missing);
    return {
      kind: "done" as const,
      apply: (current: Incident, atMs: number) => withInvited(current, { people: missing, failed }, atMs),
    };
  };
  return {
    invite: (incident) => invite(incident, concernedIn(incident)),
    "invite-on-call": async (incident, { subject }) => {
      const onCall = await deps.pagers.keeper.whoIsOnCall([String(subject["id"])]);
      if (onCall.kind === "accepted") return invite(incident, knownAs(onCall.value, deps));
      // Who is asked in for nothing leaves, or stays away the next time.
      if (onCall.kind === "retry") return { kind: "retry", why: onCall.why, ...pauseOf(onCall) };
      if (onCall.kind === "unknown") return { kind: "retry", why: onCall.why };
      return { kind: "failed", why: onCall.why, retryAfterMs: REFUSED_AGAIN_MS };
    },
  };
}

/** World time: a setting that somebody mends meanwhile. */
const REFUSED_AGAIN_MS = 300_000;

function knownAs(onCall: readonly OnCallEntry[], { inventory }: IncidentDeps): PersonId[] {
  const { people, escalation } = inventory();
  const keeper = keeperOf(escalation.pagers) ?? "";
  const ids = onCall.map(({ pagerUserId }) => pagerUserId);
  return people.filter(({ pagers }) => ids.includes(pagers[keeper] ?? "")).map(({ id }) => id);
}

interface Invited {
  readonly people: readonly PersonId[];
  readonly failed: readonly NotInvited[];
}

function withInvited(incident: Incident, { people, failed }: Invited, atMs: number) {
  if (people.length === 0) return { value: incident, events: [] };
  const value = amend(incident, {
    invited: [...new Set([...incident.invited, ...people])],
    notInvited: [
      ...incident.notInvited.filter(({ person }) => !people.includes(person)),
      ...failed.map((each) => ({ ...each })),
    ],
  });
  const count = people.length - failed.length;
  const says = `${count} people invited${failed.length > 0 ? `, ${failed.length} could not be` : ""}`;
  const facts = { invited: count, failed: failed.map(({ person, why }) => `${person}: ${why}`) };
  return { value, events: [eventOf(value, { kind: "incident.invited", atMs, says, facts })] };
}
