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
export const replicaLags = (clients: Clients, region: Region, { now, fromMs }: Window): Kind<MetricDataResult> => ({
  ...{ api: "cloudwatch", region, most: MOST_REPLICAS },
  async page(ids, _from, options) {
    const endMs = now();
    const command = new GetMetricDataCommand({
      MetricDataQueries: ids.map((instance, at) => ({
        ...{ Id: `lag${at}`, Label: instance, MetricStat: statOf(instance), ReturnData: true },
      })),
      StartTime: new Date(Math.min(...ids.map((instance) => fromMs(instance, endMs)))),
      EndTime: new Date(endMs),
      ScanBy: "TimestampDescending",
    });
    const { MetricDataResults: items } = await clients.cloudWatch.in(region).send(command, options);
    return { items, next: undefined };
  },
  isOf: ({ Label }, id) => Label === id,
});

function statOf(instance: string) {
  const Dimensions = [{ Name: "DBInstanceIdentifier", Value: instance }];
  const Metric = { Namespace: "AWS/RDS", MetricName: "ReplicaLag", Dimensions };
  return { Metric, Period: PERIOD_SECONDS, Stat: "Maximum" };
}
