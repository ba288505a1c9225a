import type { Card } from "../../../domain/card/card.ts";
import { chainOf, UserError } from "../../../domain/errors.ts";
import type { Attempt, Perform } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, withNote } from "../../../domain/incident/incident.ts";
import type { Page } from "../../../domain/incident/page.ts";
import { keeperOf } from "../../../domain/incident/pager-traits.ts";
import type { Person } from "../../../domain/people/person.ts";
import { findPerson } from "../../../domain/service/inventory.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";
import { postOnce } from "../comms/post-once.ts";
import type { IncidentDeps } from "../deps.ts";
import { missedWords, triggerKey } from "./lost-page.ts";
import { outcomeOf, type Special, settled } from "./page-outcomes.ts";
import { paged, pageKey } from "./page-targets.ts";
import { rungAt } from "./rungs.ts";
import { mayGo } from "./throttle.ts";

/** World time. Somebody may mend meanwhile what Slack refuses. */
const REFUSED_AGAIN_MS = 300_000;

/** A direct message to one person, or to whoever is on call for a policy. */
export function direct(deps: IncidentDeps): Perform<Incident> {
  return async (incident, duty, attempt) => {
    const page = incident.pages.find((each) => each.duty === duty.key);
    const place = rungAt(incident, duty);
    if (page === undefined || place === undefined) return { kind: "withdrawn" };
    const sinceMs = duty.dueAtMs - place.ladder.everyMs / 2;
    if (
      Number(duty.subject["round"]) > 0 &&
      paged(incident, { target: page.target.id, via: "slack", sinceMs, except: duty.key })
    ) {
      return { kind: "done", apply: settled(duty, { state: "accepted", why: "was written to a moment ago" }) };
    }
    if (!(await mayGo(deps, { incident, duty }, { target: page.target, via: "slack" }))) {
      const hold: Special = { state: "throttled", why: "was written to too often" };
      return { kind: "done", apply: settled(duty, { state: "accepted", special: new Map([[page.key, hold]]) }) };
    }
    const people = await peopleOf(deps, page.target);
    if (people.kind !== "accepted") return outcomeOf(people, duty);
    if (people.value.length === 0) {
      const why = "nobody on call there is listed in people";
      return { kind: "failed", why, apply: settled(duty, { state: "rejected", why }) };
    }
    const card = deps.voice.page(
      incident,
      place.ladder.kind === "asked" ? place.ladder.why : `level ${place.rung.level}`,
    );
    const written = await writeToEach(deps, attempt, {
      people: people.value,
      card,
      keyOf: ({ id }) => `${page.key}:${id}`,
    });
    if (written === "withdrawn") return { kind: "withdrawn" };
    if (written.isNobody) throw written.first;
    if (written.late !== undefined) return { kind: "unknown", why: chainOf(written.late) };
    return { kind: "done", apply: settled(duty, { state: "accepted" }) };
  };
}

interface Writing {
  readonly people: readonly Person[];
  readonly card: Card;
  readonly keyOf: (person: Person) => string;
}

interface Written {
  readonly missed: readonly Person[];
  /** Not one of them was written to. */
  readonly isNobody: boolean;
  /** What was thrown: of one who may be written to yet, where there is one. */
  readonly first: unknown;
  /** The same, where there is one. */
  readonly late: unknown;
}

/** All of them at once, each for themselves: one for whom Slack takes nothing, or is slow, keeps no message from the others. */
async function writeToEach(
  { chat }: IncidentDeps,
  attempt: Attempt,
  { people, card, keyOf }: Writing,
): Promise<"withdrawn" | Written> {
  const tries = await Promise.allSettled(
    people.map((person) => postOnce(chat, { to: { person: person.id }, card, key: keyOf(person) }, attempt)),
  );
  if (tries.some((each) => each.status === "fulfilled" && !each.value)) return "withdrawn";
  const errors = tries.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  const late = errors.find((error) => !(error instanceof UserError));
  return {
    missed: people.filter((_person, index) => tries[index]?.status === "rejected"),
    isNobody: errors.length > 0 && errors.length === people.length,
    ...{ first: late ?? errors[0], late },
  };
}

async function peopleOf(deps: IncidentDeps, target: Page["target"]): Promise<PagerAnswer<readonly Person[]>> {
  const inventory = deps.inventory();
  if (target.kind === "person") {
    const person = findPerson(inventory, target.id);
    return { kind: "accepted", value: person === undefined ? [] : [person] };
  }
  const keeper = keeperOf(inventory.escalation.pagers) ?? "";
  const onCall = await deps.pagers.keeper.whoIsOnCall([target.id]);
  if (onCall.kind !== "accepted") return onCall;
  const lowest = Math.min(...onCall.value.map((entry) => entry.level));
  const ids = onCall.value.filter((entry) => entry.level === lowest).map((entry) => entry.pagerUserId);
  return {
    kind: "accepted",
    value: inventory.people.filter((person) => ids.includes(person.pagers[keeper] ?? "")),
  };
}

/** The pager missed them: its people are written to in Slack, and the channel is told. */
export function fallBack(deps: IncidentDeps): Perform<Incident> {
  return async (incident, duty, attempt) => {
    const place = rungAt(incident, duty);
    if (place === undefined) return { kind: "withdrawn" };
    const inventory = deps.inventory();
    const people = place.rung.targets.flatMap((target) =>
      target.kind === "person" ? (findPerson(inventory, target.id) ?? []) : [],
    );
    const why = (now: Incident): string => {
      const call = now.duties[String(duty.subject["call"])] ?? now.duties[triggerKey(now)];
      return missedWords(now, call);
    };
    const card = deps.voice.page(incident, `level ${place.rung.level}: ${why(incident)}`);
    const step = `${place.ladder.number}.${place.index}`;
    const keyOf = ({ id }: Person) => pageKey(incident, { step, target: id, via: "fallback", round: 0 });
    const written = await writeToEach(deps, attempt, { people, card, keyOf });
    if (written === "withdrawn") return { kind: "withdrawn" };
    // While Slack takes nothing for anybody, the whole is tried again.
    if (written.isNobody && written.late !== undefined) throw written.late;
    return {
      ...(written.isNobody
        ? { kind: "failed", why: chainOf(written.first), retryAfterMs: REFUSED_AGAIN_MS }
        : { kind: "done" }),
      apply: (current, nowMs) => {
        // Said once, however often it is tried.
        if (written.isNobody && (current.duties[duty.key]?.attempts ?? 1) > 1) return { value: current, events: [] };
        const [reached, unreached] = reachedOf(people, written.missed);
        const says = `Level ${place.rung.level}: ${why(current)}. Written to directly: ${reached || "nobody can be"}. Please call people by telephone: /dr oncall shows you their numbers.${unreached && ` Slack did not take it for ${unreached}.`}`;
        const value = withNote(current, { id: duty.key, atMs: nowMs, says });
        return { value, events: [eventOf(current, { kind: "page.fallback", atMs: nowMs, says })] };
      },
    };
  };
}

/** Names of the people who were written to, and of those who could not be. */
function reachedOf(people: readonly Person[], unreached: readonly Person[]): readonly [string, string] {
  const namesOf = (some: readonly Person[]) => some.map(({ name }) => name).join(", ");
  return [namesOf(people.filter((person) => !unreached.includes(person))), namesOf(unreached)];
}
