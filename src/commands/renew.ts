import { chainOf } from "../domain/errors.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { RunEntry } from "../domain/plan-run/run-entry.ts";
import { findPerson, findService } from "../domain/service/inventory.ts";
import { unansweredIn } from "../domain/service/observation.ts";
import { eventOf } from "../engine/runs/journal.ts";
import { runbookOf } from "../flows/runbooks/index.ts";
import type { Logger } from "../ports/logger.ts";
import { type Draft, draftOf, keepDraft, type Proposal } from "./propose.ts";
import type { RunCommandDeps } from "./run-deps.ts";

/** Machine time for which an answer that comes late makes the plan again. Later than that people decide by themselves. */
const LATE_WITHIN_MS = 30_000;

/**
 * A plan is made of what answered while somebody waited; slow is not dark. What answers within the next half minute makes the plan
 * again, with a digest of its own, and closes the one that was made without it. Where the new plan would be refused, the old one
 * stays: it says what was silent, and its fence looks for itself.
 */
export async function renewPlan(run: RunState, deps: RunCommandDeps, logger: Logger): Promise<void> {
  try {
    const wanted = run.state === "waiting-for-keys" && (await answersLate(run, deps)) && (await askedFor(run, deps));
    if (!wanted) return;
    const draft = await draftOf(wanted, deps, false);
    if (isNews(run, draft) && (await giveWay(run, draft, deps))) await keepDraft(draft, wanted, deps);
  } catch (error) {
    // The plan that is there holds, whatever goes wrong here.
    logger.warn({ run: run.plan.id, why: chainOf(error) }, "What answers late makes no other plan");
  }
}

async function answersLate({ plan }: RunState, { clock, lastLook }: RunCommandDeps): Promise<boolean> {
  if (!plan.unanswered || (clock.now() - plan.madeAtMs) / clock.speed > LATE_WITHIN_MS) return false;
  const seen = await lastLook(plan.service);
  if (!seen || seen.atMs <= plan.madeAtMs) return false;
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
    ...{ service, runbook, wish: runbook.wishOf(plan), reason: plan.reason },
    requester: { id: person.id, name: person.name, proof: { door: "engine", strength: "account" } },
    channel: await deps.channelOf(plan.id),
    ...(continues && { continues }),
  };
}

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
  const why = [`what was silent answers now: ${answers.join(", ")}. Plan ${next.id} takes its place`];
  const entry: RunEntry = { kind: "voided", atMs: clock.now(), because: "facts", why };
  const says = `Plan ${plan.id} is closed: ${why.join("")}`;
  const answer = await runs.append(now, { entries: [entry], events: [eventOf(now, entry, { says })], over: true });
  return answer.kind === "appended";
}
