import { route53RegionOf } from "../../domain/service/region.ts";
import type { Move, Slot } from "./place.ts";

/** Route 53 cannot be asked, because its control plane lies in the region that is dark: people change its records. */
export const isRoute53Dark = ({ isDark, from }: Move): boolean => isDark && from === route53RegionOf(from);

/** The slot of one name among several: its ids carry the name. */
export function slotOfName(slot: Slot, name: string, all: readonly unknown[]): Slot {
  const label = name.replaceAll(/[^a-z0-9]+/g, "-");
  return all.length === 1 ? slot : { ...slot, id: (base) => slot.id(`${base}-${label}`) };
}
