import { z } from "zod";
import type { World } from "../world/world.ts";
import { type AwsCall, AwsError } from "./service.ts";

/** Value of a metric at a whole minute (world time), undefined where the vendor published no sample. */
export type MetricSource = (
  region: string,
  dimensions: Readonly<Record<string, string>>,
  worldMs: number,
) => number | undefined;

/** Sources by `namespace metric`. */
export type MetricSources = Readonly<Record<string, MetricSource>>;

/** Epoch seconds in JSON, ISO-8601 in Query; here epoch milliseconds. */
const Instant = z.union([
  z.number().transform((seconds) => seconds * 1_000),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

export const Dimensions = z
  .array(z.strictObject({ Name: z.string(), Value: z.string() }))
  .transform((pairs) => Object.fromEntries(pairs.map(({ Name, Value }) => [Name, Value])));

const Stat = z.enum(["Average", "Maximum", "Minimum", "SampleCount", "Sum"]);

const MetricQuery = z.strictObject({
  Id: z.string().regex(/^[a-z]\w*$/),
  MetricStat: z.strictObject({
    Metric: z.strictObject({ Namespace: z.string(), MetricName: z.string(), Dimensions: Dimensions.prefault([]) }),
    Period: z.coerce.number().int().multipleOf(60).positive(),
    Stat,
  }),
  Label: z.string().optional(),
  ReturnData: z.union([z.boolean(), z.stringbool()]).default(true),
});

const GetMetricData = z.strictObject({
  MetricDataQueries: z.array(MetricQuery).min(1).max(500),
  StartTime: Instant,
  EndTime: Instant,
  ScanBy: z.enum(["TimestampAscending", "TimestampDescending"]).default("TimestampDescending"),
});

const MINUTE_MS = 60_000;
/** The vendor keeps one-minute data for 15 days; asking for more at once is a mistake. */
const LONGEST_RANGE_MS = 15 * 86_400_000;

/** GetMetricData over sampled sources. A metric nobody publishes has no values, which is not an error. */
export function getMetricData(world: World, sources: MetricSources, { input, region }: AwsCall) {
  const wanted = GetMetricData.parse(input);
  if (wanted.EndTime <= wanted.StartTime) {
    throw new AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
  }
  if (wanted.EndTime - wanted.StartTime > LONGEST_RANGE_MS) {
    throw new AwsError("ValidationError", "The simulated CloudWatch holds 15 days of data.");
  }
  const toMs = Math.min(wanted.EndTime, world.clock.now() + 1);
  const results = wanted.MetricDataQueries.filter(({ ReturnData }) => ReturnData).map((query) => {
    const { Metric, Period, Stat: stat } = query.MetricStat;
    const key = `${Metric.Namespace} ${Metric.MetricName}`;
    const source = Object.hasOwn(sources, key) ? sources[key] : undefined;
    const sample = (atMs: number) => source?.(region, Metric.Dimensions, atMs);
    const points = aggregate(sample, { fromMs: wanted.StartTime, toMs, periodMs: Period * 1_000 }, stat);
    if (wanted.ScanBy === "TimestampDescending") points.reverse();
    return {
      Id: query.Id,
      Label: query.Label ?? Metric.MetricName,
      Timestamps: points.map(({ atMs }) => new Date(atMs)),
      Values: points.map(({ value }) => value),
      StatusCode: "Complete",
    };
  });
  return { MetricDataResults: results, Messages: [] };
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
}

/** Samples of whole minutes in [from, to), gathered by period; periods without samples are left out. */
function aggregate(
  sample: (atMs: number) => number | undefined,
  { fromMs, toMs, periodMs }: Range,
  stat: z.infer<typeof Stat>,
): { atMs: number; value: number }[] {
  const periods = new Map<number, number[]>();
  for (let atMs = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS; atMs < toMs; atMs += MINUTE_MS) {
    const value = sample(atMs);
    if (value === undefined) continue;
    const startMs = Math.floor(atMs / periodMs) * periodMs;
    periods.set(startMs, [...(periods.get(startMs) ?? []), value]);
  }
  return [...periods].map(([atMs, values]) => ({ atMs, value: reduce(values, stat) }));
}

function reduce(values: readonly number[], stat: z.infer<typeof Stat>): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (stat) {
    case "Average":
      return sum / values.length;
    case "Maximum":
      return Math.max(...values);
    case "Minimum":
      return Math.min(...values);
    case "SampleCount":
      return values.length;
    case "Sum":
      return sum;
  }
}
