import {
  isVendorsRefusal,
  messageOf,
  NotAuthorised,
  OutcomeUnknown,
  StepFailed,
  TransientError,
} from "../../domain/errors.ts";
import { inputOf, wasShownFenced } from "../../domain/plan-run/fence.ts";
import { timeOf } from "../../domain/plan-run/learned-times.ts";
import { ORDINARY_MS } from "../../domain/plan-run/pace.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../domain/plan-run/run.ts";
import { type Asked, UNCAPTURED } from "../../ports/step.ts";
import { capture, type Seen, standingNow } from "./capture.ts";
import { noteReach } from "./cut-off.ts";
import { contextFor, definitionOf } from "./executor-deps.ts";
import { proofInTime } from "./fence-guard.ts";
import { isLedgerUnwritable } from "./halt.ts";
import { isDecided, Refusals, recordAsked } from "./held-up.ts";
import { unseenSince } from "./kept-in-sight.ts";
import { haltFor, haltUnwritten, recordFailure } from "./step-failure.ts";
import { Stopwatch } from "./stopwatch.ts";
import { type Drive, type Driving, pollUntilThere, waitOrFail } from "./until-there.ts";

/** World time between two tries of a call that did nothing. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;
/** World time for which what people did by hand is looked for, besides what the step takes by itself. */
const BY_HAND_MS = 5 * 60_000;

/**
 * Takes one step from wherever the journal says it is to its end: intent, ask, write down, poll, write down. A step that was
 * intended but has no recorded answer is asked again – its `run` looks before it asks (G5). One that left a part of its work
 * for later is asked for that as well.
 */
export async function driveStep({ hold, step, deps, signal }: Drive): Promise<void> {
  const definition = definitionOf(deps, hold.run.plan, step.id);
  const stopwatch = new Stopwatch(deps.clock);
  const context = contextFor(hold, step.id, { ...deps, signal, clock: stopwatch.clock });
  const before = stateOf(hold.run, step.id);
  const { state } = before;
  const begunAtMs = deps.clock.now();
  const isByHand = state === "by-hand";
  let unseen = unseenSince(before, deps.clock.now());
  const driving: Driving = {
    ...{ hold, step, deps, definition, context, stopwatch },
    // What a vendor takes after it had refused has its own time from then on.
    get deadlineMs() {
      return deadlineOf(hold.run, step, begunAtMs) + stopwatch.awayMs;
    },
  };
  // What another executor began includes the time in which nobody drove it.
  const isResumed = isByHand || state === "asked";
  try {
    const first = isResumed ? undefined : await askUntilAnswered(driving);
    if (!isResumed && !first) return;
    const asked = [first];
    for (;;) {
      const polled = await pollUntilThere(driving, unseen);
      if (polled === "again") return;
      if (polled === "over") break;
      const next = await askUntilAnswered(driving, "next-part");
      if (!next) return;
      // What it has proven since then is of now.
      unseen = undefined;
      asked.push(next);
    }
    if (first) tellTime(driving, asked);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof NotAuthorised) await haltFor(driving, error);
    else if (isLedgerUnwritable(error)) await haltUnwritten(driving, error);
    else if (error instanceof StepFailed)
      await recordFailure({ ...driving, isByHand, left: definition.leftToPeople?.(step.input) }, error);
    else throw error;
  }
  deps.changed(hold.run);
}

/** Of a step that this executor began: what it asked for, in however many parts. */
function tellTime({ hold, step, deps }: Driving, asked: readonly (Asked<unknown> | undefined)[]): void {
  const isAsked = asked.some((part) => part && part.requestIds.length > 0 && part.already !== true);
  const time = timeOf(hold.run, step, isAsked);
  if (time) deps.took(hold.run, step, time);
}

/** Executors that may die over one step before its deadline holds whoever drives it. */
const MOST_TAKEOVERS = 5;

/**
 * It does not run out before this executor, who takes it over from one that was gone, has looked for as long as such a step takes.
 * Where one after the other dies over it, it does: people are asked.
 */
function deadlineOf(run: RunState, step: PlannedStep, begunAtMs: number): number {
  const { state, startedAtMs = begunAtMs, takeoversBefore } = stateOf(run, step.id);
  const ownMs = state === "by-hand" ? Math.min(step.deadlineMs, step.expectedMs + BY_HAND_MS) : step.deadlineMs;
  if (run.takeovers - takeoversBefore > MOST_TAKEOVERS) return startedAtMs + ownMs;
  return Math.max(startedAtMs + ownMs, begunAtMs + Math.min(ownMs, step.expectedMs));
}

