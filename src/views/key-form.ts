import type { Form } from "../domain/card/card.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { lossLine } from "./loss.ts";
import { dangers, digestNote, finality, inOthersWords, isLastKey, keysLine, planDetails } from "./plan.ts";
import { ledgerEnd } from "./plan-grounds.ts";

/** The form behind the button: everything that a key signs, then each acceptance with a box of its own. */
export function keyForm(run: RunState, inventory: Inventory): Form {
  const { plan } = run;
  return {
    title: "Turn my key",
    intent: "approve",
    context: `${plan.id}:${run.digest}`,
    intro: [
      { kind: "text", text: [{ bold: `${plan.title}?` }] },
      {
        kind: "lines",
        plain: true,
        lines: [keysLine(run), thenLine(run), lossLine(plan), ...finality(plan), ...dangers(plan)],
      },
      digestNote(run),
      ...inOthersWords(plan),
      ...planDetails(run, inventory),
      ...ledgerEnd(plan),
    ],
    fields: plan.acceptances.map(({ id, words }) => ({ id, label: words, kind: "agreement" as const })),
    submit: "Turn my key",
  };
}

/** Whoever reads it may hold the last key by the time that they turn it. */
function thenLine(run: RunState): string {
  const starts = isLastKey(run) ? "Yours is the last key." : "The last key starts the run at once.";
  return `${starts} If it does not come in time, the plan is closed and nothing is changed.`;
}
