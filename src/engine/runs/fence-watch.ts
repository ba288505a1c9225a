import { sayTime } from "../../domain/duration.ts";
import { messageOf, NotAuthorised, OutcomeUnknown, StepFailed, TransientError } from "../../domain/errors.ts";
import { isKeptInSight } from "../../domain/plan-run/before-promotion.ts";
import { endedIn, FenceOutput, fenceOf, isGuarded, isWatched } from "../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import { eitherOf } from "../../ports/signals.ts";
import type { LookContext } from "../../ports/step.ts";
import { saySight, withoutHold } from "./blind-watch.ts";
import { contextFor, definitionOf, type ExecutorDeps, LOOKS_ONLY, type WatchDeps } from "./executor-deps.ts";
import { RunHold } from "./journal.ts";
import { lookWhileWaiting } from "./kept-in-sight.ts";
import { type Due, isLookedAt, type Sight, whatIsDue } from "./watch-due.ts";

/**
 * The return of a dark region is the dangerous moment: its service and database come back as they were, ready to write.
 * Past the point of no return, and until the signed plan's end date, every look tries to fence the old side (J7).
 *  W1 reading comes first: a region that is still dark is left alone, and nothing is written for it
 *  W2 every try is an act of a hold: epoch, intent in journal and ledger, proof before each call (J2, J3, J6)
 *  W3 only a write that fails over there ends it; what was cut off is simply begun again, since fencing converges
 *  W4 what answers is fenced without waiting for the rest; as fenced it counts only with the last of it
 */
/** World time between two looks while the run is driven; otherwise the sweep wakes it. */
const LOOK_EVERY_MS = 2_000;