/** Undefined when the run no longer lets steps start. `what`: the part that an attempt left for later; absent: a new attempt. */
// oxlint-disable-next-line max-lines-per-function -- one loop: each way out of a try stands beside the others
async function askUntilAnswered(driving: Driving, what?: "next-part"): Promise<Asked<unknown> | undefined> {
  const { hold, step, deps, definition, context, stopwatch } = driving;
  let seen: Seen = { input: undefined, captured: await standingNow(driving, what) };
  // Of what another executor began nobody knows how it ended; of what is refused here, that it did nothing.
  let { mayHaveAsked } = context;
  const refusals = new Refusals(driving);
  for (let tries = 0; ; tries += 1) {
    const doubt = await doubtOf(driving, mayHaveAsked);
    if (doubt !== undefined) {
      await waitOrFail(driving, ORDINARY_MS, { says: doubt });
      continue;
    }
    const { input, captured, closed } = seen;
    const intended = await hold.intend((run) =>
      mayStart(run) && !isDecided(run, step)
        ? intentOf(run, step, {
            atMs: deps.clock.now(),
            captured,
            closed,
            isNextPart: what !== undefined && tries === 0,
          })
        : undefined,
    );
    if (!intended) return undefined;
    deps.changed(hold.run);
    try {
      const asked = await stopwatch.asks(() =>
        definition.run(input ?? inputOf(hold.run, step), { ...context, mayHaveAsked }),
      );
      return (await recordAsked(driving, asked)) ? asked : undefined;
    } catch (error) {
      // What was asked for and cannot be written down is no reason to ask again: the next intent may fit where that did not.
      if (isLedgerUnwritable(error)) throw error;
      if (!(error instanceof TransientError || error instanceof OutcomeUnknown)) throw error;
      mayHaveAsked ||= error instanceof OutcomeUnknown;
      deps.logger.warn(
        { run: hold.run.plan.id, step: step.id, why: messageOf(error), tries },
        "A step has to look and ask again",
      );
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS);
      // A way out that is cut looks like a refusal of each vendor.
      await noteReach(driving);
      if (definition.waitsOutRefusals && isVendorsRefusal(error)) {
        await refusals.waitOut(waitMs, messageOf(error));
        continue;
      }
      const deadlineMs = driving.deadlineMs + refusals.tookMs();
      await waitOrFail({ ...driving, deadlineMs }, waitMs, { says: messageOf(error) });
      if (error.code === UNCAPTURED) seen = await capture(driving, String(error.facts["opened"] ?? "").split("\n"));
    }
  }
}

/**
 * X5, before a call without a way back that is tried again: the proof of the first try is old by then. Why it has to wait for an
 * old side that stands open, which the watch fences meanwhile. Where nobody can tell, people are asked, unless an earlier call
 * may have been taken: then it is looked after, since users wait for what it did.
 */
async function doubtOf(
  { hold: { run }, step, deps, definition, context }: Driving,
  mayHaveAsked: boolean,
): Promise<string | undefined> {
  const isAgain = step.wayBack === "irreversible" && stateOf(run, step.id).tries > 0;
  if (!isAgain || !mayStart(run) || !wasShownFenced(run)) return undefined;
  const proof = await proofInTime(run, deps, context.signal);
  if (proof.holds) return undefined;
  const doubt = `${run.plan.from} is not proven to be fenced any more: ${proof.says}`;
  if (proof.isRefuted || proof.isUnderWay) return doubt;
  if (mayHaveAsked && (await definition.happened(inputOf(run, step), context)) !== "no") return undefined;
  throw new StepFailed("not-fenced", doubt, { facts: { mustAsk: true } });
}

const mayStart = (run: RunState): boolean => run.state === "running";

interface Intended {
  readonly atMs: number;
  readonly captured: Seen["captured"];
  readonly closed: Seen["closed"];
  readonly isNextPart: boolean;
}

function intentOf(run: RunState, step: PlannedStep, { atMs, captured, closed, isNextPart }: Intended) {
  const before = stateOf(run, step.id).attempt;
  const attempt = isNextPart ? before : before + 1;
  const seen = { ...(captured && { captured: { ...captured } }), ...(closed && { closed: [...closed] }) };
  const part = isNextPart && { nextPart: true as const };
  const which = isNextPart ? " (its next part)" : before === 0 ? "" : ` (look and ask again, attempt ${attempt})`;
  return {
    entry: { kind: "intent" as const, atMs, step: step.id, epoch: run.epoch, attempt, ...part, ...seen },
    told: { says: `${step.title}${which}` },
  };
}
