import { messageOf, NotAuthorised, OutcomeUnknown, StepFailed, TransientError } from "../../domain/errors.ts";
import { fenceOf, isWatched } from "../../domain/plan-run/fence.ts";
import { sayFrozen } from "../../domain/plan-run/freeze.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { RunState, Watch } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import { readIfReadable } from "../../domain/readable.ts";
import type { OldSide } from "../../ports/old-side.ts";
import type { StepContext } from "../../ports/step.ts";
import { contextFor, definitionOf, type ExecutorDeps } from "./executor-deps.ts";
import { RunHold } from "./journal.ts";

/**
 * The return of a dark region is the dangerous moment: its service and database come back as they were, ready to write.
 * Past the point of no return, and until the signed plan's end date, every look tries to fence the old side (J7).
 *  W1 reading comes first: a region that is still dark is left alone, and nothing is written for it
 *  W2 every try is an act of a hold: epoch, intent in journal and ledger, proof before each call (J2, J3, J6)
 *  W3 only a write that fails over there ends it; what was cut off is simply begun again, since fencing converges
 *  W4 what answers is fenced without waiting for the rest; as fenced it counts only with the last of it
 */
/** World time between two tries, doubled with each up to the longest: the journal must not grow with every look. */
const TRY_AGAIN_MS = 60_000;
const LONGEST_TRY_AGAIN_MS = 15 * 60_000;
/** World time between two looks while the run is driven; otherwise the sweep wakes it. */
const LOOK_EVERY_MS = 2_000;

export type WatchDeps = Omit<ExecutorDeps, "changed" | "progressed" | "took" | "drift">;

