import type { Perform } from "../../../domain/incident/duty.ts";
import { dedupKey, type Incident, lastAck, titleAbout } from "../../../domain/incident/incident.ts";
import type { Page } from "../../../domain/incident/page.ts";
import { keeperLabel, keeperOf } from "../../../domain/incident/pager-traits.ts";
import { findPerson } from "../../../domain/service/inventory.ts";
import type { Chat } from "../../../ports/chat.ts";
import type { PageLink, PageRequest } from "../../../ports/pager.ts";
import { OCCASIONS } from "../../reach/occasions.ts";
import { ask, open, type Call as Said } from "../../reach/ways.ts";
import type { IncidentDeps } from "../deps.ts";
import { direct, fallBack } from "./direct-messages.ts";
import { isLost, lostWords, triggerKey } from "./lost-page.ts";
import { outcomeOf, type Special, settled } from "./page-outcomes.ts";
import { pageKey } from "./page-targets.ts";
import { type Call, mayGo } from "./throttle.ts";

/** World time after which a refused trigger is tried again: the refusal may be a setting that somebody mends. */
const TRIGGER_AGAIN_MS = OCCASIONS.incident.backOff.firstMs;

export function pageCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  return {
    trigger: trigger(deps),
    rung: askResponders(deps),
    round: askResponders(deps),
    tell: tell(deps),
    direct: direct(deps),
    fallback: fallBack(deps),
  };
}

function trigger(deps: IncidentDeps): Perform<Incident> {
  return async (incident, duty, attempt) => {
    if (!(await attempt.stillOwed())) return { kind: "withdrawn" };
    const answer = await open(deps.pagers.keeper, callOf(incident, deps), {
      source: incident.region ?? incident.services[0] ?? incident.environment,
      severity: incident.escalation.severities[incident.severity]?.pager_severity ?? "critical",
    });
    // It took the one before as well: what it says counts again once it shows the incident.
    if (answer.kind === "accepted")
      return {
        kind: "done",
        apply: (current, nowMs) =>
          settled(duty, isLost(current) ? { state: "unknown", why: lostWords(current) } : { state: "accepted" })(
            current,
            nowMs,
          ),
      };
    return outcomeOf(answer, duty, { refusedAgainMs: TRIGGER_AGAIN_MS });
  };
}

const callOf = (incident: Incident, deps: IncidentDeps): Said => ({
  ...{ occasion: "incident", severity: incident.severity, dedupKey: dedupKey(incident) },
  ...{ says: summaryOf(incident), about: aboutOf(incident, deps) },
});

function summaryOf(incident: Incident): string {
  return `${incident.severity.toUpperCase()} ${titleAbout(incident, incident.services.join(", "))}`;
}

/** What each page says beside its summary: how it stands now, and when this was. */
function aboutOf(
  incident: Incident,
  { chat, clock }: Pick<IncidentDeps, "chat" | "clock">,
): Pick<PageRequest, "details" | "links" | "state" | "atMs"> {
  return {
    details: {
      incident: incident.id,
      services: incident.services.join(", "),
      description: incident.description,
      alarms: String(incident.alerts.length + incident.moreAlerts),
    },
    links: linksOf(incident, chat),
    state: stateOf(incident),
    atMs: clock.now(),
  };
}

/** Where to answer comes first. The first page leaves before there is a channel, and before the pager has a page for it. */
function linksOf({ channel, pager, bookmarks, escalation }: Incident, chat: Pick<Chat, "addressOf">): PageLink[] {
  return [
    ...(channel ? [{ text: `Slack channel ${channel.name}`, href: chat.addressOf(channel.id) }] : []),
    ...(pager.url === undefined ? [] : [{ text: keeperLabel(escalation.pagers), href: pager.url }]),
    ...bookmarks.map(({ label, url }) => ({ text: label, href: url })),
  ];
}

function stateOf(incident: Incident): string {
  const last = lastAck(incident);
  if (incident.state !== "open") return `The incident is ${incident.state}`;
  return last === undefined ? "Nobody has acknowledged yet" : `${last.name} has acknowledged`;
}

