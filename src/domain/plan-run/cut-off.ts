import { sayTime } from "../duration.ts";
import { Superseded } from "../errors.ts";
import { isShutOff } from "./fence.ts";
import { stepOf } from "./plan.ts";
import { type RunState, WAITS_FOR_PEOPLE, withStep } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";
import { afterSilence } from "./watch-transition.ts";

/**
 * A process that nobody outside answers is cut off. What it does not see says nothing of the world, so it lets go of its run as it
 * stands, keys and all, and another process takes it (0089).
 */
type Of<Kind extends RunEntry["kind"]> = Extract<RunEntry, { kind: Kind }>;

/** The next epoch is nobody's: what is still under way in that process finds that it was superseded. */
export function letGo(run: RunState, { atMs, sinceMs, callsAtMs }: Of<"cut-off">): RunState {
  const inARow = isHeldWell(run, sinceMs) ? undefined : run.cutOff;
  // The entry says how fast the world went.
  const holdsMs = (callsAtMs - atMs) * (HELD_WELL_AFTER_MS / TAKEN_WITHIN_MS);
  const times = (inARow?.times ?? 0) + 1;
  const cutOff = { stillMs: inARow?.stillMs ?? sinceMs, times, sinceMs, callsAtMs, holdsMs, takenAtMs: undefined };
  return { ...run, epoch: run.epoch + 1, unlookedSinceMs: sinceMs, cutOff };
}

/** Nobody drives it, and who is cut off leaves it to one that is not. */
export const isLetGo = ({ cutOff }: RunState): boolean => cutOff !== undefined && cutOff.takenAtMs === undefined;

/** Longer than a process that is cut off keeps it: who has it is answered. */
const isHeldWell = ({ cutOff }: RunState, nowMs: number): boolean =>
  cutOff?.takenAtMs !== undefined && nowMs - cutOff.takenAtMs > cutOff.holdsMs;

/** Who let go had not looked for a while, though it wrote that down a moment ago, and whatever people said of the run since. */
export function taken(run: RunState, { atMs, epoch, worker }: Of<"claimed">): RunState {
  const { cutOff, lastAtMs, takeovers, unlookedSinceMs, state } = run;
  const lookedMs = unlookedSinceMs ?? (state === "running" ? lastAtMs : atMs);
  return {
    ...afterSilence(run, { lookedMs, atMs }),
    ...{ epoch, worker, takeovers: takeovers + (unlookedSinceMs === undefined ? 1 : 0), unlookedSinceMs: undefined },
    cutOff: cutOff && { ...cutOff, takenAtMs: atMs },
  };
}

/** Nobody has taken it since its process let go of it, and nobody will: until its end nobody looked. */
export const endedUntaken = (run: RunState, atMs: number): RunState => ({
  ...afterSilence(run, { lookedMs: run.unlookedSinceMs ?? atMs, atMs }),
  unlookedSinceMs: undefined,
});

/** What shows that whoever drives it is answered. */
const FURTHER: readonly RunEntry["kind"][] = ["asked", "held-up", "done", "failed", "undone"];

/** It ends when a step gets further, and when people say that a run goes on which waited for them. */
export function stillCutOff(before: RunState, after: RunState, { kind }: RunEntry): RunState {
  const goesOn = after.state !== before.state && WAITS_FOR_PEOPLE.some((state) => state === before.state);
  return after.cutOff && (goesOn || FURTHER.includes(kind)) ? { ...after, cutOff: undefined } : after;
}

/** Also where the ledger took no line of it, which is the cause: nothing is that process's to say any more. */
export const hasLetGo = (cause?: unknown): Superseded =>
  new Superseded("run-let-go", "The process that performed the run reaches nobody outside, and let go of it", {
    cause,
  });

/** In a row. */
const MOST_LETTINGS_GO = 3;

/** One process after the other takes it and lets go of it, and no step gets further. */
export const isPassedOn = (run: RunState, nowMs: number): boolean =>
  (run.cutOff?.times ?? 0) >= MOST_LETTINGS_GO && !isHeldWell(run, nowMs);

/** States in which a process may hold a run: of one that waits for people, until its last step under way has ended. */
const HELD: readonly RunState["state"][] = ["running", "paused", "stopped", "unwinding"];

/** Machine times: in which another process takes it over, else people are called; and after which who has it is answered. */
const TAKEN_WITHIN_MS = 30_000;
const HELD_WELL_AFTER_MS = 90_000;

interface Alone {
  readonly atMs: number;
  readonly epoch: number;
  readonly speed: number;
  /** Machine time for which nobody has answered. */
  readonly forMs: number;
}

/** Undefined where nothing is driven any more: there is nothing to let go of, nor to say. */
export function lettingGo(run: RunState, { atMs, epoch, speed, forMs }: Alone) {
  if (!HELD.includes(run.state)) return undefined;
  const sinceMs = atMs - forMs * speed;
  const entry: Of<"cut-off"> = { kind: "cut-off", atMs, epoch, sinceMs, callsAtMs: atMs + TAKEN_WITHIN_MS * speed };
  const says = `The TwoKey process that performs the run reaches nobody outside since ${sayTime(sinceMs)}, and lets go of it`;
  return { entry, told: { says } };
}

/**
 * What is said because something did not answer, or was not seen; and what may begin only where others answer. Of a process that is
 * cut off it would be said of the world.
 */
export function restsOnSilence(run: RunState, entry: RunEntry): boolean {
  if (entry.kind === "voided") return entry.because === "facts";
  if (entry.kind === "finished") return entry.unseen !== undefined;
  if (entry.kind === "intent") return stepOf(run.plan, entry.step).wayBack === "irreversible";
  if (entry.kind === "done") return entry.output["left"] !== undefined || leavesUnseen(run, entry);
  return FAILED.includes(entry.kind);
}

const FAILED: readonly RunEntry["kind"][] = ["failed", "held-up", "watch-failed", "undo-failed", "no-way-back"];

/** People accepted that the old side may not be seen to be closed. */
function leavesUnseen(run: RunState, { step, output }: Of<"done">): boolean {
  return stepOf(run.plan, step).role === "protects" && !isShutOff(withStep(run, step, { state: "done", output }));
}
