import { chainOf, messageOf, NotAuthorised, OutcomeUnknown, TransientError } from "../../domain/errors.ts";
import { inputOf } from "../../domain/plan-run/fence.ts";
import { leftBehind } from "../../domain/plan-run/outcome.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { type RunState, stateOf, stepsToUndo } from "../../domain/plan-run/run.ts";
import type { Undone } from "../../ports/step.ts";
import { noteReach } from "./cut-off.ts";
import { contextFor, definitionOf, type ExecutorDeps, isFault } from "./executor-deps.ts";
import { endsTheDrive, type RunHold } from "./journal.ts";
import { Stopwatch } from "./stopwatch.ts";

/** World time that one undo may take before people are asked; and between two tries. */
const UNDO_DEADLINE_MS = 300_000;
const RETRY_MS = 5_000;

/**
 * Gives back what users lost (G7): in reverse order, one at a time, every step that may have had an effect and has a way
 * back. An undo that fails leaves the run stuck, for people. Once the new side is, or may be, the writer, nothing is undone:
 * opening the old side again would make two writers, and sending users back is a failback.
 */
export async function unwind(hold: RunHold, deps: ExecutorDeps, signal: AbortSignal): Promise<void> {
  if (hold.run.pastNoReturn && !(await neverHappened(hold, deps, signal))) return stopInstead(hold, deps);
  for (;;) {
    const step = stepsToUndo(hold.run)[0];
    if (!step) break;
    await undoStep({ hold, step, deps, signal });
    deps.changed(hold.run);
    if (hold.run.state !== "unwinding") return;
  }
  const { service, id } = hold.run.plan;
  await hold.append((run) => {
    if (run.state !== "unwinding") return undefined;
    const says = endOf(run);
    return {
      entry: { kind: "finished", atMs: deps.clock.now(), state: "unwound" },
      told: { says },
      change: { over: true, claim: { action: "release", service } },
    };
  });
  deps.logger.info({ run: id }, "The run is unwound");
  deps.changed(hold.run);
}

function endOf(run: RunState): string {
  const { plan, undoSkipped } = run;
  const left = plan.steps.filter(({ id }) => undoSkipped.includes(id)).map(({ title }) => title);
  return left.length === 0
    ? leftBehind(run).join(" ")
    : `Nothing irreversible happened, but people went on without undoing: ${left.join("; ")}. Look at ${plan.from}.`;
}

/** Past the point of no return only the world can say that nothing irreversible happened; a doubt is a no. */
export async function neverHappened(hold: RunHold, deps: ExecutorDeps, signal: AbortSignal): Promise<boolean> {
  const { plan } = hold.run;
  const irreversible = plan.steps.filter((step) => step.wayBack === "irreversible");
  // A plan for the rest leaves out what had happened when it was made.
  if (irreversible.length === 0) return false;
  const answers = await Promise.all(
    irreversible.map((step) =>
      definitionOf(deps, plan, step.id)
        .happened(step.input, contextFor(hold, step.id, { ...deps, signal }))
        .catch((error: unknown) => {
          if (signal.aborted) throw signal.reason;
          deps.logger.warn(
            { run: plan.id, step: step.id, why: messageOf(error) },
            "Nobody can say whether it happened",
          );
          return "unknown" as const;
        }),
    ),
  );
  return answers.every((answer) => answer === "no");
}

async function stopInstead(hold: RunHold, deps: ExecutorDeps): Promise<void> {
  const { service, from, to, steps } = hold.run.plan;
  const isGivenBack = steps.some(({ id }) =>
    ["undoing", "undone", "undo-failed"].includes(stateOf(hold.run, id).state),
  );
  const undone = isGivenBack ? "Nothing more is undone, and what was is to be done again" : "Nothing was undone";
  const stores = [...new Set(steps.flatMap(({ role, resource }) => (role === "commits" ? (resource ?? []) : [])))];
  const database = stores.length > 1 ? `one of ${stores.join(", ")}` : "the database";
  const why = `${undone}: ${database} in ${to} is, or may be, the writer of ${service} now, and opening ${from} again would make two. Go on to ${to}; going back is a plan of its own, later`;
  await hold.append((run) =>
    run.state === "unwinding"
      ? { entry: { kind: "no-way-back", atMs: deps.clock.now(), why }, told: { says: why } }
      : undefined,
  );
  deps.changed(hold.run);
}

interface Undoing {
  readonly hold: RunHold;
  readonly step: PlannedStep;
  readonly deps: ExecutorDeps;
  readonly signal: AbortSignal;
}

/** What is thrown while its outcome is written says nothing of the undo: that was made, and the drive ends where nobody can write it down. */
async function undoStep(undoing: Undoing): Promise<void> {
  const { hold, step, deps } = undoing;
  const undone = await undoneOrSaid(undoing);
  if (!undone) return;
  const { says, requestIds } = undone;
  const entered = await hold.append(() => ({
    entry: {
      ...{ kind: "undone", atMs: deps.clock.now(), step: step.id, epoch: hold.epoch, says },
      requestIds: [...requestIds],
    },
    told: { says: `Undone: ${step.title}. ${says}`, requestIds },
  }));
  if (entered) await hold.note(entered);
}

/** Undefined: there was nothing to undo any more, or that it failed is written down. */
async function undoneOrSaid({ hold, step, deps, signal }: Undoing): Promise<Undone | undefined> {
  try {
    const intended = await hold.intend((run) =>
      run.state === "unwinding"
        ? {
            entry: { kind: "undo-intent", atMs: deps.clock.now(), step: step.id, epoch: hold.epoch },
            told: { says: `Undo: ${step.title}` },
          }
        : undefined,
    );
    return intended && (await undoUntilAnswered({ hold, step, deps, signal }));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (endsTheDrive(error)) throw error;
    // It is lifted again, and then this goes on: nothing has failed.
    if (error instanceof NotAuthorised && error.code === "frozen") {
      await deps.clock.sleep(RETRY_MS, signal);
      return undefined;
    }
    const why = isFault(error) ? chainOf(error) : messageOf(error);
    await hold.append(() => ({
      entry: { kind: "undo-failed", atMs: deps.clock.now(), step: step.id, epoch: hold.epoch, why },
      told: { says: `Could not undo ${step.title}: ${why}` },
    }));
    deps.logger.error({ run: hold.run.plan.id, step: step.id, why }, "An undo failed: people have to look");
    return undefined;
  }
}

async function undoUntilAnswered({ hold, step, deps, signal }: Undoing): Promise<Undone> {
  const definition = definitionOf(deps, hold.run.plan, step.id);
  const stopwatch = new Stopwatch(deps.clock);
  const deadlineMs = deps.clock.now() + UNDO_DEADLINE_MS;
  for (;;) {
    try {
      return await definition.undo(inputOf(hold.run, step), contextFor(hold, step.id, { ...deps, signal }));
    } catch (error) {
      const mayTryAgain = error instanceof TransientError || error instanceof OutcomeUnknown;
      if (mayTryAgain) await noteReach({ deps, stopwatch });
      if (!mayTryAgain || deps.clock.now() + RETRY_MS > deadlineMs + stopwatch.awayMs) throw error;
      await stopwatch.sleep(RETRY_MS, signal);
    }
  }
}
