import { sentenceCard } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { UserError } from "../domain/errors.ts";
import {
  ABOUT_A_FAILURE,
  DECISIONS,
  type JournalDecision,
  refusal,
  stepInQuestion,
} from "../domain/plan-run/decision.ts";
import { extendedBy } from "../domain/plan-run/extension.ts";
import { stepOf } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { votesFor, votesNeeded } from "../domain/plan-run/votes.ts";
import { findPerson } from "../domain/service/inventory.ts";
import { type DecisionDeps, decide, refuseOutdated } from "../engine/approvals/decisions.ts";
import { rejectForm, takeOverForm } from "../views/forms.ts";
import { nameOf } from "../views/names.ts";
import { decisionWords } from "../views/store-answers.ts";
import { shownTo } from "./access.ts";
import type { Answer, Ask } from "./intent.ts";
import { listed, runMeant } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/** `/dr abort|pause|resume|retry|take-over|skip|unwind|stop-watch|extend|reject|withdraw [run] [words]`, and the buttons of the same names. */
export async function decideOnRun(decision: JournalDecision, ask: Ask, deps: DecisionDeps): Promise<Answer> {
  const [fromButton, about, at] = ask.value?.split(":") ?? [];
  const word = fromButton ?? ask.args[0];
  const inventory = deps.inventory();
  const shows = shownTo(ask, inventory);
  const run = await toldOf(decisionWords(decision, word ?? "the run"), () =>
    runMeant(word, { ...deps, shows }, DECISIONS[decision].states),
  );
  const who = listed(ask);
  const words = ask.fields?.["words"] ?? (fromButton === undefined ? ask.args.slice(1).join(" ") : "");
  const shown = shownBy(decision, { fromButton, about, at });
  const asked = askedFor(decision, { ask, run, words, shown: ask.value });
  if (asked) {
    refuseOutdated(run, shown);
    const refused = refusal(decision, run, { person: findPerson(inventory, who.person), inventory });
    if (refused !== undefined) throw new UserError("decision-refused", `${refused} Nothing was changed.`);
    return asked;
  }
  const wanted = { decision, who, words, ...shown };
  const { run: after, unwritten } = await toldOf(decisionWords(decision, run.plan.id), () =>
    decide(run.plan.id, wanted, deps),
  );
  await deps.wake.run(run.plan.id);
  const nowMs = deps.clock.now();
  const people = whoSaid(decision, after, nowMs);
  const votes = people.size > 0 ? ` ${people.size} of ${votesNeeded(after)} people want to ${decision}.` : "";
  const extended =
    after.untilMs === run.untilMs ? "" : ` TwoKey acts on its plan until ${sayTime(after.untilMs, nowMs)}.`;
  // It counts all the same: nobody may say it twice, or think that nothing was done.
  const kept = unwritten === undefined ? "" : ` The ledger does not have it: ${unwritten}.`;
  const stands = `run ${run.plan.id} is ${sayState(after.state)}.${votes}${extended}${kept}`;
  return { kind: "say", card: sentenceCard(`${nameOf(inventory, who.person)} said ${decision}: ${stands}`) };
}

interface Asked {
  readonly ask: Ask;
  readonly run: RunState;
  readonly words: string;
  /** Of a button: the run, and the failure that its card showed. */
  readonly shown: string | undefined;
}

/** What has to be said first, or confirmed: what takes a plan from everybody is never meant by a word that was left out. */
function askedFor(decision: JournalDecision, { ask, run, words, shown }: Asked): Answer | undefined {
  const { fields } = ask;
  if (decision === "reject") {
    const isTyped = shown === undefined && ask.args[0] !== undefined;
    if (fields === undefined) return isTyped ? undefined : { kind: "form", form: rejectForm(run) };
    const errors = { words: "Say why: everybody reads it." };
    return words.trim() === "" ? { kind: "field-errors", errors } : undefined;
  }
  if (decision !== "take-over" || words.trim() !== "") return undefined;
  if (fields !== undefined) return { kind: "field-errors", errors: { words: "Say what was done by hand." } };
  const step = stepInQuestion(run);
  if (step === undefined) return undefined;
  const context = shown ?? `${run.plan.id}:${step}:${run.intents}`;
  return { kind: "form", form: takeOverForm(run, context, stepOf(run.plan, step).title) };
}

function whoSaid(decision: JournalDecision, run: RunState, nowMs: number): ReadonlySet<string> {
  if (decision === "extend") return new Set(extendedBy(run, nowMs));
  const counting = run.votes.filter((vote) => vote.decision === decision && votesFor(run, vote, nowMs).includes(vote));
  return new Set(counting.map((vote) => vote.by));
}

/** A button is about the failure that its card showed; typed words are about the run as it stands. */
function shownBy(decision: JournalDecision, { fromButton, about, at }: Readonly<Record<string, string | undefined>>) {
  if (fromButton === undefined || !ABOUT_A_FAILURE.includes(decision)) return {};
  return { shown: { step: about, position: Number(at) } };
}
