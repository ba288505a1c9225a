import { chainOf } from "../../domain/errors.ts";
import {
  type Changed,
  type DutiesProgress,
  type Duty,
  type DutyProgress,
  type DutyQueue,
  type DutyRow,
  dutiesFrom,
  nextDueAt,
  readyAt,
} from "../../domain/incident/duty.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";

export interface ClaimDeps<Doc> {
  readonly documents: Documents<Doc>;
  readonly rows: readonly DutyRow<Doc>[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells claims of several processes apart. */
  readonly worker: string;
}

/**
 * Machine time. A page whose process died is taken up within 10 s of its due time: the end of its claim, a sweep and the
 * call. Calls may take longer than that, so a holder that lives prolongs its claim, up to a limit.
 */
const CLAIM_MS: Readonly<Record<DutyQueue, number>> = { pages: 6_000, chat: 25_000 };
const LONGEST_CLAIM_MS = 30_000;

/** One duty that this process is at, and nobody else until the claim ends (D1, D2, D3 of `duties.ts`). */
export interface Claim<Doc> {
  readonly id: string;
  readonly duty: Duty;
  readonly doc: Doc;
  readonly progress: DutyProgress;
  /** When the first attempt that may have worked was begun. */
  readonly sinceMs: number;
  readonly lookFirst: boolean;
}

/** Takes every duty of the queue that is due: the intent of each stands before anybody is asked for anything. */
export async function claimDue<Doc extends { readonly duties: DutiesProgress }>(
  id: string,
  queue: DutyQueue,
  deps: ClaimDeps<Doc>,
): Promise<readonly Claim<Doc>[]> {
  let taken: { readonly duty: Duty; readonly before: DutyProgress | undefined }[] = [];
  const doc = await deps.documents.change(id, (current) => {
    taken = [];
    if (current === undefined) return undefined;
    const nowMs = deps.clock.now();
    const due = dutiesFrom(deps.rows, current, nowMs).filter((duty) => {
      const at = duty.queue === queue ? readyAt(duty, current.duties) : undefined;
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
    const progress = doc.duties[duty.key];
    if (progress === undefined) return [];
    const lookFirst = before?.state === "claimed" || before?.state === "unknown";
    return [{ id, duty, doc, progress, lookFirst, sinceMs: before?.intentAtMs ?? progress.intentAtMs }];
  });
}

type ChangeOf<Doc> = Changed<Doc> & { readonly dueAtMs: number | undefined };

/** With when somebody has to look at the changed document again. */
export function changeOf<Doc extends { readonly duties: DutiesProgress }>(
  changed: Changed<Doc>,
  deps: ClaimDeps<Doc>,
  nowMs: number,
): ChangeOf<Doc> {
  return { ...changed, dueAtMs: nextDueAt(dutiesFrom(deps.rows, changed.value, nowMs), changed.value.duties) };
}

function intend<Doc extends { readonly duties: DutiesProgress }>(
  change: Changed<Doc>,
  { duty, nowMs }: { readonly duty: Duty; readonly nowMs: number },
  deps: ClaimDeps<Doc>,
): Changed<Doc> {
  const before = change.value.duties[duty.key];
  const mayHaveWorked = before?.state === "claimed" || before?.state === "unknown";
  const progress: DutyProgress = {
    state: "claimed",
    attempts: (before?.attempts ?? 0) + 1,
    worker: deps.worker,
    // While an outcome is unknown the first intent counts: that is how far back one has to look.
    intentAtMs: mayHaveWorked ? before.intentAtMs : nowMs,
    claimedAtMs: nowMs,
    claimedUntilMs: nowMs + claimMsOf(duty, deps) * deps.clock.speed,
  };
  const claimed = { ...change.value, duties: { ...change.value.duties, [duty.key]: progress } };
  const intended = deps.rows.find((row) => row.kind === duty.kind)?.intend?.(claimed, duty, nowMs);
  const events = [...change.events, ...(intended?.events ?? [])];
  return { value: intended?.value ?? claimed, events };
}

/** Prolongs the claim while its holder lives and works. Whatever stops it, the claim then ends by itself. */
export async function keepClaim<Doc extends { readonly duties: DutiesProgress }>(
  { id, duty, progress }: Claim<Doc>,
  deps: ClaimDeps<Doc>,
  over: AbortSignal,
): Promise<void> {
  const { clock, documents, logger } = deps;
  const claimMs = claimMsOf(duty, deps) * clock.speed;
  const untilMs = (progress.claimedAtMs ?? progress.intentAtMs) + LONGEST_CLAIM_MS * clock.speed;
  try {
    while (!over.aborted && clock.now() + claimMs / 3 < untilMs) {
      await clock.sleep(claimMs / 3, over);
      await documents.change(id, (current) => {
        const held = current?.duties[duty.key];
        const nowMs = clock.now();
        if (current === undefined || !held || !holds(held, progress) || nowMs >= held.claimedUntilMs) return undefined;
        const prolonged = { ...held, claimedUntilMs: Math.min(nowMs + claimMs, untilMs) };
        const value = { ...current, duties: { ...current.duties, [duty.key]: prolonged } };
        return changeOf({ value, events: [] }, deps, nowMs);
      });
    }
  } catch (error) {
    if (!over.aborted) logger.warn({ id, duty: duty.key, why: chainOf(error) }, "A claim could not be prolonged");
  }
}

function claimMsOf<Doc>(duty: Duty, { rows }: Pick<ClaimDeps<Doc>, "rows">): number {
  return rows.find(({ kind }) => kind === duty.kind)?.claimMs ?? CLAIM_MS[duty.queue];
}

export function isStillOurs<Doc extends { readonly duties: DutiesProgress }>(
  doc: Doc | undefined,
  { duty, progress }: Claim<Doc>,
  deps: ClaimDeps<Doc>,
): boolean {
  const nowMs = deps.clock.now();
  const held = doc?.duties[duty.key];
  if (doc === undefined || held === undefined || !holds(held, progress)) return false;
  // A worker that slept past its claim must not act on it: somebody else may be at it.
  if (nowMs >= held.claimedUntilMs) return false;
  return dutiesFrom(deps.rows, doc, nowMs).some((other) => other.key === duty.key && !other.done);
}

export function holds(held: DutyProgress, mine: DutyProgress): boolean {
  return (
    held.state === "claimed" &&
    held.worker === mine.worker &&
    held.attempts === mine.attempts &&
    held.claimedAtMs === mine.claimedAtMs
  );
}
