import type { Text } from "../domain/card/card.ts";
import { sayLoss, UNKNOWN_LOSS } from "../domain/plan-run/data-position.ts";
import { onlyAdds, type Plan } from "../domain/plan-run/plan.ts";
import { withMoments } from "./times-in-words.ts";

/** What is lost, as a point in time or as unknown: never a number that moves (G4). What may be lost is said as the keys sign it. */
export function lossLine(plan: Plan): Text {
  const { dataLoss, madeAtMs } = plan;
  switch (dataLoss.kind) {
    case "none":
      return nothingLost(plan);
    case "after":
      // However old the sample is, what it says stays true, as far as the lag is what it says. It may be the last before the link broke.
      return [
        ...withMoments(asSentence(sayLoss(dataLoss, madeAtMs)), madeAtMs, { isSigned: true }),
        ` By ${dataLoss.why === undefined ? "its lag" : "its last lag"}, ${plan.to} has all before that.`,
      ];
    case "unknown":
      return asSentence(UNKNOWN_LOSS);
  }
}

function nothingLost(plan: Plan): string {
  if (onlyAdds(plan)) return "Nothing that is there is changed.";
  if (!plan.steps.some(({ role }) => role === "protects")) return "No data is lost.";
  // What was agreed to before the promotion is not agreed to again by a plan for the rest.
  return plan.restOf !== undefined || plan.acceptances.some(({ mayLose }) => mayLose)
    ? "Nothing written before the old database closes is lost: the standby catches up first."
    : "No data is lost: writers stop first, and the standby catches up.";
}

const asSentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
