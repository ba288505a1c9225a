import { ago, type Card, type CardPart, spans } from "../domain/card/card.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { nameOf } from "./names.ts";
import { keysLine } from "./plan-keys.ts";
import { runLine } from "./run-progress.ts";

/** The plans that wait for keys, the one that is over first at the top. */
export function plansCard(waiting: readonly RunState[], inventory: Inventory): Card {
  const plans = waiting.toSorted((one, other) => one.plan.startByMs - other.plan.startByMs);
  return {
    text: plans.length === 0 ? "No plan waits for keys." : `Plans that wait for keys: ${plans.length}.`,
    parts: plans.flatMap((run): CardPart[] => [
      { kind: "text", text: [{ bold: `${run.plan.id}: ${run.plan.title}` }] },
      {
        kind: "lines",
        lines: [
          keysLine(run),
          spans`Asked for by ${nameOf(inventory, run.plan.requester)} at ${ago(run.plan.madeAtMs)}`,
        ],
      },
    ]),
  };
}

export interface RunsShown {
  readonly open: readonly RunState[];
  /** Over, or closed before they started; newest first. */
  readonly recent: readonly RunState[];
}

export function runsCard({ open, recent }: RunsShown): Card {
  const list = (heading: string, runs: readonly RunState[], none: string): CardPart[] => [
    { kind: "heading", text: heading },
    { kind: "lines", lines: runs.length === 0 ? [none] : runs.map((run) => runLine(run)) },
  ];
  return {
    text: `Runs: ${open.length} open, ${recent.length} ended lately.`,
    parts: [...list("Open", open, "None"), ...list("Ended lately", recent, "None")],
  };
}
