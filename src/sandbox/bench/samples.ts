import type { Spread } from "./measurement.ts";

/** The smallest of the samples that at least `share` of them do not exceed. Throws RangeError without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError("There is nothing to take a quantile of");
  return found;
}

/** The median with what lies around it. Throws RangeError without samples. */
export function spreadOf(samples: readonly number[]): Spread {
  return {
    samples: samples.length,
    least: quantile(samples, 0),
    median: quantile(samples, 0.5),
    most: quantile(samples, 1),
  };
}