/** One turn for a run that nobody drives: paused, stopped or verified. Takes a hold only when there is something to write. */
export async function watchOldSide(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<void> {
  if (!isWatched(run)) return;
  const hold = () => RunHold.take(deps, run.plan.id, { worker: deps.worker, doing: `watches ${run.plan.from}` });
  await turn({ run, hold, deps, signal, looking: signal });
}

/** The same beside the steps of a run that is driven, until there is nothing to watch any more or `stop` is aborted. */
export async function watchWhileDriven(
  hold: RunHold,
  deps: ExecutorDeps,
  signals: { readonly signal: AbortSignal; readonly stop: AbortSignal },
): Promise<void> {
  const { signal, stop } = signals;
  // A look is given up at once; a try that is under way is waited for, since its call may still take effect.
  const looking = AbortSignal.any([signal, stop]);
  const ours = async () => (stop.aborted ? undefined : hold);
  while (isWatched(hold.run) && !stop.aborted) {
    const before = hold.run.watch;
    try {
      await turn({ run: hold.run, hold: ours, deps, signal, looking });
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

type Due =
  | { readonly kind: "nothing" }
  | { readonly kind: "verify" }
  | { readonly kind: "end"; readonly why: string }
  | ({ readonly kind: "do-it" } & Pick<Back, "captured" | "silent">);

type Back = Extract<OldSide, { kind: "back" }>;

async function whatIsDue(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<Due> {
  const nowMs = deps.clock.now();
  const { from, service } = run.plan;
  if (nowMs >= run.untilMs) return { kind: "end", why: "the end date of the signed plan is over" };
  const elsewhere = await otherMove(run, deps);
  if (elsewhere) return elsewhere;
  const { watch } = run;
  const isTooEarly = nowMs < againAtMs(watch);
  // A try without an outcome was cut off by a crash, and is begun again at once.
  if (isTooEarly && watch.state === "failed" && watch.leftAlone.length === 0) return { kind: "nothing" };
  const looked = await deps.oldSide(run, signal);
  if (looked.kind === "silent" || isWaitedFor(looked)) return { kind: "nothing" };
  if (looked.kind === "moved-back")
    return { kind: "end", why: `${looked.why}: people moved ${service} back to ${from}` };
  // What was left alone at the last try was asked for nothing yet, and need not wait.
  const waits = isTooEarly && !watch.leftAlone.some((part) => !looked.silent.includes(part));
  if (watch.state === "asked" && (waits || looked.isClosed))
    return looked.silent.length === 0 ? { kind: "verify" } : { kind: "nothing" };
  if (watch.state === "failed" && waits) return { kind: "nothing" };
  const freeze = await deps.frozen();
  // Said once, so that people know what stands open; it is closed the moment they lift the freeze.
  if (freeze && watch.says === sayFrozen(freeze)) return { kind: "nothing" };
  return { kind: "do-it", captured: looked.captured, silent: looked.silent };
}

/** All of it that answers is closed, and the rest gives no answer yet: nothing can be done, and nothing is proven. */
export const isWaitedFor = (looked: OldSide): boolean =>
  looked.kind === "back" && looked.isClosed && looked.silent.length > 0;

/**
 * A run that holds the service since then has a plan of its own for both sides. Once it makes this side the writer, the
 * older keys must not fence it any more, also after that run has let go of the service.
 */
async function otherMove({ plan }: RunState, deps: WatchDeps): Promise<Due | undefined> {
  const holder = await deps.runs.holderOf(plan.service);
  if (holder === undefined || holder === plan.id) return undefined;
  const other = await readIfReadable(deps.runs.read(holder));
  if (!other?.pastNoReturn || other.plan.to !== plan.from) return { kind: "nothing" };
  return { kind: "end", why: `run ${holder} makes ${plan.from} the writer` };
}

function againAtMs({ tries, triedAtMs }: Watch): number {
  if (triedAtMs === undefined) return 0;
  return triedAtMs + Math.min(TRY_AGAIN_MS * 2 ** (tries - 1), LONGEST_TRY_AGAIN_MS);
}

async function turn({ run, hold, deps, signal, looking }: Turn): Promise<void> {
  const due = await whatIsDue(run, deps, looking);
  const fence = fenceOf(run);
  if (due.kind === "nothing" || !fence) return;
  if (due.kind === "verify") {
    const fencing = { run: run.plan.id, epoch: run.epoch };
    const context = { cloud: deps.cloud, signal: looking, fencing, tries: 1, outputOf: () => undefined };
    const verdict = await verdictOf(run, fence, { context, deps });
    const ours = verdict && (await hold());
    return ours && conclude({ hold: ours, fence, deps }, verdict);
  }
  const ours = await hold();
  if (!ours) return;
  const fencing = { hold: ours, fence, deps };
  if (due.kind === "do-it") return tryToFence(fencing, due, signal);
  const says = `${run.plan.from} is not watched any more: ${due.why}. It was never proven to be fenced.`;
  await record(fencing, says, (common) => ({ kind: "watch-ended", ...common, step: fence.id, why: due.why }));
}

interface Fencing {
  readonly hold: RunHold;
  readonly fence: PlannedStep;
  readonly deps: WatchDeps;
}

async function tryToFence(
  fencing: Fencing,
  { captured, silent }: Extract<Due, { kind: "do-it" }>,
  signal: AbortSignal,
): Promise<void> {
  const { hold, fence, deps } = fencing;
  const { from } = hold.run.plan;
  const context = contextFor(hold, fence.id, { ...deps, signal });
  try {
    const begun = await hold.intend((run) => {
      if (!isWatched(run)) return undefined;
      const seen = {
        ...(captured && { captured: { ...captured } }),
        ...(silent.length > 0 && { leftAlone: [...silent] }),
      };
      return {
        entry: { kind: "watch-intent", atMs: deps.clock.now(), epoch: hold.epoch, step: fence.id, ...seen },
        told: { says: `${from} answers again${exceptFor(silent)}: fencing it, as the signed plan says` },
      };
    });
    if (!begun) return;
    const asked = await definitionOf(deps, hold.run.plan, fence.id).run(unforgiving(fence, silent), context);
    const says = `${from}${exceptFor(silent)}: closing it is asked for`;
    const requestIds = [...asked.requestIds];
    await record(fencing, says, (common) => ({
      ...{ kind: "watch-asked", ...common, step: fence.id, requestIds, data: asked.data },
    }));
  } catch (error) {
    return conclude(fencing, failureOf(error));
  }
  if (silent.length > 0) return;
  const verdict = await verdictOf(hold.run, fence, { context, deps });
  if (verdict) await conclude(fencing, verdict);
}

const exceptFor = (silent: readonly string[]): string =>
  silent.length === 0 ? "" : `, except for ${silent.join(", ")}`;

/** Users do not wait for this any more: silence is no proof here, and is accepted no longer. */
const unforgiving = (fence: PlannedStep, leaveAlone: readonly string[] = []) => ({
  ...fence.input,
  ...{ unfencedAccepted: false, leaveAlone },
});

type Outcome = { readonly fenced: boolean; readonly says: string };

/** Undefined: not proven yet. */
async function verdictOf(
  run: RunState,
  fence: PlannedStep,
  { context, deps }: { readonly context: StepContext; readonly deps: WatchDeps },
): Promise<Outcome | undefined> {
  try {
    const definition = definitionOf(deps, run.plan, fence.id);
    const { done, says } = await definition.verify(unforgiving(fence), run.watch.data, context);
    return done ? { fenced: true, says } : undefined;
  } catch (error) {
    return failureOf(error);
  }
}

const FAILURES = [StepFailed, TransientError, OutcomeUnknown, NotAuthorised];

function failureOf(error: unknown): Outcome {
  if (FAILURES.some((failure) => error instanceof failure)) return { fenced: false, says: messageOf(error) };
  throw error;
}

async function conclude(fencing: Fencing, { fenced, says }: Outcome): Promise<void> {
  const { hold, fence, deps } = fencing;
  const { from, id } = hold.run.plan;
  if (fenced) {
    const told = `${from} came back and is ${says}`;
    return record(fencing, told, (common) => ({ kind: "fenced-later", ...common, step: fence.id, says: told }));
  }
  deps.logger.error({ run: id, why: says }, "The old side came back and could not be fenced");
  const told = `${from} came back and could not be fenced: ${says}`;
  await record(fencing, told, (common) => ({ kind: "watch-failed", ...common, step: fence.id, why: says }));
}

type Common = { readonly atMs: number; readonly epoch: number };

/** In the journal and in the ledger. A verified run whose watch is over needs nobody any more. */
async function record(
  { hold, deps }: Fencing,
  says: string,
  make: (
    common: Common,
  ) => Extract<RunEntry, { kind: "watch-asked" | "watch-failed" | "fenced-later" | "watch-ended" }>,
): Promise<void> {
  const written = await hold.append((run) => {
    const entry = make({ atMs: deps.clock.now(), epoch: hold.epoch });
    if (entry.kind === "watch-ended" && !isWatched(run)) return undefined;
    const ends = entry.kind === "fenced-later" || entry.kind === "watch-ended";
    const requestIds = entry.kind === "watch-asked" ? { requestIds: entry.requestIds } : {};
    return { entry, told: { says, ...requestIds }, change: { over: ends && run.state === "verified" } };
  });
  if (written) await hold.note(written);
}
