import type { Doing } from "../../domain/doing.ts";
import { chainOf } from "../../domain/errors.ts";
import {
  type Attempt,
  type DutiesProgress,
  type DutyOutcome,
  type DutyQueue,
  dutiesFrom,
  nextDueAt,
} from "../../domain/incident/duty.ts";
import type { Wake } from "../../ports/wake.ts";
import { type Claim, type ClaimDeps, changeOf, claimDue, holds, isStillOurs, keepClaim } from "./duty-claim.ts";
import { type Broken, isBroken, outcomeOfError, settledDuty } from "./duty-outcome.ts";

/**
 * Performs what is owed by a document, whichever process comes first.
 *
 *   owed → claimed (intent written) → done | failed
 *                                   → retry | unknown → claimed …
 *
 *  D1 the intent, with its claim, is written before anything is asked of the outside;
 *  D2 a claim ends by itself unless its living holder prolongs it; its outcome is then unknown, and the next attempt
 *     looks first;
 *  D3 only the holder of a claim writes its outcome;
 *  D4 what is owed is derived from the document at every turn: nothing depends on a wake-up having arrived.
 */
export interface DutyDeps<Doc> extends ClaimDeps<Doc> {
  /** Wakes the other queue when this one has made something due there. */
  readonly wake: Pick<Wake, "incidentPages" | "incidentChat">;
  /** Hears of attempts that broke, and of those that did not: what breaks again and again is told people. Never rejects. */
  readonly inVain: Broken;
}

/** One advance ends after so many duties, so that a duty that never ends cannot hold a worker. */
const MOST_PERFORMED = 1_000;

/**
 * Does everything of one queue that is due now, as much as possible at once. Returns the next due time of that queue (world
 * time), or undefined when nothing is owed. May run in several processes for the same document.
 */
export async function advanceDuties<Doc extends { readonly duties: DutiesProgress }>(
  id: string,
  queue: DutyQueue,
  deps: DutyDeps<Doc>,
): Promise<number | undefined> {
  const running = new Map<string, Promise<void>>();
  for (let performed = 0; performed < MOST_PERFORMED; ) {
    for (const claim of await claimDue(id, queue, deps)) {
      performed += 1;
      const work = perform(claim, deps).finally(() => running.delete(claim.duty.key));
      running.set(claim.duty.key, work);
    }
    if (running.size === 0) break;
    // One slow call must not hold up what the others made due.
    await Promise.race(running.values());
  }
  await Promise.all(running.values());
  const stored = await deps.documents.get(id);
  if (stored === undefined) return undefined;
  const nowMs = deps.clock.now();
  const duties = dutiesFrom(deps.rows, stored.value, nowMs);
  const nextIn = (which: DutyQueue) =>
    nextDueAt(
      duties.filter((duty) => duty.queue === which),
      stored.value.duties,
    );
  const other = queue === "pages" ? "chat" : "pages";
  if ((nextIn(other) ?? Number.POSITIVE_INFINITY) <= nowMs) {
    await (other === "pages" ? deps.wake.incidentPages(id) : deps.wake.incidentChat(id));
  }
  return nextIn(queue);
}

async function perform<Doc extends { readonly duties: DutiesProgress }>(
  claim: Claim<Doc>,
  deps: DutyDeps<Doc>,
): Promise<void> {
  const { id, duty, doc } = claim;
  const attempt: Attempt = {
    lookFirst: claim.lookFirst,
    sinceMs: claim.sinceMs,
    stillOwed: async () => isStillOurs((await deps.documents.get(id))?.value, claim, deps),
  };
  const row = deps.rows.find((each) => each.kind === duty.kind);
  const over = new AbortController();
  const kept = keepClaim(claim, deps, over.signal);
  let outcome: DutyOutcome<Doc>;
  try {
    outcome = row ? await row.perform(doc, duty, attempt) : { kind: "failed", why: `No row performs ${duty.kind}` };
  } catch (error) {
    outcome = outcomeOfError(error);
    if (isBroken(error)) await deps.inVain.failed(doingOf(claim, row), error);
    deps.logger.warn({ id, duty: duty.key, outcome: outcome.kind, error: chainOf(error) }, "A duty did not succeed");
  }
  if (outcome.kind === "done") deps.inVain.succeeded(doingOf(claim, row));
  over.abort();
  // A prolongation under way ends before the outcome is written, so that it cannot stand after it.
  await kept;
  await settle(claim, outcome, deps);
}

const doingOf = ({ id, duty }: Claim<unknown>, row: { readonly says: string } | undefined): Doing => ({
  what: `incident ${id}, “${row?.says ?? duty.key}”`,
  key: `${duty.key} of incident ${id}`,
  incident: id,
  wakes: true,
});

async function settle<Doc extends { readonly duties: DutiesProgress }>(
  claim: Claim<Doc>,
  outcome: DutyOutcome<Doc>,
  deps: DutyDeps<Doc>,
): Promise<void> {
  const { id, duty, progress } = claim;
  await deps.documents.change(id, (current) => {
    const held = current?.duties[duty.key];
    if (current === undefined || held === undefined || !holds(held, progress)) return undefined;
    const nowMs = deps.clock.now();
    const duties = { ...current.duties };
    const settled = settledDuty(held, outcome, { nowMs, speed: deps.clock.speed, mayHaveWorked: claim.lookFirst });
    if (settled === undefined) delete duties[duty.key];
    else duties[duty.key] = settled;
    const value = { ...current, duties };
    return changeOf(outcome.apply?.(value, nowMs) ?? { value, events: [] }, deps, nowMs);
  });
}
