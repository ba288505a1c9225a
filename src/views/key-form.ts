import type { Form } from "../domain/card/card.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { dangers, digestNote, finality, inOthersWords, keysLine, lossLine, planDetails } from "./plan.ts";
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
        lines: [keysLine(run), AFTER_THAT, ...lastKey(run), lossLine(plan), ...finality(plan), ...dangers(plan)],
      },
      digestNote(run),
      ...inOthersWords(plan, {}),
      ...planDetails(run, inventory),
      ledgerEnd(plan),
    ],
    fields: plan.acceptances.map(({ id, words }) => ({ id, label: words, kind: "agreement" as const })),
    submit: "Turn my key",
  };
}

/** After it nobody is asked again. */
const lastKey = ({ plan, keys }: RunState): string[] =>
  plan.keysRequired - keys.length === 1 ? ["Yours is the last key: it starts at once."] : [];

const AFTER_THAT = "After that the plan is closed, and nothing is changed.";