/** One call for everybody of a rung or round; those who may not or cannot be paged through the pager are left out. */
function askResponders(deps: IncidentDeps): Perform<Incident> {
  return async (incident, duty, attempt) => {
    const mine = incident.pages.filter((page) => page.duty === duty.key);
    const held = await heldBack(deps, { incident, duty }, mine);
    const called = mine.filter((page) => !held.has(page.key));
    if (called.length === 0) return { kind: "done", apply: settled(duty, { state: "accepted", special: held }) };
    if (!(await attempt.stillOwed())) return { kind: "withdrawn" };
    const { ladder, rung = "all", round = 0 } = duty.subject;
    const inventory = deps.inventory();
    const keeper = keeperOf(incident.escalation.pagers) ?? "";
    const answer = await ask(deps.pagers.keeper, callOf(incident, deps), {
      pageKey: pageKey(incident, {
        step: `${ladder}.${rung}`,
        target: "responders",
        via: "pager",
        round: Number(round),
      }),
      users: called.flatMap(({ target }) =>
        target.kind === "person" ? (findPerson(inventory, target.id)?.pagers[keeper] ?? []) : [],
      ),
      policies: called.flatMap(({ target }) => (target.kind === "policy" ? target.id : [])),
      besidesTrigger: duty.dueAtMs <= (incident.duties[triggerKey(incident)]?.settledAtMs ?? 0),
    });
    if (answer.kind !== "accepted") return outcomeOf(answer, duty, { held });
    const pagerIdOf = ({ kind, id }: Page["target"]) =>
      kind === "person" ? findPerson(inventory, id)?.pagers[keeper] : id;
    const covered = called.filter(({ target }) => answer.value.covered.includes(pagerIdOf(target) ?? ""));
    const special = new Map([...held, ...covered.map(({ key }) => [key, RUNG_BY_TRIGGER] as const)]);
    return { kind: "done", apply: settled(duty, { state: "accepted", special }) };
  };
}

const RUNG_BY_TRIGGER: Special = { state: "accepted", why: "rung by the pager's own policy when it was triggered" };

/** Pages that do not go with the call, with the reason, by page key. */
async function heldBack(
  deps: IncidentDeps,
  { incident, duty }: Call,
  pages: readonly Page[],
): Promise<ReadonlyMap<string, Special>> {
  const held = new Map<string, Special>();
  const keeper = keeperOf(incident.escalation.pagers) ?? "";
  const label = incident.escalation.pagers[keeper]?.label ?? "pager";
  for (const { key, target } of pages) {
    if (target.kind === "person" && findPerson(deps.inventory(), target.id)?.pagers[keeper] === undefined) {
      held.set(key, { state: "rejected", why: `has no id at ${label}: only Slack reaches them` });
    } else if (!(await mayGo(deps, { incident, duty }, { target, via: "pager" }))) {
      held.set(key, { state: "throttled", why: "was paged too often: the next round tries again" });
    }
  }
  return held;
}

/** One person or policy, by a pager that only tells. What it accepted is told: it answers nothing and ends no ladder. */
function tell(deps: IncidentDeps): Perform<Incident> {
  return async (incident, duty, attempt) => {
    const page = incident.pages.find((each) => each.duty === duty.key);
    const pager = deps.pagers.others.find(({ name }) => name === duty.subject["pager"]);
    if (page === undefined || pager === undefined) return { kind: "withdrawn" };
    const person = page.target.kind === "person" ? findPerson(deps.inventory(), page.target.id) : undefined;
    const address = page.target.kind === "policy" ? page.target.id : person && pager.addressOf(person);
    if (address === undefined) {
      const why = "has no address there";
      return { kind: "failed", why, apply: settled(duty, { state: "rejected", why }) };
    }
    if (!(await mayGo(deps, { incident, duty }, page))) {
      const hold: Special = { state: "throttled", why: "was written to too often" };
      return { kind: "done", apply: settled(duty, { state: "told", special: new Map([[page.key, hold]]) }) };
    }
    if (!(await attempt.stillOwed())) return { kind: "withdrawn" };
    const answer = await ask(pager, callOf(incident, deps), {
      pageKey: page.key,
      ...(page.target.kind === "person" ? { users: [address] } : { policies: [address] }),
    });
    return answer.kind === "accepted"
      ? { kind: "done", apply: settled(duty, { state: "told" }) }
      : outcomeOf(answer, duty);
  };
}
