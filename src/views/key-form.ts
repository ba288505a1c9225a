import { ago, type Form, spans, type Text } from "../domain/card/card.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { lossLine } from "./loss.ts";
import { nameOf } from "./names.ts";
import { dangers, digestNote, finality, inOthersWords, planDetails } from "./plan.ts";
import { ledgerEnd } from "./plan-grounds.ts";
import { isLastKey } from "./plan-keys.ts";

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
        lines: [...agreement(run, inventory), lossLine(plan), ...finality(plan), ...dangers(plan)],
      },
      digestNote(run),
      ...inOthersWords(plan),
      ...planDetails(run, inventory),
      ...ledgerEnd(plan),
    ],
    fields: plan.acceptances.map(({ id, words }) => ({ id, label: words, kind: "agreement" as const })),
    submit: isLastKey(run) ? "Turn my key and start" : "Turn my key",
  };
}

/** What a key turned now does. Whoever reads it may hold the last key by the time that they turn it. */
function agreement(run: RunState, inventory: Inventory): Text[] {
  const { keys, plan } = run;
  if (!isLastKey(run))
    return [
      [{ bold: `Yours is key ${keys.length + 1} of ${plan.keysRequired}. Alone it starts nothing.` }],
      spans`The last key starts the run at once: that is yours, if the others turn theirs while you read. With too few keys by ${ago(plan.startByMs)} the plan is closed, and nothing is changed.`,
    ];
  const holders = keys.map(({ by }) => nameOf(inventory, by)).join(" and ");
  return [
    [{ bold: "Yours is the last key: if you turn it, the run starts at once." }],
    spans`${holders} agreed. Without one more key by ${ago(plan.startByMs)} the plan is closed, and nothing is changed.`,
  ];
}
