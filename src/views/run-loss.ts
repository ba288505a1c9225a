import { second, spans, type Text } from "../domain/card/card.ts";
import { unmeasuredSteps } from "../domain/plan-run/left-to-people.ts";
import { type LostWrites, lostWrites } from "../domain/plan-run/lost-writes.ts";
import { isMove } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";

/** Where users are after a move, and what is known of lost writes (G19). */
export function endOfMove(run: RunState): Text[] {
  const { plan, state } = run;
  if (state !== "verified" || !isMove(plan)) return [];
  const served = unmeasuredSteps(run).length === 0 ? [`Users are served by ${plan.to}. `] : [];
  return [[...served, ...spans`${sayLost(lostWrites(run), plan)}`]];
}

function sayLost(lost: LostWrites, { dataLoss, to, from }: RunState["plan"]): Text {
  switch (lost.kind) {
    case "unknown":
      return dataLoss.kind === "none"
        ? "Whether writes were lost is not known."
        : "How many of the newest writes were lost is not known.";
    case "nothing":
      return lost.closedAtMs === undefined
        ? "No write was lost."
        : spans`No lost write is known: ${from} was closed at ${second(lost.closedAtMs)}, and ${to} had followed until ${second(lost.followedMs ?? lost.closedAtMs)}.`;
    case "after":
      return lost.ofOthers
        ? spans`No write of the stopped writers was lost. If another program wrote to ${lost.region} after ${second(lost.fromMs)}, that may be missing.`
        : spans`Writes to ${lost.region} after ${second(lost.fromMs)} may be missing.`;
    case "between":
      return spans`Writes between ${second(lost.fromMs)} and ${second(lost.toMs)} may be missing.`;
  }
}
