import type { Person } from "../people/person.ts";
import { approversOf, isKept } from "../service/access.ts";
import { findPerson, type Inventory } from "../service/inventory.ts";
import { isGuarded, isWatched, WATCHED } from "./fence.ts";
import { canBeTakenOver, heldUpStep } from "./held-up.ts";
import { FIND_OUT, whyNotOurs } from "./not-ours.ts";
import { askFresh, isMove, onlyAdds, type Plan, type StepRole, stepOf } from "./plan.ts";
import { type RunState, type RunStateName, stateOf, WAITS_FOR_PEOPLE } from "./run.ts";
import { sayState } from "./state-words.ts";
import { votesNeeded } from "./votes.ts";
import { whyOf } from "./why.ts";

/** What a person tells a run. What may be done in which state stands in this table and nowhere else. */
export type Decision =
  | "approve"
  | "reject"
  | "withdraw"
  | "abort"
  | "pause"
  | "resume"
  | "retry"
  | "take-over"
  | "skip"
  | "unwind"
  | "stop-watch"
  | "extend"
  | "replan";

/** Decisions that are about the step that failed: their buttons say which one. */
export const ABOUT_A_FAILURE: readonly Decision[] = ["retry", "take-over", "skip", "unwind"];

interface Rule {
  readonly states: readonly RunStateName[];
  /** Side of the point of no return on which it makes sense. */
  readonly side: "before" | "after" | "any";
  readonly needs: "approver" | "requester" | "responder" | "two approvers" | "two keys on the new plan";
  readonly effect: string;
}

export const DECISIONS: Readonly<Record<Decision, Rule>> = {
  approve: { states: ["waiting-for-keys"], side: "any", needs: "approver", effect: "turns your key" },
  reject: { states: ["waiting-for-keys"], side: "any", needs: "approver", effect: "closes the plan" },
  withdraw: { states: ["waiting-for-keys"], side: "any", needs: "requester", effect: "closes the plan" },
  abort: {
    states: ["running", "paused", "stopped"],
    side: "before",
    needs: "responder",
    effect: "starts no new step and gives back what was done",
  },
  pause: { states: ["running"], side: "any", needs: "responder", effect: "starts no new step" },
  resume: { states: ["paused"], side: "any", needs: "responder", effect: "goes on" },
  retry: { states: ["stopped"], side: "any", needs: "responder", effect: "tries the failed step again" },
  "take-over": {
    states: ["stopped", "running"],
    side: "any",
    needs: "responder",
    effect: "looks whether what was done by hand is there, and goes on",
  },
  skip: {
    states: ["stopped", "stuck", "running"],
    side: "any",
    needs: "two approvers",
    effect: "goes on without the step in question",
  },
  unwind: {
    states: ["stopped", "stuck"],
    side: "any",
    needs: "two approvers",
    effect: "looks whether the point of no return was really passed, and undoes its steps if it was not",
  },
  replan: {
    states: WAITS_FOR_PEOPLE,
    side: "any",
    needs: "two keys on the new plan",
    effect: "waits while TwoKey looks and makes a new plan; the last key on that plan ends this run",
  },
  // Fencing on return is what keeps both sides from taking writes: going without it is as grave as skipping a step.
  "stop-watch": {
    states: WATCHED,
    side: "after",
    needs: "two approvers",
    effect: "leaves the old region unfenced for good, even when it comes back",
  },
  extend: {
    states: ["running", "paused", "stopped", "stuck", "unwinding", "verified"],
    side: "any",
    needs: "two approvers",
    effect: "lets TwoKey act on this plan for as long again",
  },
};

/** Doing one of these by hand says that something was done to data or users which nobody else saw. */
const TAKEN_OVER_BY_TWO: readonly StepRole[] = ["protects", "commits", "moves-users"];

/** What it does to this run. */
export const effectOf = (decision: Decision, { plan }: RunState): string =>
  decision === "abort" && onlyAdds(plan) ? "starts no new step; what it has made stays" : DECISIONS[decision].effect;

/** How to ask for a plan of what a run leaves: for the rest of a move, else for all of it once the run has ended. */
export const askForRest = (plan: Plan): string =>
  isMove(plan) ? `/dr replan ${plan.id}` : `/dr abort ${plan.id}, then ${askFresh(plan)}`;

/** Who has to say it, for this run as it stands. */
export function needsOf(decision: Decision, run: RunState): Rule["needs"] {
  const step = stepInQuestion(run);
  const isGrave = step !== undefined && TAKEN_OVER_BY_TWO.includes(stepOf(run.plan, step).role);
  return decision === "take-over" && isGrave ? "two approvers" : DECISIONS[decision].needs;
}

/** Decisions that become an entry of the run's own journal. Keys and plans have their own ways in. */
export type JournalDecision = Exclude<Decision, "approve" | "replan">;

/** Whether the run as it stands takes this decision, from whomever. */
export function fits(decision: Decision, run: RunState): boolean {
  const { states, side } = DECISIONS[decision];
  if (!states.includes(run.state) || (side === "before" && run.pastNoReturn)) return false;
  if (decision === "stop-watch") return isWatched(run);
  if (decision === "extend") return run.state !== "verified" || isWatched(run) || isGuarded(run);
  if (decision === "resume") return !run.voided;
  // What is no move has no rest that could be planned.
  if (decision === "replan") return isMove(run.plan);
  const step = stepInQuestion(run);
  if (decision === "take-over" && step !== undefined && !canBeTakenOver(run, step)) return false;
  return !ABOUT_A_FAILURE.includes(decision) || step !== undefined;
}

/** Who wants to decide, and the file that says whether they may. */
export interface Decider {
  readonly person: Person | undefined;
  readonly inventory: Inventory;
}

