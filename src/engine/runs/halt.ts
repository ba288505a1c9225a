import { chainOf, messageOf, TransientError } from "../../domain/errors.ts";
import { isLetGo } from "../../domain/plan-run/cut-off.ts";
import { type RunState, stepsToUndo } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Logger } from "../../ports/logger.ts";
import { LEDGER_UNWRITABLE } from "../../ports/runs.ts";
import { endsTheDrive, eventOf, type JournalDeps } from "./journal.ts";

/**
 * Where TwoKey itself cannot go on, nothing is repeated for ever and in silence (G22): the run is paused, people are called, and
 * it goes on when somebody says so.
 */
const MOST_TRIES = 5;
/** Of this process: drives of a run that failed in a row and left every step as it was, however long each of them took. */
export interface VainDrives {
  /** How many there are with this one. */
  readonly failed: (run: RunState) => number;
  readonly succeeded: (run: string) => void;
}

export function vainDrives(): VainDrives {
  const failures = new Map<string, { readonly stands: string; readonly count: number }>();
  return {
    failed: ({ plan: { id }, state, steps }) => {
      const stands = [state, ...Object.values(steps).map((step) => step.state)].join();
      const before = failures.get(id);
      const count = before?.stands === stands ? before.count + 1 : 1;
      failures.set(id, { stands, count });
      return count;
    },
    succeeded: (run) => void failures.delete(run),
  };
}

export const isLedgerUnwritable = (error: unknown): boolean =>
  error instanceof TransientError && error.code === LEDGER_UNWRITABLE;

/** The ledger says it in words of its own; what the file system said stands in its cause. */
export const sayUnwritable = (error: unknown): string => `${messageOf(error)}. Nothing more is asked for`;

interface HaltDeps extends Pick<JournalDeps, "runs" | "clock"> {
  readonly vain: VainDrives;
  readonly logger: Logger;
}

interface Failed {
  readonly error: unknown;
  /** Of the run before the drive. */
  readonly epoch: number;
}

/** Throws the error again while another try may do. */
export async function haltAfter({ error, epoch }: Failed, id: string, deps: HaltDeps): Promise<void> {
  const run = await deps.runs.read(id);
  // A store that takes no hold is away or full: that is nothing about this run, and nothing could be written about it either.
  if (!run || run.epoch === epoch || endsTheDrive(error)) throw error;
  const count = deps.vain.failed(run);
  if (count < MOST_TRIES && !isLedgerUnwritable(error)) throw error;
  const again = `TwoKey failed ${count} times in a row here and got no further: ${chainOf(error)}`;
  if (!(await halt(id, isLedgerUnwritable(error) ? sayUnwritable(error) : again, deps))) throw error;
}

/** Forward it is paused. On the way back people have to look at what is left, as after an undo that failed. */
function haltOf(run: RunState, why: string, atMs: number): RunEntry | undefined {
  // A process that is answered takes it, so it waits for nobody.
  if (isLetGo(run)) return undefined;
  if (run.state === "running") return { kind: "paused", atMs, door: "engine", why, halted: true };
  const [next] = stepsToUndo(run);
  if (run.state !== "unwinding" || !next) return undefined;
  return { kind: "undo-failed", atMs, step: next.id, epoch: run.epoch, why };
}

/** False where nothing goes on that could be halted: then the log has to say what failed. */
async function halt(id: string, why: string, { runs, clock, vain, logger }: HaltDeps): Promise<boolean> {
  for (;;) {
    const run = await runs.read(id);
    const entry = run && haltOf(run, why, clock.now());
    if (!run || !entry) return false;
    const answer = await runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says: why })] });
    if (answer.kind === "conflict") continue;
    logger.error({ run: id, why }, "A run waits for people: TwoKey itself cannot go on");
    vain.succeeded(id);
    return true;
  }
}