/** One turn for a run that nobody drives: paused, stopped or verified. Takes a hold only when there is something to write. */
export async function watchOldSide(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<Sight> {
  const hold = () => RunHold.take(deps, run.plan.id, { worker: deps.worker, doing: `watches ${run.plan.from}` });
  const sight = isKeptInSight(run)
    ? await lookWhileWaiting(run, deps, signal)
    : await turn({ run, hold, deps, signal, looking: signal });
  await saySight(sight, deps, withoutHold(run.plan.id, deps));
  return sight;
}

/** The same beside the steps of a run that is driven, until there is nothing to watch any more or `stop` is aborted. */
export async function watchWhileDriven(
  hold: RunHold,
  deps: ExecutorDeps,
  signals: { readonly signal: AbortSignal; readonly stop: AbortSignal },
): Promise<void> {
  const { signal, stop } = signals;
  // A look is given up at once; a try that is under way is waited for, since its call may still take effect.
  const looking = eitherOf(signal, stop);
  const ours = async () => (stop.aborted ? undefined : hold);
  while (isLookedAt(hold.run) && !stop.aborted) {
    const before = hold.run.watch;
    try {
      const sight = await turn({ run: hold.run, hold: ours, deps, signal, looking });
      await saySight(sight, deps, (make) => hold.append(make));
      if (hold.run.watch !== before) deps.changed(hold.run);
      await deps.clock.sleep(LOOK_EVERY_MS, looking);
    } catch (error) {
      if (!stop.aborted || error !== stop.reason) throw error;
    }
  }
}

interface Turn {
  readonly run: RunState;
  readonly hold: () => Promise<RunHold | undefined>;
  readonly deps: WatchDeps;
  readonly signal: AbortSignal;
  readonly looking: AbortSignal;
}

async function turn(turn: Turn): Promise<Sight> {
  const { run, deps, looking } = turn;
  const fence = fenceOf(run);
  if (!fence || !isLookedAt(run)) return { kind: "not-looked" };
  const due = await whatIsDue(run, deps, looking);
  if (due.kind === "not-looked" || due.kind === "silent" || due.kind === "unseen") return due;
  if (due.kind !== "nothing") await act(turn, fence, due);
  return { kind: "seen" };
}

async function act(
  { run, hold, deps, signal, looking }: Turn,
  fence: PlannedStep,
  due: Exclude<Due, { kind: "nothing" | "not-looked" | "silent" | "unseen" }>,
): Promise<void> {
  if (due.kind === "verify") {
    const held = { run: run.plan.id, epoch: run.epoch };
    const context = { cloud: deps.cloud, signal: looking, hold: held, ...LOOKS_ONLY };
    const verdict = await verdictOf(run, fence, { context, deps });
    const ours = verdict && (await hold());
    if (ours) await conclude({ hold: ours, fence, deps }, verdict);
    return;
  }
  const ours = await hold();
  if (!ours) return;
  const fencing = { hold: ours, fence, deps };
  if (due.kind === "do-it") return tryToFence(fencing, due, signal);
  if (due.kind === "lost") {
    const { why, seenClosedMs } = due;
    const since = `It was last seen closed at ${sayTime(seenClosedMs)}: what it took since then is not in ${run.plan.to}`;
    const told = `${run.plan.from} was fenced and is not any more: ${why}. ${since}. It is fenced again, as the signed plan says`;
    const lost = { kind: "fence-lost" as const, step: fence.id, why, closed: [...due.closed], seenClosedMs };
    return writeDown(fencing, told, (common) => ({ ...lost, ...common }));
  }
  if (due.kind === "moved-on") {
    const says = sayMovedOn(run, due.by, deps.clock.now());
    return writeDown(fencing, says, (common) => ({ kind: "moved-on", ...common, step: fence.id, run: due.by.plan.id }));
  }
  const end = isGuarded(run) ? "It was fenced when it was last seen." : "It was never proven to be fenced.";
  const says = `${run.plan.from} is not watched any more: ${due.why}. ${end}`;
  await writeDown(fencing, says, (common) => ({ kind: "watch-ended", ...common, step: fence.id, why: due.why }));
}

function sayMovedOn({ plan: { from, service, id }, untilMs }: RunState, { plan: later }: RunState, nowMs: number) {
  const on = `Run ${later.id} moves ${service} on from ${later.from} to ${later.to}`;
  if ([later.from, later.to].includes(from)) return `${on}, and looks after ${from} itself while it goes on`;
  return `${on}. TwoKey looks after ${from} until ${sayTime(untilMs, nowMs)} all the same, as the plan of ${id} says`;
}

interface Fencing {
  readonly hold: RunHold;
  readonly fence: PlannedStep;
  readonly deps: WatchDeps;
}

async function tryToFence(
  fencing: Fencing,
  { captured, silent, closed }: Extract<Due, { kind: "do-it" }>,
  signal: AbortSignal,
): Promise<void> {
  const { hold, fence, deps } = fencing;
  const { from } = hold.run.plan;
  const acting = contextFor(hold, fence.id, { ...deps, signal });
  try {
    const begun = await hold.intend((run) => {
      if (!isWatched(run)) return undefined;
      const seen = {
        ...(captured && { captured: { ...captured } }),
        ...(silent.length > 0 && { leftAlone: [...silent] }),
        ...(closed.length > 0 && { closed: [...closed] }),
      };
      return {
        entry: { kind: "watch-intent", atMs: deps.clock.now(), epoch: hold.epoch, step: fence.id, ...seen },
        told: { says: `${from} answers again${exceptFor(silent)}: fencing it, as the signed plan says` },
      };
    });
    if (!begun) return;
    // A try of the watch after its first looks what the first has done, as a step's does.
    const context = { ...acting, tries: hold.run.watch.tries };
    const asked = await definitionOf(deps, hold.run.plan, fence.id).run(unforgiving(hold.run, fence, silent), context);
    const says = `${from}${exceptFor(silent)}: closing it is asked for`;
    const requestIds = [...asked.requestIds];
    await writeDown(fencing, says, (common) => ({
      ...{ kind: "watch-asked", ...common, step: fence.id, requestIds, data: asked.data },
    }));
  } catch (error) {
    return conclude(fencing, failureOf(error));
  }
  if (silent.length > 0) return;
  const verdict = await verdictOf(hold.run, fence, { context: acting, deps });
  if (verdict) await conclude(fencing, verdict);
}

const exceptFor = (silent: readonly string[]): string =>
  silent.length === 0 ? "" : `, except for ${silent.join(", ")}`;

/**
 * Users do not wait for this any more: silence is no proof here, and is accepted no longer. What stands open there is closed at once.
 */
const unforgiving = (run: RunState, fence: PlannedStep, leaveAlone: readonly string[] = []) => ({
  ...{ ...fence.input, ...endedIn(run, fence.id) },
  ...{ mode: "unplanned", unseenAccepted: [], unprovenAccepted: [], leaveAlone },
});

interface Outcome {
  readonly fenced: boolean;
  readonly says: string;
  readonly ended?: FenceOutput["ended"];
}

/** Undefined: not proven yet. */
async function verdictOf(
  run: RunState,
  fence: PlannedStep,
  { context, deps }: { readonly context: LookContext; readonly deps: WatchDeps },
): Promise<Outcome | undefined> {
  try {
    const definition = definitionOf(deps, run.plan, fence.id);
    const verdict = await definition.verify(unforgiving(run, fence), run.watch.data, context);
    const shown = verdict.done ? FenceOutput.safeParse(verdict.output) : undefined;
    // What is not proven may go on for a run that goes on; it ends no watch.
    if (!shown?.success || shown.data.fence !== "fenced") return undefined;
    return { fenced: true, says: verdict.says, ended: shown.data.ended };
  } catch (error) {
    return failureOf(error);
  }
}

const FAILURES = [StepFailed, TransientError, OutcomeUnknown, NotAuthorised];

function failureOf(error: unknown): Outcome {
  if (FAILURES.some((failure) => error instanceof failure)) return { fenced: false, says: messageOf(error) };
  throw error;
}

async function conclude(fencing: Fencing, { fenced, says, ended }: Outcome): Promise<void> {
  const { hold, fence, deps } = fencing;
  const { from, id } = hold.run.plan;
  if (fenced) {
    const told = `${from} came back and is ${says}`;
    const later = { kind: "fenced-later" as const, step: fence.id, says: told, ...(ended && { ended }) };
    return writeDown(fencing, told, (common) => ({ ...later, ...common }));
  }
  deps.logger.error({ run: id, why: says }, "The old side came back and could not be fenced");
  const told = `${from} came back and could not be fenced: ${says}`;
  await writeDown(fencing, told, (common) => ({ kind: "watch-failed", ...common, step: fence.id, why: says }));
}

type Common = { readonly atMs: number; readonly epoch: number };

/** In the journal and in the ledger. A verified run whose watch is over needs nobody any more. */
async function writeDown(
  { hold, deps }: Fencing,
  says: string,
  make: (
    common: Common,
  ) => Extract<
    RunEntry,
    { kind: "watch-asked" | "watch-failed" | "fenced-later" | "fence-lost" | "watch-ended" | "moved-on" }
  >,
): Promise<void> {
  const written = await hold.append((run) => {
    const entry = make({ atMs: deps.clock.now(), epoch: hold.epoch });
    if ((entry.kind === "watch-ended" || entry.kind === "moved-on") && !isLookedAt(run)) return undefined;
    if (entry.kind === "fence-lost" && !isGuarded(run)) return undefined;
    // Another process may have named it meanwhile.
    if (entry.kind === "moved-on" && run.watch.laterMoves.includes(entry.run)) return undefined;
    // An old side that was fenced is looked at until the end date.
    const ends = entry.kind === "watch-ended";
    const requestIds = entry.kind === "watch-asked" ? { requestIds: entry.requestIds } : {};
    return { entry, told: { says, ...requestIds }, change: { over: ends && run.state === "verified" } };
  });
  if (written) await hold.note(written);
}
