import type { PageThrottle } from "../../../domain/incident/escalation.ts";
import type { Documents } from "../../../ports/documents.ts";
import type { ThrottleBook } from "../deps.ts";

export interface ThrottledPage {
  /** `person:<id>` or `policy:<id>`, with the lane: a telephone and a direct message are counted apart. */
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
