import { type Moment, spans, type Text } from "../domain/card/card.ts";
import { unmeasuredSteps } from "../domain/plan-run/left-to-people.ts";
import { type LostWrites, lostWrites } from "../domain/plan-run/lost-writes.ts";
import { isMove } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";

/** Where users are after a move, and what is known of lost writes (G19). `before`: the runs whose rest this one did, oldest first. */
export function endOfMove(run: RunState, before: readonly RunState[] = []): Text[] {
  const { plan, state } = run;
  if (state !== "verified" || !isMove(plan)) return [];
  const served = unmeasuredSteps(run).length === 0 ? [`Users are served by ${plan.to}. `] : [];
  return [[...served, ...spans`${sayLost(lostWrites(run, before), plan)}`]];
}

function sayLost(lost: LostWrites, { dataLoss, to, from }: RunState["plan"]): Text {
  if (lost.kind === "after" || lost.kind === "between") return sayMissing(lost);
  if (lost.kind === "unknown")
    return dataLoss.kind === "none"
      ? "Whether writes were lost is not known."
      : "How many of the newest writes were lost is not known.";
  return lost.closedAtMs === undefined
    ? "No write was lost."
    : spans`No lost write is known: ${from} was closed at ${endOf(lost.closedAtMs)}, and ${to} had followed until ${second(lost.followedMs ?? lost.closedAtMs)}.`;
}

/** What may be missing, as a sentence or two. */
export function sayMissing(lost: Extract<LostWrites, { kind: "after" | "between" }>): Text {
  const { region, fromMs } = lost;
  if (lost.kind === "between")
    return spans`Writes to ${region} between ${second(fromMs)} and ${endOf(lost.toMs)} may be missing.`;
  if (lost.ofOthers)
    return spans`All that the stopped writers wrote is on the new side. Missing may be what programs that stayed connected to ${region} wrote there after ${second(fromMs)}, also tasks of the new side. Nobody saw whether there were any.`;
  if (lost.shutAtMs === undefined || lost.shutAtMs <= fromMs)
    return spans`Writes to ${region} after ${second(fromMs)} may be missing.`;
  return spans`Writes to ${region} from ${second(fromMs)} until it was closed at ${endOf(lost.shutAtMs)} may be missing, and later writes of programs that stayed connected.`;
}

/** With its seconds: a person looks by it for what was written then. */
const second = (timeMs: number): Moment => ({ timeMs });

/** The end of a time in which writes may be missing is shown with whole seconds too, and never earlier than it was. */
const endOf = (timeMs: number): Moment => second(Math.ceil(timeMs / 1_000) * 1_000);
