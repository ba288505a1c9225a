import { RETENTION } from "../../domain/retention.ts";
import type { Sample } from "./sample.ts";

const DAY_MS = 86_400_000;
/** After so long the first incidents and runs go; until then the store only grows. */
const RETENTION_DAYS = Math.max(RETENTION.incidents.keepMs, RETENTION.runs.keepMs) / DAY_MS;
const LAST_SAMPLES = 6;
/**
 * Of the sample after the first retention period, by measure: what is left of chance in the days before a sample. A process gives
 * memory back when it likes. The ledger is kept for longer than a year, and only grows in one.
 */
const MOST_TIMES = { redisMb: 1.1, keys: 1.1, rssMb: 1.25 } as const;
const JUDGED = ["redisMb", "keys", "rssMb"] as const;

export type Flatness =
  | { readonly kind: "flat" }
  /** One sentence for each measure that grew. */
  | { readonly kind: "grows"; readonly why: readonly string[] }
  /** Too short a time: nothing had to go yet. */
  | { readonly kind: "not-judged"; readonly why: string };

/** Whether the store stays as large as it was after the first retention period. */
export function flatnessOf(samples: readonly Sample[]): Flatness {
  const [base, ...later] = samples.filter(({ day }) => day > RETENTION_DAYS);
  if (!base || later.length === 0)
    return { kind: "not-judged", why: `Flat is judged after ${RETENTION_DAYS} days and two more samples.` };
  const why = JUDGED.flatMap((measure) => {
    const most = Math.max(...later.slice(-LAST_SAMPLES).map((sample) => sample[measure]));
    return most <= MOST_TIMES[measure] * base[measure]
      ? []
      : [
          `${measure} grew from ${base[measure]} on day ${base.day} to ${most}, more than ${MOST_TIMES[measure]} times as much.`,
        ];
  });
  return why.length === 0 ? { kind: "flat" } : { kind: "grows", why };
}
