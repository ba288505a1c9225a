import { z } from "zod";
import type { LedgerEntry } from "./runs.ts";

/**
 * What one process swears to when the store does not know its ledger any more: the newest mark it wrote, and its last lines.
 * It lies in the store that is in doubt, so that every process stops, also one that never wrote a line itself.
 */
export const Testimony = z.strictObject({
  process: z.string(),
  mark: z.string(),
  why: z.string(),
  /** Highest fencing number of that ledger. */
  epoch: z.number(),
  /** Newest last. */
  acts: z.array(z.string()),
});
export type Testimony = z.infer<typeof Testimony>;

export interface LostStore {
  /** Writes down what the other processes have done since, so that this ledger too recognises a store that lost it (G17). */
  keepUp(): Promise<void>;
  /** Undefined: the store and all ledgers agree. */
  disagreement(): Promise<string | undefined>;
}

interface Act extends Pick<LedgerEntry, "atMs" | "run" | "kind" | "says"> {
  readonly step?: string | undefined;
  readonly requestIds?: readonly string[] | undefined;
}

/** One line of testimony, for people. */
export function sayAct({ atMs, run, step, kind, says, requestIds = [] }: Act): string {
  const about = [new Date(atMs).toISOString(), run, step, kind].filter((part) => part !== undefined).join(" ");
  return `${about}: ${says}${requestIds.length > 0 ? ` (${requestIds.join(", ")})` : ""}`;
}
