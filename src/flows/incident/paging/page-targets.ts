import type { Duty } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, PAGES_KEPT } from "../../../domain/incident/incident.ts";
import { type Page, type PageTarget, usesPager } from "../../../domain/incident/page.ts";
import { reachedBy, rungAt } from "./rungs.ts";

/** Whom a call to the pager is for: the people of its rung, or of every rung that its round repeats. */
export function targetsOf(incident: Incident, duty: Duty): { readonly level: number; readonly target: PageTarget }[] {
  if (duty.kind === "rung") {
    const place = rungAt(incident, duty);
    return (
      place?.rung.targets.filter(callsKeeper(incident)).map((target) => ({ level: place.rung.level, target })) ?? []
    );
  }
  const { ladder: number, round } = duty.subject;
  const ladder = incident.ladders.find((each) => each.number === number);
  if (ladder === undefined) return [];
  const all = reachedBy(incident, ladder, Number(round)).flatMap(({ rung }) =>
    rung.targets.map((target) => ({ level: rung.level, target })),
  );
  const unique = new Map(
    all.filter(({ target }) => callsKeeper(incident)(target)).map((each) => [each.target.id, each]),
  );
  // After an absence a level and a round may come due together: nobody is rung twice within half a round.
  const sinceMs = duty.dueAtMs - ladder.everyMs / 2;
  return [...unique.values()].filter(({ target }) => !paged(incident, { target: target.id, via: "pager", sinceMs }));
}

/** Whether the pager that keeps the incident is called for a target. */
export function callsKeeper({ escalation }: Incident): (target: PageTarget) => boolean {
  return (target) => usesPager(target, escalation.pagers);
}

export interface EarlierPage {
  readonly target: string;
  readonly via: Page["via"];
  readonly sinceMs: number;
  readonly except?: string | undefined;
}

/** Whether a page to this person or policy was begun after `sinceMs`, by another duty than `except`. */
export function paged(incident: Incident, { target, via, sinceMs, except = "" }: EarlierPage): boolean {
  return incident.pages.some(
    (page) => page.via === via && page.target.id === target && page.intentAtMs > sinceMs && page.duty !== except,
  );
}

/** incident:generation:step:person-or-policy:channel:attempt */
export function pageKey(
  incident: Incident,
  {
    step,
    target,
    via,
    round,
  }: { readonly step: string; readonly target: string; readonly via: string; readonly round: number },
): string {
  return [incident.id, incident.generation, step, target, via, round + 1].join(":");
}

/** The pages that one duty carries, as they are when its intent is written. */
// oxlint-disable-next-line max-lines-per-function -- one choice over the kinds of a duty
export function pagesFor(incident: Incident, duty: Duty, nowMs: number): Page[] {
  const { subject, key: call, dueAtMs } = duty;
  const ladder = Number(subject["ladder"] ?? incident.ladders.length);
  const base = { duty: call, ladder, round: Number(subject["round"] ?? 0), dueAtMs, intentAtMs: nowMs };
  const step = `${ladder}.${subject["rung"] ?? "all"}`;
  const page = ({ level, target, via, channels }: Pick<Page, "level" | "target" | "via" | "channels">) => {
    const key = pageKey(incident, { step, target: target.id, via, round: base.round });
    return { ...base, key, level, target, via, channels, state: "intent" as const };
  };
  if (duty.kind === "trigger")
    return [page({ level: 1, target: { kind: "pager-service", id: "pager" }, via: "pager", channels: [] })];
  if (duty.kind === "tell") {
    const place = rungAt(incident, duty);
    const target = place?.rung.targets.find(({ id }) => id === subject["target"]);
    const via = String(subject["pager"]);
    const channels = incident.escalation.pagers[via]?.sends ?? [];
    return target
      ? [
          page({
            level: place?.rung.level ?? 1,
            target: { kind: target.kind, id: target.id },
            via,
            channels: [...channels],
          }),
        ]
      : [];
  }
  if (duty.kind === "direct") {
    const level = rungAt(incident, duty)?.rung.level ?? 1;
    return [
      page({
        level,
        target: { kind: subject["kind"] === "policy" ? "policy" : "person", id: String(subject["target"]) },
        via: "slack",
        channels: ["slack"],
      }),
    ];
  }
  return targetsOf(incident, duty).map(({ level, target }) =>
    page({
      level,
      target: { kind: target.kind, id: target.id },
      via: "pager",
      channels: target.channels.filter((each) => each !== "slack"),
    }),
  );
}

/** Intent: the pages stand in the document before anybody is asked to send them. A repeat keeps what it finds. */
export function intendPages(incident: Incident, duty: Duty, nowMs: number) {
  const known = new Set(incident.pages.map((page) => page.key));
  const fresh = pagesFor(incident, duty, nowMs).filter((page) => !known.has(page.key));
  const again = incident.pages.map((page) => (page.duty === duty.key ? { ...page, state: "intent" as const } : page));
  const value = { ...incident, pages: [...again, ...fresh].slice(-PAGES_KEPT) };
  if (fresh.length === 0) return { value, events: [] };
  const who = fresh.map((page) => page.target.id);
  const says = duty.kind === "trigger" ? "Asking the pager to page" : `Paging ${who.join(", ")}`;
  const facts = { targets: who, via: fresh[0]?.via ?? "pager", dueAtMs: duty.dueAtMs, duty: duty.key };
  return { value, events: [eventOf(incident, { kind: "page.intended", atMs: nowMs, says, facts })] };
}
