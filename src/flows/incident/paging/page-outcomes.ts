import type { Duty, DutyOutcome } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident } from "../../../domain/incident/incident.ts";
import type { Page } from "../../../domain/incident/page.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";

/** What became of one page of a call that went otherwise than the call. */
export interface Special {
  readonly state: "throttled" | "rejected" | "accepted" | "told";
  readonly why: string;
}

const NOBODY: ReadonlyMap<string, Special> = new Map();

/** What the pager's answer says of the next try. */
export const pauseOf = ({ afterMs, mostMs }: Extract<PagerAnswer, { kind: "retry" }>) => ({
  ...{ afterMs, ...(mostMs !== undefined && { mostMs }) },
});

/** From the pager's answer to what becomes of the duty and its pages. */
export function outcomeOf(
  answer: PagerAnswer,
  duty: Duty,
  {
    refusedAgainMs,
    held = NOBODY,
  }: { readonly refusedAgainMs?: number | undefined; readonly held?: ReadonlyMap<string, Special> | undefined } = {},
): DutyOutcome<Incident> {
  switch (answer.kind) {
    case "accepted":
      return { kind: "done", apply: settled(duty, { state: "accepted", special: held }) };
    case "retry":
      return {
        kind: "retry",
        ...pauseOf(answer),
        why: answer.why,
        apply: settled(duty, { state: "retry", why: answer.why, special: held }),
      };
    case "unknown":
      return {
        kind: "unknown",
        why: answer.why,
        apply: settled(duty, { state: "unknown", why: answer.why, special: held }),
      };
    case "rejected": {
      const apply = settled(duty, { state: "rejected", why: answer.why, special: held });
      const again = refusedAgainMs === undefined ? {} : { retryAfterMs: refusedAgainMs };
      return { kind: "failed", why: answer.why, ...again, apply };
    }
  }
}

export interface PageOutcome {
  readonly state: "accepted" | "told" | "rejected" | "retry" | "unknown";
  readonly why?: string | undefined;
  readonly special?: ReadonlyMap<string, Special> | undefined;
}

/** Writes the outcome into the pages of one duty. A page that was answered or ended meanwhile keeps its end. */
export function settled(duty: Duty, { state, why, special = NOBODY }: PageOutcome) {
  return (incident: Incident, nowMs: number) => {
    const pages = incident.pages.map((page): Page => {
      if (page.duty !== duty.key || !["intent", "superseded"].includes(page.state)) return page;
      const { why: _before, ...rest } = page;
      const outcome = special.get(page.key) ?? { state, ...(why === undefined ? {} : { why }) };
      const isOver = outcome.state === "accepted" && isAnsweredFor(incident, page);
      return { ...rest, ...outcome, ...(isOver ? { state: "superseded" } : {}), settledAtMs: nowMs };
    });
    const value = { ...incident, pages, changes: incident.changes + 1 };
    return { value, events: outcomeEvents(value, duty, nowMs) };
  };
}

function isAnsweredFor(incident: Incident, page: Page): boolean {
  return incident.state !== "open" || incident.acks.some((ack) => ack.ladder >= page.ladder);
}

/** One event for each state and reason that the pages of a call came to; a retry is told by its end. */
function outcomeEvents(incident: Incident, duty: Duty, nowMs: number) {
  const pages = incident.pages.filter((page) => page.duty === duty.key && page.settledAtMs === nowMs);
  return (["accepted", "told", "superseded", "rejected", "unknown", "throttled"] as const).flatMap((state) => {
    const those = pages.filter((page) => page.state === state);
    return [...new Set(those.map(({ why }) => why))].map((why) => {
      const alike = those.filter((page) => page.why === why);
      const targets = alike.map((page) => page.target.id);
      const name = state === "superseded" ? "accepted" : state;
      const says = `Page ${name}: ${targets.join(", ")}${why === undefined ? "" : ` (${why})`}`;
      const facts = { targets, via: alike[0]?.via ?? "pager", duty: duty.key, why: why ?? null };
      return eventOf(incident, { kind: `page.${name}`, atMs: nowMs, says, facts });
    });
  });
}
