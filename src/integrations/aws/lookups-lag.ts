import { GetMetricDataCommand, type MetricDataResult } from "@aws-sdk/client-cloudwatch";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

/** CloudWatch takes 500, but one answer holds 100,800 samples, and a first look at one replica may ask for a day of minutes. */
const MOST_REPLICAS = 60;
const PERIOD_SECONDS = 60;

/** World time of now, and from where samples of an instance are wanted. */
export interface Window {
  now(): number;
  fromMs(instance: string, nowMs: number): number;
}

/** `ReplicaLag` of replicas, for all of them as far back as one of them needs it. */
export function replicaLags(clients: Clients, region: Region, { now, fromMs }: Window): Kind<MetricDataResult> {
  const windowOf = (ids: readonly string[]) => {
    const endMs = now();
    return { startMs: Math.min(...ids.map((instance) => fromMs(instance, endMs))), endMs };
  };
  return {
    ...{ api: "cloudwatch", region, most: MOST_REPLICAS, isRefusedForAll: true },
    async page(ids, from, options) {
      const { startMs, endMs, token } = from === undefined ? { ...windowOf(ids), token: undefined } : pageFrom(from);
      const command = new GetMetricDataCommand({
        MetricDataQueries: ids.map((instance, at) => ({
          ...{ Id: `lag${at}`, Label: instance, MetricStat: statOf(instance), ReturnData: true },
        })),
        StartTime: new Date(startMs),
        EndTime: new Date(endMs),
        ScanBy: "TimestampDescending",
        ...(token !== undefined && { NextToken: token }),
      });
      const { MetricDataResults: items, NextToken } = await clients.cloudWatch.in(region).send(command, options);
      return { items, next: NextToken && [startMs, endMs, NextToken].join(BETWEEN) };
    },
    isOf: ({ Label }, id) => Label === id,
    // The last page of a metric says how it ended.
    join: (pages) => ({
      ...pages.at(-1),
      Timestamps: pages.flatMap(({ Timestamps = [] }) => Timestamps),
      Values: pages.flatMap(({ Values = [] }) => Values),
    }),
  };
}

/** A page goes on only where all else that is asked is the same. */
const BETWEEN = "\n";

function pageFrom(from: string) {
  const [startMs, endMs, ...token] = from.split(BETWEEN);
  return { startMs: Number(startMs), endMs: Number(endMs), token: token.join(BETWEEN) };
}

function statOf(instance: string) {
  const Dimensions = [{ Name: "DBInstanceIdentifier", Value: instance }];
  const Metric = { Namespace: "AWS/RDS", MetricName: "ReplicaLag", Dimensions };
  return { Metric, Period: PERIOD_SECONDS, Stat: "Maximum" };
}
