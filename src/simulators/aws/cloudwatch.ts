import { z } from "zod";
import type { World } from "../world/world.ts";
import { type Alarm, type AlarmState, alarmArn } from "./alarm.ts";
import { type AlarmMetric, alarmMetrics, BAND_ID, OUTSIDE_THE_BAND } from "./alarm-metrics.ts";
import { Alarms } from "./alarms.ts";
import { dashboardOperations } from "./dashboards.ts";
import { FrozenMetrics } from "./frozen-metrics.ts";
import {
  Dimensions,
  getMetricData,
  getMetricStatistics,
  type MetricAnswers,
  type MetricSources,
} from "./metric-data.ts";
import { listMetrics, type Publishers } from "./metric-list.ts";
import { page } from "./paging.ts";
import type { Rds } from "./rds.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";
import type { Sns } from "./sns.ts";
import { CloudWatchSpec, type CloudWatchSpecInput, MetricAlarmSpec } from "./specs.ts";

/** What CloudWatch measures and where its alarms go. */
export interface CloudWatchSources {
  readonly replicaLagAt: Rds["replicaLagAt"];
  readonly publish: Sns["publish"];
  /** Instances of a region that have `ReplicaLag`. */
  readonly replicasIn?: (region: string) => readonly string[];
  readonly healthCheckIds?: () => readonly string[];
  /** 1 healthy, 0 unhealthy, undefined where the health check did not exist at that world time. */
  readonly healthCheckStatusAt?: (healthCheckId: string, worldMs: number) => 0 | 1 | undefined;
}

export interface CloudWatch {
  readonly service: AwsService;
  /** Undefined where there is no alarm of that name. */
  readonly alarmStateOf: (region: string, name: string) => AlarmState | undefined;
}

/**
 * Simulated metrics and alarms, in JSON 1.0 and Query. Steered by `POST /cloudwatch/alarm`, `POST /cloudwatch/metric` and
 * `POST /cloudwatch/answers`.
 */
export function createCloudWatch(world: World, input: CloudWatchSpecInput, sources: CloudWatchSources): CloudWatch {
  const alarms = new Alarms(world, CloudWatchSpec.parse(input).alarms, sources.publish);
  const frozen = new FrozenMetrics(world);
  const metrics = frozen.over(metricSources(sources));
  const things = publishersOf(sources);
  world.control.on("POST /cloudwatch/alarm", (body) => {
    const { region, name, ...change } = SetAlarm.parse(body);
    return alarms.set({ name, region }, change);
  });
  let answers: MetricAnswers = SetAnswers.parse({});
  world.control.on("POST /cloudwatch/answers", (body) => {
    answers = SetAnswers.parse(body);
    world.log.append("cloudwatch.answers", { ...answers });
  });
  return {
    alarmStateOf: (region, name) => alarms.in(region).find(({ spec }) => spec.name === name)?.state,
    service: {
      name: "monitoring",
      protocol: "json-1.0",
      namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
      operations: {
        GetMetricData: { mutates: false, handle: (call) => getMetricData(world, { sources: metrics, answers }, call) },
        GetMetricStatistics: { mutates: false, handle: (call) => getMetricStatistics(world, metrics, call) },
        ListMetrics: { mutates: false, handle: (call) => listMetrics(world, { metrics, things }, call) },
        ...dashboardOperations(world),
        DescribeAlarms: { mutates: false, handle: (call) => describeAlarms(alarms, call) },
        SetAlarmState: { mutates: true, handle: (call) => setAlarmState(alarms, call) },
        PutMetricAlarm: { mutates: true, handle: (call) => putMetricAlarm(alarms, call) },
      },
    },
  };
}

