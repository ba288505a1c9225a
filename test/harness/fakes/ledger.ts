import type { Ledger } from "../../../src/ports/runs.ts";

/** A ledger that takes everything and agrees with every store, unless said otherwise. */
export function quietLedger(change: Partial<Ledger> = {}): Ledger {
  const nothing = async () => undefined;
  return { append: nothing, disagreement: nothing, highestEpoch: () => 0, head: () => undefined, ...change };
}
