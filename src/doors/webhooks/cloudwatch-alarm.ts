import { z } from "zod";
import type { AlertState, Signal } from "../../domain/incident/alert.ts";

const STATES: Readonly<Record<"ALARM" | "OK" | "INSUFFICIENT_DATA", AlertState>> = {
  ALARM: "alarm",
  OK: "ok",
  INSUFFICIENT_DATA: "insufficient-data",
};

/** Lower-case keys inside, unlike everywhere else: the vendor's own inconsistency. */
const Dimensions = z.array(z.object({ name: z.string(), value: z.string() })).nullish();
const Metric = z.object({ MetricName: z.string().nullish(), Namespace: z.string().nullish(), Dimensions });
const Trigger = Metric.extend({
  /** Of metric maths: the metrics that it is made of. */
  Metrics: z.array(z.object({ MetricStat: z.object({ Metric }).nullish() })).nullish(),
});

/** What CloudWatch publishes to SNS for a metric or composite alarm (CloudWatch user guide; fields we do not use left out). */
const Alarm = z.object({
  AlarmName: z.string().min(1),
  AlarmDescription: z.string().nullish(),
  AWSAccountId: z.string(),
  NewStateValue: z.enum(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  NewStateReason: z.string().nullish(),
  OldStateValue: z.enum(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  StateChangeTime: z
    .string()
    // `+0000` is no ISO 8601 that Date.parse must know; `+00:00` is.
    .transform((text) => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2")))
    .pipe(z.number()),
  AlarmArn: z.string().regex(/^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:/),
  Trigger: Trigger.nullish(),
  TriggeringChildren: z.array(z.object({ Arn: z.string() })).nullish(),
});
type Alarm = z.infer<typeof Alarm>;

export interface Arrival {
  readonly messageId: string;
  readonly publishedAtMs: number;
  readonly receivedAtMs: number;
  readonly late: boolean;
}

/** Undefined where the text is no CloudWatch alarm. */
export function signalFrom(message: string, arrival: Arrival): Signal | undefined {
  const alarm = Alarm.safeParse(jsonIn(message)).data;
  if (alarm === undefined) return undefined;
  const { messageId, ...times } = arrival;
  return {
    id: `sns:${messageId}`,
    source: "cloudwatch",
    fingerprint: alarm.AlarmArn,
    name: alarm.AlarmName,
    description: describe(alarm),
    reason: alarm.NewStateReason ?? "",
    account: alarm.AWSAccountId,
    // The field `Region` is a display name.
    region: alarm.AlarmArn.split(":")[3] ?? "",
    ...metricOf(alarm),
    state: STATES[alarm.NewStateValue],
    previousState: STATES[alarm.OldStateValue],
    changedAtMs: alarm.StateChangeTime,
    ...times,
  };
}

/** Of metric maths the first real metric; of a composite alarm nothing. */
function metricOf({ Trigger: trigger }: Alarm): Pick<Signal, "namespace" | "metric" | "dimensions"> {
  const first = trigger?.Metrics?.find(({ MetricStat }) => MetricStat)?.MetricStat?.Metric;
  const metric = first ?? trigger;
  return {
    namespace: metric?.Namespace ?? "",
    metric: metric?.MetricName ?? "",
    dimensions: Object.fromEntries((metric?.Dimensions ?? []).map(({ name, value }) => [name, value])),
  };
}

/** The description, and for a composite alarm the alarms that set it off. */
function describe({ AlarmDescription, TriggeringChildren }: Alarm): string {
  const children = (TriggeringChildren ?? []).map(({ Arn }) => Arn.replace(/^.*?:alarm:/, ""));
  const setOffBy = children.length > 0 ? `Set off by: ${children.join(", ")}` : "";
  return [AlarmDescription ?? "", setOffBy].filter((part) => part !== "").join("\n");
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
