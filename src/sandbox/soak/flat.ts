import { RETENTION } from "../../domain/retention.ts";
import type { Sample } from "./sample.ts";

const DAY_MS = 86_400_000;
/** After so long the first incidents and runs go; until then the store only grows. */
const RETENTION_DAYS = Math.max(RETENTION.incidents.keepMs, RETENTION.runs.keepMs) / DAY_MS;
const LAST_SAMPLES = 6;
/**
 * Of the sample after the first retention period, by measure: what is left of chance in the days before a sample. A process gives
 * memory back when it likes. The ledger is kept for longer than a year, and only grows in one: of it this is how much faster it may
 * grow in the last third of the time than in the first.
 */
const MOST_TIMES = { redisMb: 1.1, keys: 1.1, rssMb: 1.25, ledgerMb: 1.25 } as const;
/** Both samples of a growth are rounded to a hundredth. */
const ROUNDED_MB = 0.02;
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
  const larger = JUDGED.flatMap((measure) => {
    const most = Math.max(...later.slice(-LAST_SAMPLES).map((sample) => sample[measure]));
    return most <= MOST_TIMES[measure] * base[measure]
      ? []
      : [
          `${measure} grew from ${base[measure]} on day ${base.day} to ${most}, more than ${MOST_TIMES[measure]} times as much.`,
        ];
  });
  const why = [...larger, ...fasterLedger(base, later)];
  return why.length === 0 ? { kind: "flat" } : { kind: "grows", why };
}

/** Judged where two samples or more stand in the first third of the time, and in the last. */
function fasterLedger(base: Sample, later: readonly Sample[]): string[] {
  const third = ((later.at(-1) ?? base).day - base.day) / 3;
  const samples = [base, ...later];
  const first = growthOf(samples.filter(({ day }) => day <= base.day + third));
  const last = growthOf(samples.filter(({ day }) => day >= base.day + 2 * third));
  if (!first || !last) return [];
  const most = MOST_TIMES.ledgerMb * first.mbADay + ROUNDED_MB / (last.toDay - last.fromDay);
  if (last.mbADay <= most) return [];
  return [`ledgerMb grew by ${sayRate(last)}, more than ${MOST_TIMES.ledgerMb} times the ${sayRate(first)}.`];
}

interface Growth {
  readonly fromDay: number;
  readonly toDay: number;
  readonly mbADay: number;
}

function growthOf(samples: readonly Sample[]): Growth | undefined {
  const [from, to] = [samples[0], samples.at(-1)];
  if (!from || !to || from === to) return undefined;
  const mbADay = (to.ledgerMb - from.ledgerMb) / (to.day - from.day);
  return { fromDay: from.day, toDay: to.day, mbADay };
}

const sayRate = ({ fromDay, toDay, mbADay }: Growth): string =>
  `${Number(mbADay.toPrecision(2))} a day from day ${fromDay} to ${toDay}`;
