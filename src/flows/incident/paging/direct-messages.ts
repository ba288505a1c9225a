import { chainOf } from "../../../domain/errors.ts";
import type { Duty, DutyOutcome, Perform } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, withNote } from "../../../domain/incident/incident.ts";
import { type Page, usesSlack } from "../../../domain/incident/page.ts";
import { keeperOf } from "../../../domain/incident/pager-traits.ts";
import type { Person } from "../../../domain/people/person.ts";
import { findPerson } from "../../../domain/service/inventory.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";
import type { IncidentDeps } from "../deps.ts";
import { missedWords, triggerKey } from "./lost-page.ts";
import { keepLive, type Written, writeToEach } from "./page-copies.ts";
import { outcomeOf, type Special, settled } from "./page-outcomes.ts";
import { paged, pageKey } from "./page-targets.ts";
import { type RungPlace, reachedBy, rungAt } from "./rungs.ts";
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
    const byName = writtenByName(incident, { duty, place });
    const written = await writeToEach(
      deps,
      { incident, attempt },
      {
        people: people.value.filter(({ id }) => !byName.includes(id)),
        why: place.ladder.kind === "asked" ? place.ladder.why : `level ${place.rung.level}`,
        ladder: place.ladder.number,
        keyOf: ({ id }) => `${page.key}:${id}`,
      },
    );
    return outcomeOfWriting(duty, written);
  };
}

function outcomeOfWriting(duty: Duty, written: Written): DutyOutcome<Incident> {
  const kept = (current: Incident) => keepLive(current, written);
  if (written.isWithdrawn) return { kind: "withdrawn", apply: (now) => ({ value: kept(now), events: [] }) };
  if (written.isNobody) throw written.first;
  if (written.late !== undefined) {
    return { kind: "unknown", why: chainOf(written.late), apply: (now) => ({ value: kept(now), events: [] }) };
  }
  const accepted = settled(duty, { state: "accepted" });
  return { kind: "done", apply: (current, nowMs) => accepted(kept(current), nowMs) };
}

/** Whom a policy's message is left out for: they get their own at the same moment. */
function writtenByName(
  incident: Incident,
  { duty, place }: { readonly duty: Duty; readonly place: RungPlace },
): string[] {
  const { kind, round } = duty.subject;
  if (kind !== "policy") return [];
  const places = Number(round) === 0 ? [place] : reachedBy(incident, place.ladder, Number(round));
  return places.flatMap(({ rung }) =>
    rung.targets.filter((target) => target.kind === "person" && usesSlack(target)).map(({ id }) => id),
  );
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
    const step = `${place.ladder.number}.${place.index}`;
    const keyOf = ({ id }: Person) => pageKey(incident, { step, target: id, via: "fallback", round: 0 });
    const written = await writeToEach(
      deps,
      { incident, attempt },
      { people, why: `level ${place.rung.level}: ${why(incident)}`, ladder: place.ladder.number, keyOf },
    );
    if (written.isWithdrawn)
      return { kind: "withdrawn", apply: (now) => ({ value: keepLive(now, written), events: [] }) };
    // While Slack takes nothing for anybody, the whole is tried again.
    if (written.isNobody && written.late !== undefined) throw written.late;
    return {
      ...(written.isNobody
        ? { kind: "failed", why: chainOf(written.first), retryAfterMs: REFUSED_AGAIN_MS }
        : { kind: "done" }),
      apply: (before, nowMs) => {
        const current = keepLive(before, written);
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
