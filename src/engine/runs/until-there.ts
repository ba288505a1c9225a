import { isVendorsRefusal, messageOf, OutcomeUnknown, StepFailed, TransientError } from "../../domain/errors.ts";
import { inputOf } from "../../domain/plan-run/fence.ts";
import { nextLookMs } from "../../domain/plan-run/pace.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../domain/plan-run/run.ts";
import type { Clock } from "../../ports/clock.ts";
import type { StepContext, Verdict } from "../../ports/step.ts";
import type { StoredStep } from "../../ports/stored-step.ts";
import { noteReach } from "./cut-off.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { fenceAgain, MOST_FENCE_ATTEMPTS } from "./fence-again.ts";
import { isDecided, Refusals } from "./held-up.ts";
import type { RunHold } from "./journal.ts";
import { proofOfNow, type Unseen } from "./kept-in-sight.ts";
import { Opening } from "./opening.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** What a step has asked for is looked at until it is there. */

export interface Drive {
  readonly hold: RunHold;
  readonly step: PlannedStep;
  readonly deps: ExecutorDeps;
  readonly signal: AbortSignal;
}

export interface Driving extends Omit<Drive, "signal"> {
  readonly definition: StoredStep;
  readonly context: StepContext;
  readonly deadlineMs: number;
  readonly stopwatch: Stopwatch;
}

/** Resolves when it is there, when nobody needs it any more, when its next part is due, or when it begins anew. */
// oxlint-disable-next-line max-lines-per-function -- one loop: each way out of a look stands beside the others
export async function pollUntilThere(
  driving: Driving,
  unseen: Unseen | undefined,
): Promise<"over" | "next-part" | "again"> {
  const { hold, step, deps, definition, context, stopwatch } = driving;
  const before = stateOf(hold.run, step.id);
  const isByHand = before.state === "by-hand";
  const data = isByHand ? definition.dataByHand(before.sinceMs, before.heldUp !== undefined) : before.data;
  const opening = new Opening(step);
  const refusals = new Refusals(driving);
  const waitMs = () =>
    nextLookMs(step, { ageMs: ageOf(hold.run, step, deps.clock), callsALook: definition.callsALook });
  for (;;) {
    let verdict: Verdict;
    let isAnswered = false;
    try {
      verdict = await stopwatch.looks(() => definition.verify(inputOf(hold.run, step), data, context));
      isAnswered = true;
    } catch (error) {
      if (!(error instanceof TransientError || error instanceof OutcomeUnknown)) throw error;
      const isInTime = deps.clock.now() < hold.run.untilMs;
      const isWaitedOut = definition.waitsOutRefusals && !isByHand && isInTime && hold.run.state === "running";
      if (isWaitedOut && isVendorsRefusal(error)) {
        await noteReach(driving);
        await refusals.waitOut(waitMs(), messageOf(error));
        if (isDecided(hold.run, step)) return "again";
        continue;
      }
      verdict = { done: false, says: messageOf(error) };
    }
    if (isAnswered) await refusals.over();
    if (!verdict.done) await noteReach(driving);
    // What people fence in their own way they fence again in it.
    const opened = isByHand ? undefined : opening.seenIn(verdict, hold.run);
    if (opened !== undefined) {
      if (await beginsAgain(driving, opened)) return "again";
      verdict = { done: false, says: opened };
    }
    if (verdict.done) {
      const { onSilence } = verdict;
      const output = proofOfNow(step, unseen, verdict.output);
      const says = isByHand ? `${verdict.says} (by hand: ${before.says})` : verdict.says;
      const entered = await hold.append(() => ({
        entry: {
          ...{ kind: "done", atMs: deps.clock.now(), step: step.id, epoch: hold.epoch },
          ...{ says, output: { ...output }, spent: stopwatch.spent },
        },
        told: { says: `${step.title}: ${says}` },
        onSilence,
      }));
      if (entered) await hold.note(entered);
      return "over";
    }
    // What an unwinding run still waits for nobody needs any more, and users wait for its undo.
    if (hold.run.state === "unwinding") return "over";
    deps.progressed(hold.run, step.id, verdict.says);
    if (verdict.nextPart && !isByHand) return "next-part";
    await waitOrFail({ ...driving, deadlineMs: driving.deadlineMs + refusals.tookMs() }, waitMs(), verdict);
  }
}

/** World time since it was asked for; a part of it that was left for later has a time of its own. */
const ageOf = (run: RunState, { id }: PlannedStep, clock: Pick<Clock, "now">): number =>
  clock.now() - stateOf(run, id).sinceMs;

/** Nobody knows who came in before it was closed again, also by somebody else: it is closed, and its sessions ended, once more. */
async function beginsAgain({ hold, step, deps }: Driving, says: string): Promise<boolean> {
  const isTriedOften = stateOf(hold.run, step.id).attempt >= MOST_FENCE_ATTEMPTS;
  if (isTriedOften && hold.run.state === "running")
    throw new StepFailed("not-fenced", says, { facts: { mustAsk: true } });
  return fenceAgain({ hold, deps }, { fence: step, says: `${says}. It is fenced again` });
}

export async function waitOrFail(
  { deps, deadlineMs, step, context, stopwatch }: Driving,
  worldMs: number,
  latest: { readonly says: string; readonly reply?: string; readonly lookAt?: string },
): Promise<void> {
  if (deps.clock.now() + worldMs > deadlineMs) {
    // What is closed already is not given back by a clock: users would wait in vain, and the old side may still write.
    const seen = [latest.says, latest.lookAt ?? []].flat().join(". ");
    throw new StepFailed("step-deadline", `${step.title} did not get there in time. Last seen: ${seen}`, {
      facts: { mustAsk: step.role === "protects", ...(latest.reply === undefined ? {} : { reply: latest.reply }) },
    });
  }
  await stopwatch.sleep(worldMs, context.signal);
}
