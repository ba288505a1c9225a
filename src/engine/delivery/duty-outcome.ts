import type { Doing } from "../../domain/doing.ts";
import { chainOf, OutcomeUnknown, TransientError, UserError } from "../../domain/errors.ts";
import type { DutyOutcome, DutyProgress } from "../../domain/incident/duty.ts";

/** Machine time. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
const LONGEST_ADVISED_MS = 20_000;
/** World time. A setting that was refused is tried again this much later: people mend it meanwhile. */
const REFUSED_AGAIN_MS = 300_000;

/** What hears of attempts that broke. Neither rejects. */
export interface Broken {
  failed(doing: Doing, error: unknown): Promise<void>;
  succeeded(doing: Doing): void;
}

/** Nothing that a vendor or a setting could mend: TwoKey itself fails at it. */
export const isBroken = (error: unknown): boolean =>
  ![UserError, TransientError, OutcomeUnknown].some((kind) => error instanceof kind);

export function outcomeOfError<Doc>(error: unknown): DutyOutcome<Doc> {
  const why = chainOf(error);
  if (error instanceof UserError) return { kind: "failed", why, retryAfterMs: REFUSED_AGAIN_MS };
  if (error instanceof TransientError) {
    return { kind: "retry", why, ...pauseIn(error) };
  }
  if (error instanceof OutcomeUnknown) return { kind: "unknown", why };
  // Whatever else was thrown, a call may have been under way.
  return { kind: "unknown", why };
}

export interface Settling {
  readonly nowMs: number;
  readonly speed: number;
  readonly mayHaveWorked: boolean;
}

interface Pause {
  readonly afterMs?: number | undefined;
  readonly mostMs?: number;
}

/** What an error says of the next try. */
export function pauseIn({ facts }: TransientError): Pause {
  const { retryAfterMs: afterMs, mostMs } = facts;
  return { ...(typeof afterMs === "number" && { afterMs }), ...(typeof mostMs === "number" && { mostMs }) };
}

/** What somebody else advises is the least; who refuses or is away again and again is asked a few times a minute (G22). */
export const retryMs = ({ afterMs, mostMs = LONGEST_ADVISED_MS }: Pause, laterMs: number): number =>
  afterMs === undefined ? laterMs : Math.max(afterMs, Math.min(laterMs, mostMs));

/** Undefined: as if it had never been taken up. That an earlier attempt may have worked is never forgotten. */
export function settledDuty<Doc>(
  held: DutyProgress,
  outcome: DutyOutcome<Doc>,
  { nowMs, speed, mayHaveWorked }: Settling,
): DutyProgress | undefined {
  const settled = { ...held, settledAtMs: nowMs };
  const laterMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (held.attempts - 1));
  switch (outcome.kind) {
    case "done":
      return { ...settled, state: "done" };
    case "retry": {
      // A retry says that *this* attempt did nothing; an earlier one may still have worked.
      const state = mayHaveWorked ? "unknown" : "retry";
      return { ...settled, state, why: outcome.why, retryAtMs: nowMs + retryMs(outcome, laterMs) * speed };
    }
    case "unknown":
      return { ...settled, state: "unknown", why: outcome.why, retryAtMs: nowMs + laterMs * speed };
    case "failed": {
      const again = outcome.retryAfterMs === undefined ? {} : { retryAtMs: nowMs + outcome.retryAfterMs };
      return { ...settled, state: "failed", why: outcome.why, ...again };
    }
    case "again":
      return { ...settled, state: "retry", attempts: 0, retryAtMs: nowMs + outcome.afterMs };
    case "withdrawn":
      return mayHaveWorked ? { ...settled, state: "unknown", retryAtMs: nowMs } : undefined;
  }
}