function metricSources({ replicaLagAt, healthCheckStatusAt }: CloudWatchSources): MetricSources {
  return {
    "AWS/RDS ReplicaLag": (region, { DBInstanceIdentifier: instance }, worldMs) =>
      instance === undefined ? undefined : replicaLagAt({ region, instance }, worldMs),
    // Route 53 publishes its metrics in us-east-1 and nowhere else.
    "AWS/Route53 HealthCheckStatus": (region, { HealthCheckId: id }, worldMs) =>
      region === "us-east-1" && id !== undefined ? healthCheckStatusAt?.(id, worldMs) : undefined,
  };
}

/** Who publishes each of them, by its one dimension. */
function publishersOf({ replicasIn, healthCheckIds }: CloudWatchSources): Publishers {
  return {
    "AWS/RDS ReplicaLag": (region) => ["DBInstanceIdentifier", replicasIn?.(region) ?? []],
    "AWS/Route53 HealthCheckStatus": (region) => [
      "HealthCheckId",
      region === "us-east-1" ? (healthCheckIds?.() ?? []) : [],
    ],
  };
}

const State = z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]);
const SetAlarm = z.strictObject({
  region: z.string(),
  name: z.string(),
  state: State,
  reason: z.string().default("Set by the simulated world"),
  /** The message of it never arrives. */
  isLost: z.boolean().default(false),
});

const SetAnswers = z.strictObject({
  mostSamples: z.number().int().positive().default(Number.MAX_SAFE_INTEGER),
  status: z.enum(["InternalError", "PartialData", "Forbidden"]).optional(),
});

const DescribeAlarms = z.strictObject({
  AlarmNames: z.array(z.string()).optional(),
  AlarmNamePrefix: z.string().optional(),
  /** The vendor leaves composite alarms out unless they are asked for. */
  AlarmTypes: z.array(z.enum(["MetricAlarm", "CompositeAlarm"])).default(["MetricAlarm"]),
  StateValue: State.optional(),
  MaxRecords: z.coerce.number().int().min(1).max(100).default(50),
  NextToken: z.string().optional(),
});

const Actions = z.array(z.string()).default([]);
const PutMetricAlarm = z.strictObject({
  AlarmName: z.string().min(1),
  AlarmDescription: z.string().default(""),
  ActionsEnabled: z.union([z.boolean(), z.stringbool()]).default(true),
  OKActions: Actions,
  AlarmActions: Actions,
  InsufficientDataActions: Actions,
  MetricName: z.string(),
  Namespace: z.string(),
  Statistic: MetricAlarmSpec.shape.statistic,
  Dimensions: Dimensions.prefault([]),
  Period: z.coerce.number().int().positive(),
  EvaluationPeriods: z.coerce.number().int().positive(),
  DatapointsToAlarm: z.coerce.number().int().positive().optional(),
  Threshold: z.coerce.number(),
  ComparisonOperator: MetricAlarmSpec.shape.comparison,
  TreatMissingData: MetricAlarmSpec.shape.treatMissingData,
});

function putMetricAlarm(alarms: Alarms, { input, region }: AwsCall) {
  const wanted = PutMetricAlarm.parse(input);
  const spec = MetricAlarmSpec.parse({
    ...{ kind: "metric", name: wanted.AlarmName, region, description: wanted.AlarmDescription },
    actionsEnabled: wanted.ActionsEnabled,
    alarmActions: wanted.AlarmActions,
    okActions: wanted.OKActions,
    insufficientDataActions: wanted.InsufficientDataActions,
    namespace: wanted.Namespace,
    metricName: wanted.MetricName,
    dimensions: wanted.Dimensions,
    statistic: wanted.Statistic,
    periodSeconds: wanted.Period,
    evaluationPeriods: wanted.EvaluationPeriods,
    datapointsToAlarm: wanted.DatapointsToAlarm,
    threshold: wanted.Threshold,
    comparison: wanted.ComparisonOperator,
    treatMissingData: wanted.TreatMissingData,
  });
  alarms.put(spec, { state: "INSUFFICIENT_DATA", reason: "Unchecked: Initial alarm creation" });
  return {};
}

