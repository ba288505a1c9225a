import type { Standing } from "../domain/proof.ts";
import type { Readiness } from "../doors/webhooks/server.ts";
import { degradedEntries, notReady } from "../views/proofs.ts";

export interface ReadinessSources {
  readonly isStarting: () => boolean;
  /** Why an alert that comes in now could not be kept. */
  readonly whyNothingIsStored: () => Promise<string | undefined>;
  readonly standings: () => readonly Standing[];
}

/** Machine time for which one look at the store counts: whoever asks more often learns nothing newer. */
const COUNTS_FOR_MS = 1_000;

/**
 * Not ready only where alerts cannot be stored or nobody can be paged. All else is degraded: on the worst day no load balancer may
 * take the pager away.
 */
export function createReadiness({ isStarting, whyNothingIsStored, standings }: ReadinessSources) {
  let last: { readonly atMs: number; readonly why: Promise<string | undefined> } | undefined;
  return async (): Promise<Readiness> => {
    const degraded = degradedEntries(standings());
    if (isStarting()) return { missing: ["It is still starting."], degraded };
    if (last === undefined || Date.now() - last.atMs >= COUNTS_FOR_MS)
      last = { atMs: Date.now(), why: whyNothingIsStored() };
    const why = await last.why;
    const missing = why === undefined ? [] : [`Alerts cannot be stored: ${why}.`];
    return { missing: [...missing, ...notReady(standings())], degraded };
  };
}
