import { type Alarm, type AlarmState, alarmArn } from "./alarm.ts";
import { type AlarmMetric, alarmMetrics, BAND_ID, OUTSIDE_THE_BAND } from "./alarm-metrics.ts";
import { ACCOUNT_ID, type MetricAlarmSpec } from "./specs.ts";

/** Alarm messages carry the region's display name; only the ARN has its code. */
const REGION_NAMES: Readonly<Record<string, string>> = {
  "ap-northeast-1": "Asia Pacific (Tokyo)",
  "ap-southeast-1": "Asia Pacific (Singapore)",
  "ap-southeast-2": "Asia Pacific (Sydney)",
  "ca-central-1": "Canada (Central)",
  "eu-central-1": "EU (Frankfurt)",
  "eu-north-1": "EU (Stockholm)",
  "eu-west-1": "EU (Ireland)",
  "eu-west-2": "EU (London)",
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)",
  "us-west-2": "US West (Oregon)",
};

/** Subject and JSON message that CloudWatch publishes for a state change. `siblings`: the alarms of the same region. */
export function alarmNotification(alarm: Alarm, oldState: AlarmState, siblings: readonly Alarm[]) {
  const { spec, state } = alarm;
  const region = REGION_NAMES[spec.region] ?? spec.region;
  const message = {
    AlarmName: spec.name,
    AlarmDescription: spec.description === "" ? null : spec.description,
    AWSAccountId: ACCOUNT_ID,
    AlarmConfigurationUpdatedTimestamp: timestamp(alarm.configuredMs),
    NewStateValue: state,
    NewStateReason: alarm.reason,
    StateChangeTime: timestamp(alarm.changedMs),
    Region: region,
    AlarmArn: alarmArn(spec),
    OldStateValue: oldState,
    OKActions: spec.okActions,
    AlarmActions: spec.alarmActions,
    InsufficientDataActions: spec.insufficientDataActions,
    ...(spec.kind === "metric"
      ? { Trigger: trigger(spec) }
      : { AlarmRule: spec.rule, TriggeringChildren: triggeringChildren(spec.rule, siblings) }),
  };
  return { subject: `${state}: "${spec.name}" in ${region}`, message: JSON.stringify(message) };
}

function trigger(spec: MetricAlarmSpec) {
  const metrics = alarmMetrics(spec);
  return {
    ...(metrics.length > 0 ? {} : oneMetric(spec)),
    Period: spec.periodSeconds,
    EvaluationPeriods: spec.evaluationPeriods,
    ...(spec.datapointsToAlarm === undefined ? {} : { DatapointsToAlarm: spec.datapointsToAlarm }),
    ...bounds(spec),
    TreatMissingData: spec.treatMissingData,
    EvaluateLowSampleCountPercentile: "",
    ...(metrics.length > 0 ? { Metrics: metrics.map((line) => metricLine(spec, line)) } : {}),
  };
}

function oneMetric({ metricName, namespace, statistic, dimensions }: MetricAlarmSpec) {
  return {
    MetricName: metricName,
    Namespace: namespace,
    StatisticType: "Statistic",
    Statistic: statistic.toUpperCase(),
    Unit: null,
    Dimensions: dimensionsOf(dimensions),
  };
}

/** Of anomaly detection there is no number: the band says it. */
function bounds({ comparison, threshold, anomalyBand }: MetricAlarmSpec) {
  return anomalyBand === undefined
    ? { ComparisonOperator: comparison, Threshold: threshold }
    : { ComparisonOperator: OUTSIDE_THE_BAND, ThresholdMetricId: BAND_ID };
}

function metricLine({ periodSeconds: Period, statistic: Stat }: MetricAlarmSpec, line: AlarmMetric) {
  if (!("metric" in line)) return line;
  const { namespace, metricName, dimensions } = line.metric;
  const Metric = { Dimensions: dimensionsOf(dimensions), MetricName: metricName, Namespace: namespace };
  return { Id: line.Id, MetricStat: { Metric, Period, Stat }, ReturnData: line.ReturnData };
}

/** Lower-case keys here and nowhere else: the vendor's own inconsistency. */
const dimensionsOf = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([name, value]) => ({ value, name }));

function triggeringChildren(rule: string, siblings: readonly Alarm[]) {
  const named = new Set([...rule.matchAll(/ALARM\(\s*"?([^")]+?)"?\s*\)/g)].map(([, name]) => name));
  return siblings
    .filter(({ spec, state }) => state === "ALARM" && (named.has(spec.name) || named.has(alarmArn(spec))))
    .map(({ spec, state, changedMs }) => ({
      Arn: alarmArn(spec),
      State: { Value: state, Timestamp: timestamp(changedMs) },
    }));
}

/** `2026-11-21T09:12:35.472+0000` */
function timestamp(worldMs: number): string {
  return new Date(worldMs).toISOString().replace("Z", "+0000");
}