const SetAlarmState = z.strictObject({
  AlarmName: z.string().min(1),
  StateValue: State,
  StateReason: z.string().max(1_023),
  StateReasonData: z.string().optional(),
});

/** In reality the alarm goes back at its next evaluation; none is evaluated here. */
function setAlarmState(alarms: Alarms, { input, region }: AwsCall) {
  const { AlarmName: name, StateValue: state, StateReason: reason } = SetAlarmState.parse(input);
  if (!alarms.in(region).some(({ spec }) => spec.name === name)) {
    throw new AwsError("ResourceNotFound", `The alarm ${name} does not exist`, 404);
  }
  alarms.set({ name, region }, { state, reason });
  return {};
}

function describeAlarms(alarms: Alarms, { input, region }: AwsCall) {
  const wanted = DescribeAlarms.parse(input);
  const found = alarms
    .in(region)
    .filter(({ spec }) => wanted.AlarmTypes.includes(spec.kind === "metric" ? "MetricAlarm" : "CompositeAlarm"))
    .filter(({ spec }) => wanted.AlarmNames?.includes(spec.name) ?? true)
    .filter(({ spec }) => spec.name.startsWith(wanted.AlarmNamePrefix ?? ""))
    .filter(({ state }) => wanted.StateValue === undefined || state === wanted.StateValue);
  const { entries, marker } = page(found, ({ spec }) => spec.name, {
    size: wanted.MaxRecords,
    marker: wanted.NextToken,
  });
  return {
    MetricAlarms: entries.filter(({ spec }) => spec.kind === "metric").map(alarmView),
    CompositeAlarms: entries.filter(({ spec }) => spec.kind === "composite").map(alarmView),
    NextToken: marker,
  };
}

function alarmView({ spec, state, reason, changedMs, configuredMs }: Alarm) {
  return {
    AlarmName: spec.name,
    AlarmArn: alarmArn(spec),
    AlarmDescription: spec.description === "" ? undefined : spec.description,
    AlarmConfigurationUpdatedTimestamp: new Date(configuredMs),
    ActionsEnabled: spec.actionsEnabled,
    OKActions: spec.okActions,
    AlarmActions: spec.alarmActions,
    InsufficientDataActions: spec.insufficientDataActions,
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: new Date(changedMs),
    StateTransitionedTimestamp: new Date(changedMs),
    ...(spec.kind === "composite" ? { AlarmRule: spec.rule } : metricView(spec)),
  };
}

function metricView(spec: MetricAlarmSpec) {
  const metrics = alarmMetrics(spec);
  return {
    ...(metrics.length > 0 ? { Metrics: metrics.map((line) => lineView(spec, line)) } : oneMetricView(spec)),
    EvaluationPeriods: spec.evaluationPeriods,
    DatapointsToAlarm: spec.datapointsToAlarm,
    ...(spec.anomalyBand === undefined
      ? { Threshold: spec.threshold, ComparisonOperator: spec.comparison }
      : { ThresholdMetricId: BAND_ID, ComparisonOperator: OUTSIDE_THE_BAND }),
    TreatMissingData: spec.treatMissingData,
  };
}

function oneMetricView({ metricName, namespace, statistic, dimensions, periodSeconds }: MetricAlarmSpec) {
  return {
    MetricName: metricName,
    Namespace: namespace,
    Statistic: statistic,
    Dimensions: dimensionsView(dimensions),
    Period: periodSeconds,
  };
}

function lineView({ periodSeconds: Period, statistic: Stat }: MetricAlarmSpec, line: AlarmMetric) {
  if (!("metric" in line)) return line;
  const { namespace, metricName, dimensions } = line.metric;
  const Metric = { Namespace: namespace, MetricName: metricName, Dimensions: dimensionsView(dimensions) };
  return { Id: line.Id, MetricStat: { Metric, Period, Stat }, ReturnData: line.ReturnData };
}

const dimensionsView = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
