import { z } from "zod";
import type { Event } from "../event.ts";

/** The queues whose jobs perform duties. They never wait for each other: Slack work never delays a page. */
export type DutyQueue = "pages" | "chat";

/** What has been done about one duty so far; kept in the document that the duty belongs to. */
export const DutyProgress = z.strictObject({
  /** `claimed`: the intent is written and no outcome yet; after `claimedUntilMs` its outcome is unknown. */
  state: z.enum(["claimed", "done", "retry", "unknown", "failed"]),
  attempts: z.number().int(),
  worker: z.string(),
  /** When the present claim was made; its identity, with worker and attempt. */
  claimedAtMs: z.number().optional(),
  /** World time, epoch milliseconds, as all times here. */
  intentAtMs: z.number(),
  claimedUntilMs: z.number(),
  settledAtMs: z.number().optional(),
  /** Absent on a failed duty: it is not tried again. */
  retryAtMs: z.number().optional(),
  why: z.string().optional(),
});
export type DutyProgress = z.infer<typeof DutyProgress>;
export type DutiesProgress = Readonly<Record<string, DutyProgress>>;

/** One thing that has to happen at `dueAtMs`; derived from stored state, never stored itself. */
export interface Duty {
  /** Names the row of the duty table that performs it. */
  readonly kind: string;
  /** Its identity: what is done under this key is never done again. */
  readonly key: string;
  readonly queue: DutyQueue;
  readonly dueAtMs: number;
  readonly done: boolean;
  /** Key of a duty that has to be done first. */
  readonly waitsFor?: string | undefined;
  /** What of the document it is about: a rung, a target, an update; read by its row only. */
  readonly subject: Readonly<Record<string, string | number | undefined>>;
}

export interface Changed<Doc> {
  readonly value: Doc;
  readonly events: readonly Event[];
}

/** What one attempt came to; `apply` is written together with it. */
export type DutyOutcome<Doc> = (
  | { readonly kind: "done" }
  /** Nothing happened. `afterMs`: at least so long; `mostMs`: at most so long, where nobody has refused it. Machine times. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number | undefined; readonly mostMs?: number }
  /** It may have happened: the next attempt looks first. */
  | { readonly kind: "unknown"; readonly why: string }
  /** Refused. Tried again after `retryAfterMs` (world time), or never. */
  | { readonly kind: "failed"; readonly why: string; readonly retryAfterMs?: number }
  /** Done for now and due again after `afterMs`, world time. */
  | { readonly kind: "again"; readonly afterMs: number }
  /** The document moved on before anything was asked of the outside. */
  | { readonly kind: "withdrawn" }
) & { readonly apply?: Apply<Doc> | undefined };

/** Pure; runs again if somebody else changed the document meanwhile. */
export type Apply<Doc> = (doc: Doc, nowMs: number) => Changed<Doc>;

export interface Attempt {
  /** An earlier attempt may have worked: look before asking again. */
  readonly lookFirst: boolean;
  /** When the first attempt wrote its intent, world time. */
  readonly sinceMs: number;
  /** Reads the document afresh: whether the duty is still owed and still ours. To be asked right before the call. */
  stillOwed(): Promise<boolean>;
}

/** The pure half of one row of a duty table: what is owed, and what is written with the intent. */
export interface DutySpec<Doc> {
  readonly kind: string;
  /** One line for people: what this duty is. */
  readonly says: string;
  readonly queue: DutyQueue;
  /** Machine time that one attempt is given before it counts as dead, where the queue's own is too short. */
  readonly claimMs?: number;
  /** Every duty of this kind, done ones included; of a series at most one that lies in the future. */
  duties(doc: Doc, nowMs: number): readonly OwedDuty[];
  intend?(doc: Doc, duty: Duty, nowMs: number): Changed<Doc>;
}
export type OwedDuty = Omit<Duty, "kind" | "queue" | "done">;

/** The half that talks to the outside. May throw what ports throw. */
export type Perform<Doc> = (doc: Doc, duty: Duty, attempt: Attempt) => Promise<DutyOutcome<Doc>>;
export type DutyRow<Doc> = DutySpec<Doc> & { readonly perform: Perform<Doc> };

export function isSettled(progress: DutyProgress | undefined): boolean {
  return progress?.state === "done" || (progress?.state === "failed" && progress.retryAtMs === undefined);
}

export function dutiesFrom<Doc extends { readonly duties: DutiesProgress }>(
  rows: readonly DutySpec<Doc>[],
  doc: Doc,
  nowMs: number,
): Duty[] {
  return rows.flatMap((row) =>
    row.duties(doc, nowMs).map((duty) => ({
      ...duty,
      kind: row.kind,
      queue: row.queue,
      done: isSettled(doc.duties[duty.key]),
    })),
  );
}

/** When this duty can be taken up: its due time, a retry, or the end of somebody else's claim. Undefined: not yet, or done. */
export function readyAt(duty: Duty, all: DutiesProgress): number | undefined {
  if (duty.done) return undefined;
  if (duty.waitsFor !== undefined && !isSettled(all[duty.waitsFor])) return undefined;
  const progress = all[duty.key];
  if (progress === undefined) return duty.dueAtMs;
  if (progress.state === "claimed") return Math.max(duty.dueAtMs, progress.claimedUntilMs);
  return Math.max(duty.dueAtMs, progress.retryAtMs ?? duty.dueAtMs);
}

/** When somebody has to look at the document again; undefined: nothing is owed. */
export function nextDueAt(duties: readonly Duty[], all: DutiesProgress): number | undefined {
  const times = duties.map((duty) => readyAt(duty, all)).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}
