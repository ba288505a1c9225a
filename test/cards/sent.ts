import { type Card, sentenceCard } from "../../src/domain/card/card.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { newsOf } from "../../src/domain/plan-run/run-news.ts";
import { whoIsNeeded } from "../../src/flows/reach/run-needs.ts";
import { sayReadAgain } from "../../src/views/alarm-reads.ts";
import { replacedRecoveryCard } from "../../src/views/recovery.ts";
import { calledCard, copyOfBefore, replacedCopy } from "../../src/views/run-copy.ts";
import { runNewsCard } from "../../src/views/run-news.ts";
import { AT } from "../harness/observed.ts";
import { DARK_AT, darkPlan, INVENTORY, MINUTE, runStates } from "./run-states.ts";
import { watchStates } from "./watch-states.ts";

const PROPOSED = darkPlan();
const RUNS: Readonly<Record<string, RunState>> = { ...runStates(), ...watchStates(), proposed: PROPOSED };
const WATCHED = new Set(Object.keys(watchStates()));
/** When people look: minutes after it began, and after what was seen of the old side. */
function lookedAt({ untilMs }: RunState, name: string): number {
  if (name.startsWith("ending")) return untilMs - MINUTE;
  return AT + (WATCHED.has(name) ? 13 : 3) * MINUTE;
}

const LOOKED = Object.entries(RUNS).map(([name, run]) => {
  const nowMs = lookedAt(run, name);
  return { name, run, nowMs, needed: whoIsNeeded(run, INVENTORY, nowMs) };
});

/** What of a run is told in its room by a message of its own: the first card of each kind. */
export const newsCards = (): Record<string, Card> =>
  first(
    LOOKED.flatMap(({ run, nowMs, needed }) =>
      newsOf(run, nowMs).flatMap(({ kind, key }) => {
        const card = runNewsCard(key, { run, inventory: INVENTORY, nowMs, needed });
        return card ? [[`run-news-${kind}`, card] as const] : [];
      }),
    ),
  );

/** The direct message of somebody who is called: one for each occasion of a run, and what becomes of it. */
export const callCards = (): Record<string, Card> => ({
  ...first(
    LOOKED.flatMap(({ run, nowMs, needed }) => {
      if (!needed) return [];
      const { occasion, why } = needed;
      return [[`call-${occasion}`, calledCard(run, INVENTORY, { nowMs, downSinceMs: DARK_AT, why })] as const];
    }),
  ),
  "call-of-before": copyOfBefore(RUNS["verified"] ?? PROPOSED),
  "call-replaced": replacedCopy(PROPOSED.plan.id),
});

/** What TwoKey says of itself, and of what was replaced. */
export const replacedCards = (): Record<string, Card> => ({
  "recovery-replaced": replacedRecoveryCard("R-4C7M1Q"),
  "notice-alarms": sentenceCard(sayReadAgain("eu-west-1")),
});

const first = (cards: readonly (readonly [string, Card])[]): Record<string, Card> =>
  Object.fromEntries(cards.toReversed());
