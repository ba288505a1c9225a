import { messageOf, StepFailed } from "../domain/errors.ts";
import { needsWatch, type RunState } from "../domain/run.ts";
import type { RunEntry } from "../domain/run-entry.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import type { Told } from "./journal.ts";
import { eventOf } from "./journal.ts";

/**
 * The return of a dark region is the dangerous moment: its service and database come back as they were, ready to write.
 * While the signed plan authorises it, every look tries to fence the old side; the first failing write over there ends it.
 * Fencing converges, so a look that was cut off is simply repeated.
 */
/** World time between two tries over there: the journal must not grow with every look. */
const TRY_EVERY_MS = 60_000;

type WatchDeps = Pick<ExecutorDeps, "runs" | "ledger" | "clock" | "cloud" | "steps" | "logger">;

export async function watchOldSide(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<void> {
  const fence = run.plan.steps.find((step) => step.does === "fence-primary");
  const definition = deps.steps["fence-primary"];
  if (!fence || !definition || !needsWatch(run)) return;
  const atMs = deps.clock.now();
  if (atMs >= run.plan.authorisesUntilMs) {
    await append(
      run,
      { kind: "watch-ended", atMs },
      { says: `The plan's authority to fence ${run.plan.from} has run out. It was never proven to be fenced.` },
      true,
      deps,
    );
    return;
  }
  if (run.watchedAtMs !== undefined && atMs < run.watchedAtMs + TRY_EVERY_MS) return;
  // Reading first: a region that is still dark is left alone, and no intent is written for it.
  const context = { cloud: deps.cloud, signal, outputOf: () => ({}) };
  const { region, securityGroup } = regionOf(fence.input);
  if (!(await deps.cloud.databases.firewall(region, securityGroup, signal)).known) return;
  const wrong = await deps.ledger.disagreement();
  if (wrong !== undefined) return;
  if (await hasGoneHome(run, deps, signal)) {
    const says = `The database of ${run.plan.to} is no writer any more: people moved ${run.plan.service} since, and ${region} is left alone.`;
    await append(run, { kind: "watch-ended", atMs }, { says }, true, deps);
    return;
  }
  const intended = await append(
    run,
    { kind: "watch-intent", atMs },
    { says: `${region} answers again: fencing it, as the signed plan says` },
    false,
    deps,
  );
  if (!intended) return;
  await deps.ledger.append({
    atMs,
    run: run.plan.id,
    service: run.plan.service,
    epoch: run.epoch,
    kind: "watch-intent",
    step: fence.id,
    says: `fence ${region} on its return`,
  });
  const { requestIds, data } = await definition.run(fence.input, context);
  const verdict = await definition
    .verify({ ...fence.input, unfencedAccepted: false }, data, context)
    .catch((error: unknown) => {
      if (error instanceof StepFailed) return { done: false as const, says: messageOf(error) };
      throw error;
    });
  if (!verdict.done)
    return deps.logger.warn(
      { run: run.plan.id, says: verdict.says },
      "The returned region is not proven to be fenced yet",
    );
  const says = `${region} came back and is ${verdict.says}`;
  const done: RunEntry = { kind: "fenced-later", atMs: deps.clock.now(), says, requestIds: [...requestIds] };
  await append(intended, done, { says, requestIds }, true, deps);
  await deps.ledger.append({
    atMs: done.atMs,
    run: run.plan.id,
    service: run.plan.service,
    epoch: run.epoch,
    kind: done.kind,
    step: fence.id,
    says,
    requestIds,
  });
}

/** Somebody failed back by hand: fencing the old side now would take the service away from its users. */
async function hasGoneHome(run: RunState, { cloud }: WatchDeps, signal: AbortSignal): Promise<boolean> {
  const promoted = run.plan.steps.find((step) => step.does === "promote-replica")?.input;
  if (!promoted) return false;
  const now = await cloud.databases.describe(String(promoted["region"]), String(promoted["instance"]), signal);
  return now.known ? now.value.role === "replica" : now.cause === "absent";
}

async function append(
  run: RunState,
  entry: RunEntry,
  told: Told,
  over: boolean,
  deps: WatchDeps,
): Promise<RunState | undefined> {
  const answer = await deps.runs.append(run, { entries: [entry], events: [eventOf(run, entry, told)], over });
  return answer.kind === "appended" ? answer.run : undefined;
}

function regionOf(input: Readonly<Record<string, unknown>>): { region: string; securityGroup: string } {
  return { region: String(input["region"]), securityGroup: String(input["securityGroup"]) };
}
