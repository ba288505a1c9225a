import type { Duty } from "../../../domain/incident/duty.ts";
import type { PageThrottle } from "../../../domain/incident/escalation.ts";
import type { Incident } from "../../../domain/incident/incident.ts";
import type { Page } from "../../../domain/incident/page.ts";
import type { Documents } from "../../../ports/documents.ts";
import type { IncidentDeps, ThrottleBook } from "../deps.ts";
import { paged } from "./page-targets.ts";

/** What is paged for: one duty of one incident. */
export interface Call {
  readonly incident: Incident;
  readonly duty: Duty;
}

/** Whether this page may go now: nobody is paged too often. An incident's first page to somebody always goes. */
export function mayGo(
  deps: IncidentDeps,
  { incident, duty }: Call,
  { target, via }: Pick<Page, "target" | "via">,
): Promise<boolean> {
  const isFirst = !paged(incident, { target: target.id, via, sinceMs: Number.NEGATIVE_INFINITY, except: duty.key });
  const page = {
    target: `${target.kind}:${target.id}:${via}`,
    key: `${incident.id}:${duty.key}`,
    isFirst,
    atMs: deps.clock.now(),
  };
  return takeFromThrottle(deps.throttle, page, incident.escalation.throttle);
}

export interface ThrottledPage {
  /** `person:<id>` or `policy:<id>`, with the way: a telephone and a direct message are counted apart. */
  readonly target: string;
  /** The call that carries it; asking again for the same call takes nothing more. */
  readonly key: string;
  /** An incident's first page to somebody always goes, and is counted. */
  readonly isFirst: boolean;
  readonly atMs: number;
}

/** Whether this page may go, and if so counts it. */
export async function takeFromThrottle(
  books: Documents<ThrottleBook>,
  page: ThrottledPage,
  throttle: PageThrottle,
): Promise<boolean> {
  const book = await books.change(page.target, (current) => {
    const taken = (current?.taken ?? []).filter((entry) => entry.atMs > page.atMs - throttle.per);
    if (taken.some((entry) => entry.key === page.key)) return undefined;
    if (!page.isFirst && taken.length >= throttle.pages) return undefined;
    return { value: { taken: [...taken, { key: page.key, atMs: page.atMs }] }, events: [] };
  });
  return book?.taken.some((entry) => entry.key === page.key) ?? false;
}
