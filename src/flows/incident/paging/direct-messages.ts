import type { Perform } from "../../../domain/incident/duty.ts";
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
    for (const person of people.value) {
      const isSent = await postOnce(
        deps.chat,
        { to: { person: person.id }, card, key: `${page.key}:${person.id}` },
        attempt,
      );
      if (!isSent) return { kind: "withdrawn" };
    }
    return { kind: "done", apply: settled(duty, { state: "accepted" }) };
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
    for (const person of people) {
      const key = pageKey(incident, {
        step: `${place.ladder.number}.${place.index}`,
        target: person.id,
        via: "fallback",
        round: 0,
      });
      if (!(await postOnce(deps.chat, { to: { person: person.id }, card, key }, attempt))) return { kind: "withdrawn" };
    }
    return {
      kind: "done",
      apply: (current, nowMs) => {
        const says = `Level ${place.rung.level}: ${why(current)}. Written to directly: ${people.map(({ name }) => name).join(", ") || "nobody can be"}. Please call people by telephone: /dr oncall shows you their numbers.`;
        const value = withNote(current, { id: duty.key, atMs: nowMs, says });
        return { value, events: [eventOf(current, { kind: "page.fallback", atMs: nowMs, says })] };
      },
    };
  };
}
