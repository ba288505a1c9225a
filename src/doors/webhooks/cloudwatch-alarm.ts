import { z } from "zod";
import { type AlarmTrigger, alarmTriggerFrom, metricOf } from "../../domain/incident/alarm-trigger.ts";
import { type AlertState, MESSAGE_KEPT, type Signal } from "../../domain/incident/alert.ts";

const STATES: Readonly<Record<"ALARM" | "OK" | "INSUFFICIENT_DATA", AlertState>> = {
  ALARM: "alarm",
  OK: "ok",
  INSUFFICIENT_DATA: "insufficient-data",
};

/** Lower-case keys inside, unlike everywhere else: the vendor's own inconsistency. */
const Dimensions = z.array(z.object({ name: z.string(), value: z.string() })).nullish();
const Metric = z.object({ MetricName: z.string().nullish(), Namespace: z.string().nullish(), Dimensions });
const Line = z.object({
  Id: z.string().default(""),
  Expression: z.string().nullish(),
  Label: z.string().nullish(),
  MetricStat: z.object({ Metric, Stat: z.string().nullish(), Period: z.number().nullish() }).nullish(),
});
/** What is only shown never costs an alarm: of another shape than expected it counts as not said. */
const shown = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined);
const Trigger = Metric.extend({
  /** Of metric maths and anomaly detection: what it is made of. */
  Metrics: shown(z.array(Line)),
  Statistic: shown(z.string()),
  ExtendedStatistic: shown(z.string()),
  ComparisonOperator: shown(z.string()),
  Threshold: shown(z.number()),
  ThresholdMetricId: shown(z.string()),
  Period: shown(z.number()),
  EvaluationPeriods: shown(z.number()),
  DatapointsToAlarm: shown(z.number()),
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

/** CloudWatch lets an alarm be made of a hundred. */
const CHILDREN_KEPT = 100;

/** Undefined where the text is no CloudWatch alarm. */
export function signalFrom(message: string, arrival: Arrival): Signal | undefined {
  const alarm = Alarm.safeParse(jsonIn(message)).data;
  if (alarm === undefined) return undefined;
  const { messageId, ...times } = arrival;
  const trigger = alarm.Trigger ? alarmTriggerOf(alarm.Trigger) : undefined;
  return {
    id: `sns:${messageId}`,
    source: "cloudwatch",
    fingerprint: alarm.AlarmArn,
    name: alarm.AlarmName,
    description: alarm.AlarmDescription ?? "",
    reason: alarm.NewStateReason ?? "",
    account: alarm.AWSAccountId,
    // The field `Region` is a display name.
    region: alarm.AlarmArn.split(":")[3] ?? "",
    ...metricOf(trigger),
    ...(trigger ? { trigger } : {}),
    ...childrenOf(alarm),
    state: STATES[alarm.NewStateValue],
    previousState: STATES[alarm.OldStateValue],
    changedAtMs: alarm.StateChangeTime,
    ...times,
  };
}

function alarmTriggerOf(trigger: z.infer<typeof Trigger>): AlarmTrigger {
  return alarmTriggerFrom({
    ...metricSaid(trigger),
    statistic: trigger.Statistic ?? trigger.ExtendedStatistic,
    lines: (trigger.Metrics ?? []).map(({ Id: id, Expression: expression, Label: label, MetricStat: stat }) => ({
      ...{ id, expression, label, metric: stat ? metricSaid(stat.Metric) : undefined },
      ...{ statistic: stat?.Stat, periodSeconds: stat?.Period },
    })),
    ...{ comparison: trigger.ComparisonOperator, threshold: trigger.Threshold, band: trigger.ThresholdMetricId },
    ...{ periodSeconds: trigger.Period, periods: trigger.EvaluationPeriods, datapoints: trigger.DatapointsToAlarm },
  });
}

const metricSaid = ({ Namespace: namespace, MetricName: name, Dimensions: named }: z.infer<typeof Metric>) => ({
  ...{ namespace, name, dimensions: Object.fromEntries((named ?? []).map((each) => [each.name, each.value])) },
});

/** An authentic message that is no alarm, as it came: an alert of its own. */
export function messageSignal(
  { topic, subject, text }: { readonly topic: string; readonly subject: string; readonly text: string },
  { messageId, ...times }: Arrival,
): Signal {
  const [, , , region = "", account = "", topicName = ""] = topic.split(":");
  const whole = Array.from(text);
  const cut = `\n… and ${whole.length - MESSAGE_KEPT} more characters`;
  return {
    ...{ id: `sns:${messageId}`, source: "sns", fingerprint: `${topic}/${messageId}` },
    name: subject === "" ? `A message to ${topicName}` : subject,
    description: "",
    reason: whole.length > MESSAGE_KEPT ? `${whole.slice(0, MESSAGE_KEPT).join("")}${cut}` : text,
    ...{ account, region, namespace: "", metric: "", dimensions: {} },
    ...{ state: "message", previousState: "message", changedAtMs: times.publishedAtMs, ...times },
  };
}

/** Of a composite alarm those that set it off. */
function childrenOf({ TriggeringChildren }: Alarm): Pick<Signal, "setOffBy"> {
  const setOffBy = (TriggeringChildren ?? []).map(({ Arn }) => Arn.replace(/^.*?:alarm:/, ""));
  return setOffBy.length === 0 ? {} : { setOffBy: setOffBy.slice(0, CHILDREN_KEPT) };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
