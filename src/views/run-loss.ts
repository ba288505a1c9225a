import { z } from "zod";
import { type Moment, spans, type Text } from "../domain/card/card.ts";
import { FenceOutput, fenceOf, fenceSeen, openedSince } from "../domain/plan-run/fence.ts";
import { unmeasuredSteps } from "../domain/plan-run/left-to-people.ts";
import { isMove } from "../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../domain/plan-run/run.ts";
import { wasOpenedAfter } from "./old-side.ts";

/** Output of a step that measured how far the new side had followed. */
const Position = z.object({ lastCommitMs: z.number().nullable() });

/** Where users are after a move, and what is known of lost writes: never less than was lost, and no more than is known (G19). */
export function endOfMove(run: RunState): Text[] {
  const { plan, state } = run;
  if (state !== "verified" || !isMove(plan)) return [];
  const served = unmeasuredSteps(run).length === 0 ? [`Users are served by ${plan.to}. `] : [];
  return [[...served, ...spans`${lossOf(run)}`]];
}

function lossOf(run: RunState): Text {
  const { plan } = run;
  const fromMs = positionOf(run);
  const closedAtMs = closedForAllAtMs(run);
  if (plan.dataLoss.kind === "none") {
    const isProven = fromMs !== undefined && fenceSeen(run) === "fenced" && !wasOpenedAfter(run);
    if (!isProven || openedSince(run)) return "Whether writes were lost is not known.";
    return closedAtMs === undefined
      ? spans`No write of the stopped writers was lost. If another program wrote to ${plan.from} after ${second(fromMs)}, that may be missing.`
      : "No write was lost.";
  }
  const known = fromMs ?? (plan.dataLoss.kind === "after" ? plan.dataLoss.atMs : undefined);
  if (known === undefined) return "How many of the newest writes were lost is not known.";
  if (closedAtMs !== undefined && closedAtMs <= known)
    return spans`No lost write is known: ${plan.from} was closed at ${second(closedAtMs)}, and ${plan.to} had followed until ${second(known)}.`;
  return closedAtMs === undefined
    ? spans`Writes to ${plan.from} after ${second(known)} may be missing.`
    : spans`Writes between ${second(known)} and ${second(closedAtMs)} may be missing.`;
}

/** With its seconds: a person looks for the writes by it. */
const second = (timeMs: number): Moment => ({ timeMs });

/** Of the store that had followed least far; undefined where it was not measured of every store. */
function positionOf(run: RunState): number | undefined {
  const { steps } = run.plan;
  const stores = steps.filter(({ role }) => role === "commits").length;
  const measured = steps.flatMap(({ id }) => {
    const { state, output } = stateOf(run, id);
    const position = state === "done" ? Position.safeParse(output).data?.lastCommitMs : undefined;
    return position === undefined || position === null ? [] : [position];
  });
  return stores > 0 && measured.length === stores ? Math.min(...measured) : undefined;
}

/** World time from which on nobody wrote to the old side, open sessions neither; undefined: nobody has proven that. */
function closedForAllAtMs(run: RunState): number | undefined {
  const [fence, commits] = [fenceOf(run), run.plan.steps.filter(({ role }) => role === "commits")];
  if (!fence || fenceSeen(run) !== "fenced" || wasOpenedAfter(run) || openedSince(run)) return undefined;
  const ended = Object.keys(FenceOutput.safeParse(stateOf(run, fence.id).output).data?.ended ?? {});
  return ended.length > 0 && ended.length >= commits.length ? stateOf(run, fence.id).endedAtMs : undefined;
}
