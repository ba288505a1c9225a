import { messageOf, UserError } from "../../domain/errors.ts";
import type { Person } from "../../domain/people/person.ts";
import { type JournalDecision, needsOf, refusal, stepInQuestion } from "../../domain/plan-run/decision.ts";
import { extendedUntil, openExtensions } from "../../domain/plan-run/extension.ts";
import { fenceOf } from "../../domain/plan-run/fence.ts";
import { isOver, type RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import { transition } from "../../domain/plan-run/run-transition.ts";
import { positionOf } from "../../domain/plan-run/votes.ts";
import { findPerson, type Inventory } from "../../domain/service/inventory.ts";
import type { Who } from "../../ports/asker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ledger, Runs } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import { eventOf } from "../runs/journal.ts";
import { confirmed } from "./proof.ts";

export interface DecisionDeps {
  readonly inventory: () => Inventory;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wake: Wake;
}

export interface Decided {
  readonly decision: JournalDecision;
  /** A decision that needs two approvers is refused through a door that cannot prove one. */
  readonly who: Who;
  /** What the card showed whose button was pressed, and how far the run was; absent where words were typed. */
  readonly shown?: { readonly step: string | undefined; readonly position: number } | undefined;
  /** What was done by hand, for `take-over`; why, for the others. */
  readonly words: string;
}

export interface Decision {
  readonly run: RunState;
  /** It counts, and why the ledger does not have it. */
  readonly unwritten?: string;
}

/** Writes a person's decision into the run's journal, or says why not. The executor finds it there. */
export async function decide(runId: string, wanted: Decided, deps: DecisionDeps): Promise<Decision> {
  let { who } = wanted;
  for (;;) {
    const run = await deps.runs.read(runId);
    if (!run) throw new UserError("run-unknown", `There is no run ${runId}.`);
    if (needsOf(wanted.decision, run) === "two approvers" && who.proof.strength !== "confirmed")
      who = await confirmed(who, UNPROVABLE(wanted.decision));
    const inventory = deps.inventory();
    const person = findPerson(inventory, who.person);
    const why = refusal(wanted.decision, run, { person, inventory });
    if (why !== undefined || !person)
      throw new UserError("decision-refused", why ?? "You are not listed under people.");
    refuseOutdated(run, wanted);
    const lapsed = lapsedVote(run, wanted.decision, inventory);
    if (lapsed) {
      await dropVote(run, lapsed, deps);
      continue;
    }
    const entry = entryFor(run, wanted, { person, atMs: deps.clock.now() });
    const says = `${person.name}: ${wanted.decision}${wanted.words ? ` – ${wanted.words}` : ""}`;
    const endsWatch = run.state === "verified" && transition(run, entry).watch.state === "ended";
    const closes = entry.kind === "refused" || entry.kind === "withdrawn" || endsWatch;
    const answer = await deps.runs.append(run, {
      entries: [entry],
      events: [eventOf(run, entry, { says })],
      over: closes,
    });
    if (answer.kind === "conflict") continue;
    if (answer.kind !== "appended")
      throw new UserError("decision-refused", `Nothing was changed: another run holds ${run.plan.service}.`);
    const { door, strength } = who.proof;
    const { atMs, kind } = entry;
    const line = { atMs, run: runId, epoch: run.epoch, kind, by: person.id, door, strength, says };
    const unwritten = await deps.ledger.append(line).then(() => undefined, messageOf);
    if (!isOver(answer.run)) await deps.wake.run(runId);
    return { run: answer.run, ...(unwritten !== undefined && { unwritten }) };
  }
}

/** Throws UserError. Two steps may fail one after the other: people decide about the one that they read about. */
export function refuseOutdated(run: RunState, { shown }: Pick<Decided, "shown">): void {
  if (shown === undefined || (shown.step === stepInQuestion(run) && shown.position === run.intents)) return;
  throw new UserError(
    "decision-outdated",
    "The run has moved on since the card that you clicked. Nothing was changed by your click. Read the card again.",
  );
}

const UNPROVABLE = (decision: JournalDecision) =>
  `“${decision}” needs two approvers, and this door cannot prove who is asking. Say it in Slack.`;

/** A vote of somebody who could not give it now: removed from the file, or approver no more. */
function lapsedVote(run: RunState, decision: JournalDecision, inventory: Inventory) {
  const given = decision === "extend" ? openExtensions(run) : run.votes.filter((vote) => vote.decision === decision);
  for (const { by } of given) {
    const why = refusal(decision, run, { person: findPerson(inventory, by), inventory });
    if (why !== undefined) return { by, why };
  }
  return undefined;
}

async function dropVote(run: RunState, { by, why }: { by: string; why: string }, deps: DecisionDeps): Promise<void> {
  const entry: RunEntry = { kind: "vote-lapsed", atMs: deps.clock.now(), by, why };
  const says = `The vote of ${by} does not count any more: ${why}`;
  await deps.runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says })] });
}

function entryFor(
  run: RunState,
  { decision, who: asker, words }: Decided,
  { person, atMs }: { readonly person: Person; readonly atMs: number },
): RunEntry {
  const who = { atMs, by: person.id, door: asker.proof.door };
  const step = stepInQuestion(run);
  switch (decision) {
    case "reject":
      return { kind: "refused", ...who, ...(words.trim() !== "" && { why: words.trim().replace(/^because\s+/i, "") }) };
    case "withdraw":
      return { kind: "withdrawn", ...who };
    case "abort":
      return { kind: "aborted", ...who };
    case "pause":
      return { kind: "paused", ...who, why: words || `paused by ${person.name}` };
    case "resume":
      return { kind: "resumed", ...who };
    case "retry":
      return { kind: "retried", ...who, step: needed(step) };
    case "take-over":
      if (words.trim() === "")
        throw new UserError("take-over-needs-words", "Say what was done by hand. /dr help take-over shows how.");
      return needsOf(decision, run) === "two approvers"
        ? { kind: "vote", ...who, decision, step: needed(step), position: positionOf(run, decision), words }
        : { kind: "taken-over", ...who, step: needed(step), words };
    case "skip":
    case "unwind":
      return { kind: "vote", ...who, decision, step: needed(step), position: positionOf(run, decision) };
    case "stop-watch":
      return { kind: "vote", ...who, decision, step: needed(fenceOf(run)?.id), position: positionOf(run, decision) };
    case "extend":
      if (atMs >= run.untilMs)
        throw new UserError("run-ended", `The end date of this plan is over, and nothing extends it. ${whatThen(run)}`);
      return { kind: "extended", ...who, fromMs: run.untilMs, untilMs: extendedUntil(run) };
  }
}

const whatThen = ({ plan }: RunState): string =>
  `What is left is done by people: /dr by-hand ${plan.id}. Or make a new plan for it: /dr replan ${plan.id}.`;

function needed(step: string | undefined): string {
  if (step === undefined) throw new UserError("no-failed-step", "No step of this run has failed.");
  return step;
}