/** Why this person may not take this decision now, in words for them; undefined: they may. */
export function refusal(decision: Decision, run: RunState, { person, inventory }: Decider): string | undefined {
  const rule = DECISIONS[decision];
  const needs = needsOf(decision, run);
  const asker = findPerson(inventory, run.plan.requester)?.name ?? run.plan.requester;
  if (!person) return "You are not listed under people in twokey.yaml, so you cannot decide about a run.";
  if (!rule.states.includes(run.state))
    return `The run is ${sayState(run.state)}${run.why ? ` (${whyOf(run, inventory)})` : ""}; “${decision}” needs a run that is ${rule.states.map(sayState).join(" or ")}.${whatFits(run)}`;
  if (rule.side === "before" && run.pastNoReturn)
    return "The point of no return is passed, so rollback is not possible. Let the run finish. Moving back is a plan of its own, later.";
  if (decision === "stop-watch" && !isWatched(run) && !isGuarded(run))
    return "TwoKey watches no old region for this run. The watch has ended, or the point of no return is not passed.";
  if (decision === "extend" && run.state === "verified" && !isWatched(run) && !isGuarded(run))
    return "TwoKey does nothing more for this run, so there is nothing to extend.";
  if (run.state === "running" && ABOUT_A_FAILURE.includes(decision) && heldUpStep(run) === undefined)
    return `The run is running, and no step of it has failed or is refused, so there is nothing to ${decision}.${whatFits(run)}`;
  const step = stepInQuestion(run);
  if (decision === "take-over" && step !== undefined && !canBeTakenOver(run, step))
    return `TwoKey can see “${stepOf(run.plan, step).title}” only where it is refused, so a take-over would fail.${whatFits(run)}`;
  const lacking = withoutGround(decision, run, inventory);
  if (lacking !== undefined) return lacking;
  if (needs === "requester" && person.id !== run.plan.requester)
    return `Only ${asker}, who asked for this plan, can withdraw it. An approver can close it with /dr reject ${run.plan.id}.`;
  if (needs === "two approvers" && person.id === run.plan.requester)
    return `You asked for this plan, so “${decision}” from you does not count. ${votesNeeded(run)} other approvers must say it.`;
  if ((needs === "approver" || needs === "two approvers") && !isApprover(person, run, inventory))
    return `“${decision}” is for approvers of ${run.plan.service}. Ask one of them: ${approversOf(
      inventory,
      run.plan.service,
    )
      .map(({ name }) => name)
      .join(", ")}.`;
  if (
    (needs === "responder" || needs === "two keys on the new plan") &&
    !person.roles.some((role) => role === "responder" || role === "commander" || role === "approver")
  )
    return `“${decision}” is for people who are listed in twokey.yaml as responder, commander or approver.`;
  if (GOES_ON.includes(decision) && !mayGoOn(person, run, inventory))
    return `“${decision}” on ${run.plan.service} is for the people whom twokey.yaml names for it (services.${run.plan.service}.access.ask), its approvers, and commanders.`;
  return undefined;
}

/** By these a run would act on, or a plan end, as its journal says. What gives it no more authority is left to people. */
const RESTS_ON_THE_JOURNAL: readonly Decision[] = ["reject", "extend", "resume", "retry", "take-over", "skip"];

/** Why there is nothing that it could go on with. */
function withoutGround(decision: Decision, run: RunState, inventory: Inventory): string | undefined {
  const notOurs = whyNotOurs(run);
  if (notOurs !== undefined && RESTS_ON_THE_JOURNAL.includes(decision))
    return `“${decision}” does not count: ${notOurs}. ${run.state === "waiting-for-keys" ? "TwoKey closes this plan by itself" : "TwoKey asks the cloud for nothing more in this run"}. ${FIND_OUT}`;
  if (decision === "replan" && !isMove(run.plan))
    return `Only a move has a rest that can be planned. A new plan: ${askForRest(run.plan)}.${whatFits(run)}`;
  if (decision === "resume" && run.voided)
    return `The keys of this plan are void: ${whyOf(run, inventory)}. A new plan: ${askForRest(run.plan)}.${run.pastNoReturn ? "" : ` Or undo what this run has done: /dr abort ${run.plan.id}.`}`;
  return undefined;
}

function whatFits(run: RunState): string {
  const typed = (Object.keys(DECISIONS) as Decision[]) // the table's own keys
    .filter((decision) => decision !== "approve" && fits(decision, run))
    .map((decision) => `/dr ${decision}`);
  return typed.length > 0 ? ` What fits now: ${typed.join(", ")}.` : "";
}

/** By these a run acts on. What stops one is open to all who see it go wrong. */
const GOES_ON: readonly Decision[] = ["resume", "retry", "take-over"];

/** Commanders too: they are called when a run waits for people. */
const mayGoOn = (person: Person, run: Pick<RunState, "plan">, inventory: Inventory): boolean =>
  person.roles.includes("commander") ||
  !isKept({ service: run.plan.service, what: "ask" }, person.id, inventory) ||
  isApprover(person, run, inventory);

function isApprover(person: Person, { plan }: Pick<RunState, "plan">, inventory: Inventory): boolean {
  return approversOf(inventory, plan.service).some(({ id }) => id === person.id);
}

/** What people decide about: a step that failed, or one that a vendor holds up. */
export const stepInQuestion = (run: RunState): string | undefined => failedStep(run) ?? heldUpStep(run);

/** Where it stands: tells one stop from the next. Votes and late reports about it are no news. */
export const stopOf = (run: RunState): string => `${run.state}:${run.stateAt}:${failedStep(run) ?? ""}`;

export function failedStep(run: RunState): string | undefined {
  return run.plan.steps.find((step) => ["failed", "undo-failed"].includes(stateOf(run, step.id).state))?.id;
}
