import { DescribeAlarmsCommand, type DescribeAlarmsCommandInput } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { type AlarmTrigger, alarmTriggerFrom, metricOf } from "../../domain/incident/alarm-trigger.ts";
import type { AlertState } from "../../domain/incident/alert.ts";
import type { Region } from "../../domain/service/region.ts";
import type { AlarmNow, Alarms } from "../../ports/alarms.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";

const STATES: Readonly<Record<"ALARM" | "OK" | "INSUFFICIENT_DATA", AlertState>> = {
  ALARM: "alarm",
  OK: "ok",
  INSUFFICIENT_DATA: "insufficient-data",
};

const Common = z.object({
  AlarmName: z.string(),
  AlarmArn: z.string(),
  AlarmDescription: z.string().optional(),
  ActionsEnabled: z.boolean().default(true),
  AlarmActions: z.array(z.string()).default([]),
  StateValue: z.enum(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  StateReason: z.string().default(""),
  StateUpdatedTimestamp: z.date(),
  /** Absent where the state has never changed. */
  StateTransitionedTimestamp: z.date().optional(),
});
type Common = z.infer<typeof Common>;

const Metric = z.object({
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
});
const MetricAlarm = Common.extend({
  ...Metric.shape,
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Metrics: z
    .array(
      z.object({
        Id: z.string(),
        Expression: z.string().optional(),
        Label: z.string().optional(),
        MetricStat: z.object({ Metric, Stat: z.string().optional(), Period: z.number().optional() }).optional(),
      }),
    )
    .default([]),
  ComparisonOperator: z.string().optional(),
  Threshold: z.number().optional(),
  ThresholdMetricId: z.string().optional(),
  Period: z.number().optional(),
  EvaluationPeriods: z.number().optional(),
  DatapointsToAlarm: z.number().optional(),
});
const CompositeAlarm = Common.extend({ AlarmRule: z.string().default("") });
const Page = z.object({
  MetricAlarms: z.array(MetricAlarm).default([]),
  CompositeAlarms: z.array(CompositeAlarm).default([]),
  NextToken: z.string().optional(),
});

/** The most that the API gives at once. */
const PAGE_SIZE = 100;

/** DescribeAlarms, which is asked for both types by name: without them it leaves composite alarms out. */
export function awsAlarms(caller: Caller, clients: Clients): Alarms {
  const describe = (region: Region, wanted: DescribeAlarmsCommandInput, signal: AbortSignal | undefined) => {
    const ask = { api: "cloudwatch", region, doing: "read the alarms", signal };
    return caller.known(async () => {
      const found: AlarmNow[] = [];
      let NextToken: string | undefined;
      do {
        const input = {
          ...wanted,
          AlarmTypes: ["MetricAlarm" as const, "CompositeAlarm" as const],
          MaxRecords: PAGE_SIZE,
        };
        const command = new DescribeAlarmsCommand({ ...input, ...(NextToken === undefined ? {} : { NextToken }) });
        const answer = await caller.read(ask, (options) => clients.cloudWatch.in(region).send(command, options));
        const page = Page.parse(answer);
        found.push(...page.MetricAlarms.map((alarm) => alarmNow(alarm, alarmTriggerOf(alarm))));
        found.push(...page.CompositeAlarms.map((alarm) => madeOfOthers(alarm)));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return found;
    });
  };
  return {
    ringing: (region, signal) => describe(region, { StateValue: "ALARM" }, signal),
    named: (region, names, signal) => describe(region, { AlarmNames: [...names] }, signal),
  };
}

function alarmNow(alarm: Common, trigger: AlarmTrigger | undefined): AlarmNow {
  const [, , , region = "", account = ""] = alarm.AlarmArn.split(":");
  return {
    ...{ fingerprint: alarm.AlarmArn, name: alarm.AlarmName, account, region },
    ...{ description: alarm.AlarmDescription ?? "", reason: alarm.StateReason },
    ...metricOf(trigger),
    ...(trigger ? { trigger } : {}),
    state: STATES[alarm.StateValue],
    changedAtMs: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp).getTime(),
    tells: alarm.ActionsEnabled ? alarm.AlarmActions : [],
  };
}

/** Which of them set it off stands in its message alone. */
function madeOfOthers({ AlarmRule: madeOf, ...alarm }: z.infer<typeof CompositeAlarm>): AlarmNow {
  return { ...alarmNow(alarm, undefined), ...(madeOf === "" ? {} : { madeOf }) };
}

function alarmTriggerOf(alarm: z.infer<typeof MetricAlarm>): AlarmTrigger {
  return alarmTriggerFrom({
    ...metricSaid(alarm),
    statistic: alarm.Statistic ?? alarm.ExtendedStatistic,
    lines: alarm.Metrics.map(({ Id: id, Expression: expression, Label: label, MetricStat: stat }) => ({
      ...{ id, expression, label, metric: stat && metricSaid(stat.Metric) },
      ...{ statistic: stat?.Stat, periodSeconds: stat?.Period },
    })),
    ...{ comparison: alarm.ComparisonOperator, threshold: alarm.Threshold, band: alarm.ThresholdMetricId },
    ...{ periodSeconds: alarm.Period, periods: alarm.EvaluationPeriods, datapoints: alarm.DatapointsToAlarm },
  });
}

const metricSaid = ({ Namespace: namespace, MetricName: name, Dimensions: named }: z.infer<typeof Metric>) => ({
  ...{ namespace, name, dimensions: Object.fromEntries(named.map(({ Name, Value }) => [Name, Value])) },
});
