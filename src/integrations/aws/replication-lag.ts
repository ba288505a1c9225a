import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { sayTime } from "../../domain/duration.ts";
import type { Known, LagSample } from "../../domain/observed.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";

/** World time. One-minute samples appear one to two minutes late; an older one says nothing about now. */
const WINDOW_MS = 15 * 60_000;
const OLDEST_SAMPLE_MS = 3 * 60_000;
const PERIOD_SECONDS = 60;

const MetricData = z.tuple([
  z.object({ Timestamps: z.array(z.date()).default([]), Values: z.array(z.number()).default([]) }),
]);

/** `ReplicaLag` of the replica, from CloudWatch in its own region: seconds, or -1 while it does not replicate. */
export function replicationLag(caller: Caller, clients: Clients, now: () => number): Databases["lag"] {
  return async (region, instance, signal) => {
    const endMs = now();
    const ask = { api: "cloudwatch", region, doing: `read the replication lag of ${instance}`, signal };
    const known = await caller.known(async () => {
      const command = new GetMetricDataCommand({
        MetricDataQueries: [{ Id: "lag", MetricStat: statOf(instance), ReturnData: true }],
        StartTime: new Date(endMs - WINDOW_MS),
        EndTime: new Date(endMs),
        ScanBy: "TimestampDescending",
      });
      const answer = await caller.read(ask, (options) => clients.cloudWatch.in(region).send(command, options));
      return samplesOf(MetricData.parse(answer.MetricDataResults));
    });
    return known.known ? newest(known.value, instance, endMs) : known;
  };
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

function newest(samples: readonly LagSample[], instance: string, atMs: number): Known<LagSample> {
  const unknown = (why: string) =>
    ({ known: false, why: why + lastGood(samples, atMs), cause: "failed", atMs }) as const;
  const [sample] = samples;
  if (!sample) return unknown(`CloudWatch has no replication lag of ${instance} for the last 15 minutes`);
  const time = sayTime(sample.measuredAtMs, atMs);
  if (sample.seconds < 0) return unknown(`${instance} does not replicate (ReplicaLag ${sample.seconds} at ${time})`);
  if (atMs - sample.measuredAtMs > OLDEST_SAMPLE_MS) {
    return unknown(`The newest replication lag of ${instance} is from ${time}, too old to count`);
  }
  return { known: true, value: sample, atMs };
}

/** Evidence for people; it is no measure of what would be lost now. */
function lastGood(samples: readonly LagSample[], nowMs: number): string {
  const good = samples.find(({ seconds }) => seconds >= 0);
  return good ? `; last good sample ${good.seconds} s at ${sayTime(good.measuredAtMs, nowMs)}` : "";
}
