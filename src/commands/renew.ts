import { chainOf } from "../domain/errors.ts";
import { askAgain } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { RunEntry } from "../domain/plan-run/run-entry.ts";
import { findPerson, findService } from "../domain/service/inventory.ts";
import { type Observation, unansweredIn } from "../domain/service/observation.ts";
import { eventOf } from "../engine/runs/journal.ts";
import { runbookOf } from "../flows/runbooks/index.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { type Draft, draftOf, keepDraft, type Proposal } from "./propose.ts";
import type { RunCommandDeps } from "./run-deps.ts";

/** Machine time for which an answer that comes late makes the plan again. Later than that people decide by themselves. */
const LATE_WITHIN_MS = 30_000;

/**
 * Renews beside what else is done for a run: its keys and its card wait for no look. Of one plan one look at a time, and one for each
 * look of the observer.
 */
export function renewals(deps: RunCommandDeps, logger: Logger): (run: RunState) => void {
  const renewing = new Set<string>();
  const tried = new Map<string, number>();
  const tryOnce = async (run: RunState): Promise<void> => {
    const { service } = run.plan;
    const seen = await deps.lastLook(service);
    if (!seen || tried.get(service) === seen.atMs) return;
    tried.set(service, seen.atMs);
    await renewPlan(run, seen, deps);
  };
  return (run) => {
    const { id } = run.plan;
    if (run.state !== "waiting-for-keys" || !run.plan.unanswered || renewing.has(id)) return;
    renewing.add(id);
    void tryOnce(run)
      // The plan that is there holds, whatever goes wrong here.
      .catch((error: unknown) => logger.warn({ run: id, why: chainOf(error) }, "What answers late makes no other plan"))
      .finally(() => renewing.delete(id));
  };
}

/**
 * A plan is made of what answered while somebody waited; slow is not dark. What answers within the next half minute makes the plan
 * again, with a digest of its own, and closes the one that was made without it. Where the new plan would be refused, the old one
 * stays: it says what was silent, and its fence looks for itself.
 */
export async function renewPlan(run: RunState, seen: Observation, deps: RunCommandDeps): Promise<void> {
  // Where no key is needed the new one would start by itself, after its requester has read that nothing was started.
  const isAwaited = run.plan.keysRequired > 0 && answersLate(run, seen, deps.clock);
  const wanted = isAwaited ? await askedFor(run, deps) : undefined;
  if (!wanted) return;
  const draft = await draftOf(wanted, deps);
  if (isNews(run, draft) && (await giveWay(run, draft, deps))) await keepDraft(draft, wanted, deps);
}

function answersLate({ plan }: RunState, seen: Observation, clock: Clock): boolean {
  const machineAgeMs = (clock.now() - plan.madeAtMs) / clock.speed;
  if (!plan.unanswered || machineAgeMs > LATE_WITHIN_MS || seen.atMs <= plan.madeAtMs) return false;
  const silent = unansweredIn(seen);
  return plan.unanswered.some((part) => !silent.includes(part));
}

/** The same as was asked for, by the same person. Undefined: the file has changed so that nobody can ask for it any more. */
async function askedFor({ plan }: RunState, deps: RunCommandDeps): Promise<Proposal | undefined> {
  const inventory = deps.inventory();
  const service = findService(inventory, plan.service);
  const person = findPerson(inventory, plan.requester);
  const continues = plan.restOf && (await deps.runs.read(plan.restOf.run));
  if (!service || !person) return undefined;
  const runbook = runbookOf(plan);
  return {
    // Where nobody named the target it is chosen again.
    ...{ service, runbook, wish: plan.passedOver ? without(runbook.wishOf(plan), "to") : runbook.wishOf(plan) },
    reason: plan.reason,
    requester: { id: person.id, name: person.name, proof: { door: "engine", strength: "account" } },
    channel: await deps.channelOf(plan.id),
    ...(continues && { continues }),
  };
}

const without = (wish: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(wish).filter(([key]) => key !== name));

/** It knows something that the other did not, and nothing that the other knew is missing. */
function isNews({ plan: { unanswered = [] } }: RunState, { run: { plan } }: Draft): boolean {
  const silent = plan.unanswered ?? [];
  return silent.length < unanswered.length && silent.every((part) => unanswered.includes(part));
}

/** False where somebody has decided about it meanwhile. */
async function giveWay(
  { plan }: RunState,
  { run: { plan: next } }: Draft,
  { runs, clock }: RunCommandDeps,
): Promise<boolean> {
  const now = await runs.read(plan.id);
  if (now?.state !== "waiting-for-keys") return false;
  const answers = (plan.unanswered ?? []).filter((part) => !(next.unanswered ?? []).includes(part));
  const why = [
    `what was silent answers now: ${answers.join(", ")}. Plan ${next.id} takes its place; where it does not come, ask again with ${askAgain(plan)}`,
  ];
  const entry: RunEntry = { kind: "voided", atMs: clock.now(), because: "facts", why };
  const says = `Plan ${plan.id} is closed: ${why.join("")}`;
  const answer = await runs.append(now, { entries: [entry], events: [eventOf(now, entry, { says })], over: true });
  return answer.kind === "appended";
}
