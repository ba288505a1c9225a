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

/** Samples that one GetMetricData returns at most. */
const MOST_SAMPLES = 100_800;

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
  MaxDatapoints: z.coerce.number().int().min(1).max(MOST_SAMPLES).optional(),
  NextToken: z.string().optional(),
});

const GetMetricStatistics = z.strictObject({
  Namespace: z.string().min(1),
  MetricName: z.string().min(1),
  Dimensions: Dimensions.prefault([]),
  StartTime: Instant,
  EndTime: Instant,
  Period: z.coerce.number().int().multipleOf(60).positive(),
  Statistics: z.array(Stat).max(5).default([]),
  Unit: z.string().optional(),
});

const MINUTE_MS = 60_000;
/** Datapoints that one GetMetricStatistics returns at most. */
const MOST_DATAPOINTS = 1_440;
/** The vendor keeps one-minute data for 15 days; asking for more at once is a mistake. */
const LONGEST_RANGE_MS = 15 * 86_400_000;

/** How GetMetricData answers. */
export interface MetricAnswers {
  /** Samples of one page, where the call wishes for no fewer. */
  readonly mostSamples: number;
  /** Of every metric, without a value; absent: as it is. */
  readonly status?: "InternalError" | "PartialData" | "Forbidden" | undefined;
}

/** GetMetricData over sampled sources. A metric nobody publishes has no values, which is not an error. */
export function getMetricData(
  world: World,
  { sources, answers }: { readonly sources: MetricSources; readonly answers: MetricAnswers },
  { input, region }: AwsCall,
) {
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
    const sample = samplesOf(sources, { ...Metric, region });
    const range = { fromMs: wanted.StartTime, toMs, periodMs: Period * 1_000 };
    const points = periodsOf(sample, range).map(({ atMs, values }) => ({ atMs, value: reduce(values, stat) }));
    if (wanted.ScanBy === "TimestampDescending") points.reverse();
    return {
      Id: query.Id,
      Label: query.Label ?? Metric.MetricName,
      Timestamps: points.map(({ atMs }) => new Date(atMs)),
      Values: points.map(({ value }) => value),
      StatusCode: "Complete",
    };
  });
  if (answers.status !== undefined) {
    const failed = results.map((each) => ({ ...each, Timestamps: [], Values: [], StatusCode: answers.status }));
    return { MetricDataResults: failed, Messages: [] };
  }
  const most = Math.min(wanted.MaxDatapoints ?? MOST_SAMPLES, answers.mostSamples);
  return { ...pageOf(results, Number(wanted.NextToken ?? 0), most), Messages: [] };
}

interface Result {
  readonly Timestamps: readonly Date[];
  readonly Values: readonly number[];
}

/** So many samples of all, from one on. A metric that goes on is partial; one that has ended, or has not begun, is left out. */
function pageOf<R extends Result>(results: readonly R[], from: number, most: number) {
  let before = 0;
  const end = from + most;
  const MetricDataResults = results.flatMap((result) => {
    const startsAt = before;
    before += result.Values.length;
    const isDone = before <= end;
    const isOfAnother = startsAt >= end || (from > 0 && before <= from);
    if (isOfAnother && !(result.Values.length === 0 && from === 0)) return [];
    const part = [Math.max(0, from - startsAt), Math.max(0, end - startsAt)] as const;
    return [
      {
        ...result,
        Timestamps: result.Timestamps.slice(...part),
        Values: result.Values.slice(...part),
        StatusCode: isDone ? "Complete" : "PartialData",
      },
    ];
  });
  return { MetricDataResults, ...(before > end && { NextToken: String(end) }) };
}

/** GetMetricStatistics, the older way to ask: of one metric, several statistics, and in no order that is promised. */
export function getMetricStatistics(world: World, sources: MetricSources, { input, region }: AwsCall) {
  const wanted = GetMetricStatistics.parse(input);
  const { StartTime: fromMs, EndTime: endMs, Period, Statistics: stats } = wanted;
  refuseStatistics(wanted);
  const sample = samplesOf(sources, { ...wanted, region });
  // A metric that was published in another unit has no datapoints in this one.
  const isUnit = wanted.Unit === undefined || wanted.Unit === unitOf(wanted.MetricName);
  const toMs = Math.min(endMs, world.clock.now() + 1);
  const periods = isUnit ? periodsOf(sample, { fromMs, toMs, periodMs: Period * 1_000 }) : [];
  const Datapoints = periods.map(({ atMs, values }) => ({
    Timestamp: new Date(atMs),
    ...Object.fromEntries(stats.map((stat) => [stat, reduce(values, stat)])),
    Unit: unitOf(wanted.MetricName),
  }));
  return { Label: wanted.MetricName, Datapoints };
}

function refuseStatistics({ StartTime, EndTime, Period, Statistics }: z.infer<typeof GetMetricStatistics>): void {
  const refused = (message: string) => new AwsError("InvalidParameterCombination", message);
  if (Statistics.length === 0) {
    throw refused("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  }
  if (EndTime <= StartTime) throw refused("The parameter StartTime must be less than the parameter EndTime.");
  const wanted = Math.ceil((EndTime - StartTime) / (Period * 1_000));
  if (wanted > MOST_DATAPOINTS) {
    throw refused(`You have requested up to ${wanted} datapoints, which exceeds the limit of ${MOST_DATAPOINTS}.`);
  }
}

const unitOf = (metric: string): string => (metric === "ReplicaLag" ? "Seconds" : "None");

interface Metric {
  readonly region: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: Readonly<Record<string, string>>;
}

function samplesOf(sources: MetricSources, { region, Namespace, MetricName, Dimensions: dimensions }: Metric) {
  const key = `${Namespace} ${MetricName}`;
  const source = Object.hasOwn(sources, key) ? sources[key] : undefined;
  return (atMs: number) => source?.(region, dimensions, atMs);
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
}

/** Samples of whole minutes in [from, to), gathered by period; periods without samples are left out. */
function periodsOf(
  sample: (atMs: number) => number | undefined,
  { fromMs, toMs, periodMs }: Range,
): { atMs: number; values: number[] }[] {
  const periods = new Map<number, number[]>();
  for (let atMs = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS; atMs < toMs; atMs += MINUTE_MS) {
    const value = sample(atMs);
    if (value === undefined) continue;
    const startMs = Math.floor(atMs / periodMs) * periodMs;
    periods.set(startMs, [...(periods.get(startMs) ?? []), value]);
  }
  return [...periods].map(([atMs, values]) => ({ atMs, values }));
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
