import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { sayTime } from "../../domain/duration.ts";
import type { LagFacts, LagSample } from "../../domain/service/observed.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";

/** World time. One-minute samples appear one to two minutes late; an older one says nothing about now. */
const OVERLAP_MS = 15 * 60_000;
const OLDEST_SAMPLE_MS = 3 * 60_000;
/** World time that the first look goes back for a good sample: people may decide hours after a region went dark. */
const LOOK_BACK_MS = 24 * 60 * 60_000;
const PERIOD_SECONDS = 60;

const MetricData = z.tuple([
  z.object({ Timestamps: z.array(z.date()).default([]), Values: z.array(z.number()).default([]) }),
]);

/** What was learned about one instance. Samples of before `untilMs` are known, but for those that appear late. */
interface Learned {
  readonly untilMs: number;
  readonly lastGood: LagSample | undefined;
}

/**
 * `ReplicaLag` of the replica, from CloudWatch in its own region: seconds, or -1 while it does not replicate. A sample
 * carries the start of its minute and the most of it, so that its position is never later than the true one.
 */
export function replicationLag(caller: Caller, clients: Clients, now: () => number): Databases["lag"] {
  const learned = new Map<string, Learned>();
  return async (region, instance, signal) => {
    const endMs = now();
    const key = `${region} ${instance}`;
    const before = learned.get(key);
    const fromMs = Math.max(endMs - LOOK_BACK_MS, Math.min(before?.untilMs ?? 0, endMs) - OVERLAP_MS);
    const ask = { api: "cloudwatch", region, doing: `read the replication lag of ${instance}`, signal };
    const known = await caller.known(async () => {
      const command = new GetMetricDataCommand({
        MetricDataQueries: [{ Id: "lag", MetricStat: statOf(instance), ReturnData: true }],
        StartTime: new Date(fromMs),
        EndTime: new Date(endMs),
        ScanBy: "TimestampDescending",
      });
      const answer = await caller.read(ask, (options) => clients.cloudWatch.in(region).send(command, options));
      return samplesOf(MetricData.parse(answer.MetricDataResults));
    });
    if (!known.known) return withLastGood(known, before?.lastGood);
    const lastGood = newer(
      known.value.find(({ seconds }) => seconds >= 0),
      learned.get(key)?.lastGood,
    );
    learned.set(key, { untilMs: Math.max(endMs, learned.get(key)?.untilMs ?? 0), lastGood });
    return newest(known.value, instance, { atMs: endMs, lastGood });
  };
}

function newer(one: LagSample | undefined, other: LagSample | undefined): LagSample | undefined {
  return other && (!one || other.measuredAtMs > one.measuredAtMs) ? other : one;
}

function statOf(instance: string) {
  const Dimensions = [{ Name: "DBInstanceIdentifier", Value: instance }];
  const Metric = { Namespace: "AWS/RDS", MetricName: "ReplicaLag", Dimensions };
  return { Metric, Period: PERIOD_SECONDS, Stat: "Maximum" };
}

/** Newest first. */
function samplesOf([{ Timestamps, Values }]: z.infer<typeof MetricData>): LagSample[] {
  const samples = Timestamps.flatMap((at, index) => {
    const seconds = Values[index];
    return seconds === undefined ? [] : [{ seconds, measuredAtMs: at.getTime() }];
  });
  return samples.toSorted((one, other) => other.measuredAtMs - one.measuredAtMs);
}

function newest(
  samples: readonly LagSample[],
  instance: string,
  { atMs, lastGood }: { readonly atMs: number; readonly lastGood: LagSample | undefined },
): LagFacts {
  const unknown = (why: string) =>
    withLastGood({ known: false, why, cause: "failed", atMs, isStopped: true }, lastGood);
  const [sample] = samples;
  if (!sample) return unknown(`CloudWatch has no recent replication lag of ${instance}`);
  const time = sayTime(sample.measuredAtMs, atMs);
  if (sample.seconds < 0) return unknown(`no replication: ReplicaLag ${sample.seconds} at ${time}`);
  if (atMs - sample.measuredAtMs > OLDEST_SAMPLE_MS) {
    return unknown(`The newest replication lag of ${instance} is from ${time}, too old to count`);
  }
  const recent = samples.filter(({ measuredAtMs }) => atMs - measuredAtMs <= OVERLAP_MS);
  return { known: true, value: sample, atMs, recent };
}

function withLastGood(unknown: LagFacts, lastGood: LagSample | undefined): LagFacts {
  return lastGood ? { ...unknown, lastGood } : unknown;
}
