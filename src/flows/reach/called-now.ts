import { keeperLabel, keeperOf } from "../../domain/incident/pager-traits.ts";
import type { CalledNow } from "../../domain/plan-run/called-now.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import type { Calls } from "./calls.ts";
import { OCCASIONS } from "./occasions.ts";
import { whoIsNeeded } from "./run-needs.ts";

/** Whom a run calls now. Undefined: the pager that rings has taken no call for what people are needed for. */
export function calledNow(
  run: RunState,
  calls: Calls | undefined,
  { inventory, nowMs }: { readonly inventory: Inventory; readonly nowMs: number },
): CalledNow | undefined {
  const needed = whoIsNeeded(run, inventory, nowMs);
  if (!needed || calls?.reason !== needed.reason || calls.pagedAtMs === undefined) return undefined;
  const { pagers } = inventory.escalation;
  const keeper = keeperOf(pagers) ?? "";
  const isAgain = OCCASIONS[needed.occasion].again === "page_again_every";
  return {
    ...{ label: keeperLabel(pagers), atMs: calls.pagedAtMs },
    people: needed.people.filter((person) => person.pagers[keeper] !== undefined).map(({ id }) => id),
    ...(isAgain && { againMs: inventory.file.approvals.page_again_every }),
  };
}
