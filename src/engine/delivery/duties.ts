import { chainOf } from "../../domain/errors.ts";
import {
  type Attempt,
  type Changed,
  type Duty,
  type DutyOutcome,
  type DutyRecord,
  type DutyRecords,
  type DutyRow,
  dutiesFrom,
  type Lane,
  nextDueAt,
  readyAt,
} from "../../domain/incident/duty.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Wake } from "../../ports/wake.ts";
import { outcomeOfError, settledRecord } from "./duty-outcome.ts";

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
export interface DutyDeps<Doc> {
  readonly records: Documents<Doc>;
  readonly rows: readonly DutyRow<Doc>[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells claims of several processes apart. */
  readonly worker: string;
  /** Wake-ups the other lane when this one has made something due there. */
  readonly wake: Pick<Wake, "incidentPages" | "incidentChat">;
}

/**
 * Machine time. A page whose process died is taken up within 10 s of its due time: the end of its claim, a sweep and the
 * call. Calls may take longer than that, so a holder that lives prolongs its claim, up to a limit.
 */
const CLAIM_MS: Readonly<Record<Lane, number>> = { pages: 6_000, chat: 25_000 };
const LONGEST_CLAIM_MS = 30_000;
/** One advance ends after so many duties, so that a duty that never ends cannot hold a worker. */
const MOST_PERFORMED = 1_000;

/**
 * Does everything of one lane that is due now, as much as possible at once. Returns the next due time of the lane (world
 * time), or undefined when nothing is owed. May run in several processes for the same document.
 */
export async function advanceLane<Doc extends { readonly duties: DutyRecords }>(
  id: string,
  lane: Lane,
  deps: DutyDeps<Doc>,
): Promise<number | undefined> {
  const running = new Map<string, Promise<void>>();
  for (let performed = 0; performed < MOST_PERFORMED; ) {
    for (const claim of await claimDue(id, lane, deps)) {
      performed += 1;
      const work = perform(claim, deps).finally(() => running.delete(claim.duty.key));
      running.set(claim.duty.key, work);
    }
    if (running.size === 0) break;
    // One slow call must not hold up what the others made due.
    await Promise.race(running.values());
  }
  await Promise.all(running.values());
  const stored = await deps.records.get(id);
  if (stored === undefined) return undefined;
  const nowMs = deps.clock.now();
  const duties = dutiesFrom(deps.rows, stored.value, nowMs);
  const nextIn = (which: Lane) =>
    nextDueAt(
      duties.filter((duty) => duty.lane === which),
      stored.value.duties,
    );
  const other = lane === "pages" ? "chat" : "pages";
  if ((nextIn(other) ?? Number.POSITIVE_INFINITY) <= nowMs) {
    await (other === "pages" ? deps.wake.incidentPages(id) : deps.wake.incidentChat(id));
  }
  return nextIn(lane);
}

interface Claim<Doc> {
  readonly id: string;
  readonly duty: Duty;
  readonly doc: Doc;
  readonly record: DutyRecord;
  /** When the first attempt that may have worked was begun. */
  readonly sinceMs: number;
  readonly lookFirst: boolean;
}

async function claimDue<Doc extends { readonly duties: DutyRecords }>(
  id: string,
  lane: Lane,
  deps: DutyDeps<Doc>,
): Promise<readonly Claim<Doc>[]> {
  let taken: { readonly duty: Duty; readonly before: DutyRecord | undefined }[] = [];
  const doc = await deps.records.change(id, (current) => {
    taken = [];
    if (current === undefined) return undefined;
    const nowMs = deps.clock.now();
    const due = dutiesFrom(deps.rows, current, nowMs).filter((duty) => {
      const at = duty.lane === lane ? readyAt(duty, current.duties) : undefined;
      return at !== undefined && at <= nowMs;
    });
    if (due.length === 0) return undefined;
    taken = due.map((duty) => ({ duty, before: current.duties[duty.key] }));
    const intended = due.reduce<Changed<Doc>>((change, duty) => intend(change, { duty, nowMs }, deps), {
      value: current,
      events: [],
    });
    return changeOf(intended, deps, nowMs);
  });
  if (doc === undefined) return [];
  return taken.flatMap(({ duty, before }) => {
    const record = doc.duties[duty.key];
    if (record === undefined) return [];
    const lookFirst = before?.state === "claimed" || before?.state === "unknown";
    return [{ id, duty, doc, record, lookFirst, sinceMs: before?.intentAtMs ?? record.intentAtMs }];
  });
}

type ChangeOf<Doc> = Changed<Doc> & { readonly dueAtMs: number | undefined };

function changeOf<Doc extends { readonly duties: DutyRecords }>(
  changed: Changed<Doc>,
  deps: DutyDeps<Doc>,
  nowMs: number,
): ChangeOf<Doc> {
  return { ...changed, dueAtMs: nextDueAt(dutiesFrom(deps.rows, changed.value, nowMs), changed.value.duties) };
}

function intend<Doc extends { readonly duties: DutyRecords }>(
  change: Changed<Doc>,
  { duty, nowMs }: { readonly duty: Duty; readonly nowMs: number },
  deps: DutyDeps<Doc>,
): Changed<Doc> {
  const before = change.value.duties[duty.key];
  const mayHaveWorked = before?.state === "claimed" || before?.state === "unknown";
  const record: DutyRecord = {
    state: "claimed",
    attempts: (before?.attempts ?? 0) + 1,
    worker: deps.worker,
    // While an outcome is unknown the first intent counts: that is how far back one has to look.
    intentAtMs: mayHaveWorked ? before.intentAtMs : nowMs,
    claimedAtMs: nowMs,
    claimedUntilMs: nowMs + claimMsOf(duty, deps) * deps.clock.speed,
  };
  const claimed = { ...change.value, duties: { ...change.value.duties, [duty.key]: record } };
  const intended = deps.rows.find((row) => row.kind === duty.kind)?.intend?.(claimed, duty, nowMs);
  const events = [...change.events, ...(intended?.events ?? [])];
  return { value: intended?.value ?? claimed, events };
}

async function perform<Doc extends { readonly duties: DutyRecords }>(
  claim: Claim<Doc>,
  deps: DutyDeps<Doc>,
): Promise<void> {
  const { id, duty, doc } = claim;
  const attempt: Attempt = {
    lookFirst: claim.lookFirst,
    sinceMs: claim.sinceMs,
    stillOwed: async () => isStillOurs((await deps.records.get(id))?.value, claim, deps),
  };
  const row = deps.rows.find((each) => each.kind === duty.kind);
  const over = new AbortController();
  const kept = keepClaim(claim, deps, over.signal);
  let outcome: DutyOutcome<Doc>;
  try {
    outcome = row ? await row.perform(doc, duty, attempt) : { kind: "failed", why: `No row performs ${duty.kind}` };
  } catch (error) {
    outcome = outcomeOfError(error);
    deps.logger.warn({ id, duty: duty.key, outcome: outcome.kind, error: chainOf(error) }, "A duty did not succeed");
  }
  over.abort();
  // A prolongation under way ends before the outcome is written, so that it cannot stand after it.
  await kept;
  await settle(claim, outcome, deps);
}

/** Prolongs the claim while its holder lives and works. Whatever stops it, the claim then ends by itself. */
async function keepClaim<Doc extends { readonly duties: DutyRecords }>(
  { id, duty, record }: Claim<Doc>,
  deps: DutyDeps<Doc>,
  over: AbortSignal,
): Promise<void> {
  const { clock, records, logger } = deps;
  const claimMs = claimMsOf(duty, deps) * clock.speed;
  const untilMs = (record.claimedAtMs ?? record.intentAtMs) + LONGEST_CLAIM_MS * clock.speed;
  try {
    while (!over.aborted && clock.now() + claimMs / 3 < untilMs) {
      await clock.sleep(claimMs / 3, over);
      await records.change(id, (current) => {
        const held = current?.duties[duty.key];
        const nowMs = clock.now();
        if (current === undefined || !held || !holds(held, record) || nowMs >= held.claimedUntilMs) return undefined;
        const prolonged = { ...held, claimedUntilMs: Math.min(nowMs + claimMs, untilMs) };
        const value = { ...current, duties: { ...current.duties, [duty.key]: prolonged } };
        return changeOf({ value, events: [] }, deps, nowMs);
      });
    }
  } catch (error) {
    if (!over.aborted) logger.warn({ id, duty: duty.key, why: chainOf(error) }, "A claim could not be prolonged");
  }
}

function claimMsOf<Doc>(duty: Duty, { rows }: Pick<DutyDeps<Doc>, "rows">): number {
  return rows.find(({ kind }) => kind === duty.kind)?.claimMs ?? CLAIM_MS[duty.lane];
}

function isStillOurs<Doc extends { readonly duties: DutyRecords }>(
  doc: Doc | undefined,
  { duty, record }: Claim<Doc>,
  deps: DutyDeps<Doc>,
): boolean {
  const nowMs = deps.clock.now();
  const held = doc?.duties[duty.key];
  if (doc === undefined || held === undefined || !holds(held, record)) return false;
  // A worker that slept past its claim must not act on it: somebody else may be at it.
  if (nowMs >= held.claimedUntilMs) return false;
  return dutiesFrom(deps.rows, doc, nowMs).some((other) => other.key === duty.key && !other.done);
}

function holds(held: DutyRecord, mine: DutyRecord): boolean {
  return (
    held.state === "claimed" &&
    held.worker === mine.worker &&
    held.attempts === mine.attempts &&
    held.claimedAtMs === mine.claimedAtMs
  );
}

async function settle<Doc extends { readonly duties: DutyRecords }>(
  claim: Claim<Doc>,
  outcome: DutyOutcome<Doc>,
  deps: DutyDeps<Doc>,
): Promise<void> {
  const { id, duty, record } = claim;
  await deps.records.change(id, (current) => {
    const held = current?.duties[duty.key];
    if (current === undefined || held === undefined || !holds(held, record)) return undefined;
    const nowMs = deps.clock.now();
    const duties = { ...current.duties };
    const settled = settledRecord(held, outcome, { nowMs, speed: deps.clock.speed, mayHaveWorked: claim.lookFirst });
    if (settled === undefined) delete duties[duty.key];
    else duties[duty.key] = settled;
    const value = { ...current, duties };
    return changeOf(outcome.apply?.(value, nowMs) ?? { value, events: [] }, deps, nowMs);
  });
}
