import type { Acceptance } from "../../domain/plan-run/plan.ts";
import { isUnanswered, type Known } from "../../domain/service/observed.ts";
import type { Move, Slot } from "./place.ts";

/**
 * Route 53 says nothing of a name, so people change its records. Its control plane may be silent by itself, or lie in a region
 * that is dark. A planned move can wait until it answers.
 */
export const isByHand = (records: Known<unknown> | undefined, { mode }: Move): boolean =>
  mode === "unplanned" && records !== undefined && isUnanswered(records);

export const DNS_BY_HAND: Acceptance = {
  id: "dns-by-hand",
  words: "I accept that people change DNS by hand, and that TwoKey only promotes and scales",
  danger: "People must change DNS by hand.",
};

/** The slot of one name among several: its ids carry the name. */
export function slotOfName(slot: Slot, name: string, all: readonly unknown[]): Slot {
  const label = name.replaceAll(/[^a-z0-9]+/g, "-");
  return all.length === 1 ? slot : { ...slot, id: (base) => slot.id(`${base}-${label}`) };
}
