import type { MetricAlarmSpec } from "./specs.ts";

/** One line of an alarm that is about more than one metric: a metric, or what is made of those before it. */
export type AlarmMetric =
  | { readonly Id: string; readonly metric: MeasuredMetric; readonly ReturnData: boolean }
  | { readonly Id: string; readonly Expression: string; readonly Label: string; readonly ReturnData: boolean };

interface MeasuredMetric {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export const BAND_ID = "ad1";
export const OUTSIDE_THE_BAND = "LessThanLowerOrGreaterThanUpperThreshold";

/** Empty for an alarm of one metric, which says it in fields of its own. */
export function alarmMetrics(spec: MetricAlarmSpec): AlarmMetric[] {
  const { maths, anomalyBand, metricName } = spec;
  const measured = [spec, ...(maths?.others ?? [])].map(
    (metric, at): AlarmMetric => ({ Id: `m${at + 1}`, metric, ReturnData: anomalyBand !== undefined }),
  );
  if (anomalyBand !== undefined) {
    const Expression = `ANOMALY_DETECTION_BAND(m1, ${anomalyBand})`;
    return [...measured.slice(0, 1), { Id: BAND_ID, Expression, Label: `${metricName} (expected)`, ReturnData: true }];
  }
  if (!maths) return [];
  return [{ Id: "e1", Expression: maths.expression, Label: maths.label, ReturnData: true }, ...measured];
}
