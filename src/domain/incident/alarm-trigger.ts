import { z } from "zod";

const Metric = z.strictObject({
  /** By what expressions name it; absent: it is the only one. */
  id: z.string().optional(),
  namespace: z.string(),
  name: z.string(),
  dimensions: z.record(z.string(), z.string()),
  statistic: z.string().optional(),
});

/** What an alarm watches: one metric, metric maths, or a band of what is expected (anomaly detection). */
export const AlarmTrigger = z.strictObject({
  metrics: z.array(Metric),
  /** Of metric maths and bands, in the vendor's order. */
  expressions: z.array(z.strictObject({ id: z.string(), expression: z.string(), label: z.string().optional() })),
  /** The vendor's name of the comparison, such as `GreaterThanThreshold`. */
  comparison: z.string().optional(),
  threshold: z.number().optional(),
  /** Id of the expression that is the band. */
  band: z.string().optional(),
  periodSeconds: z.number().optional(),
  /** Of so many periods so many have to be beyond it. */
  periods: z.number().optional(),
  datapoints: z.number().optional(),
});
export type AlarmTrigger = z.infer<typeof AlarmTrigger>;

type Said<T> = T | null | undefined;

interface MetricSaid {
  readonly namespace: Said<string>;
  readonly name: Said<string>;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** An alarm's configuration as the vendor says it, in a message or in an answer; either may leave anything out. */
export interface AlarmTriggerSaid extends MetricSaid {
  readonly statistic: Said<string>;
  /** Of metric maths and anomaly detection; empty for one metric. */
  readonly lines: readonly {
    readonly id: string;
    readonly expression: Said<string>;
    readonly label: Said<string>;
    readonly metric: MetricSaid | undefined;
    readonly statistic: Said<string>;
    readonly periodSeconds: Said<number>;
  }[];
  readonly comparison: Said<string>;
  readonly threshold: Said<number>;
  readonly band: Said<string>;
  readonly periodSeconds: Said<number>;
  readonly periods: Said<number>;
  readonly datapoints: Said<number>;
}

/** Foreign, so bounded. */
const MOST_LINES = 20;

export function alarmTriggerFrom(said: AlarmTriggerSaid): AlarmTrigger {
  const lines = said.lines.slice(0, MOST_LINES);
  const measured = lines.flatMap(({ id, metric, statistic }) =>
    metric ? [metricFrom(metric, { id, statistic })] : [],
  );
  return {
    metrics: lines.length > 0 ? measured : [metricFrom(said, { statistic: said.statistic })],
    expressions: lines.flatMap(({ id, expression, label }) =>
      typeof expression === "string" ? [{ id, expression, ...given({ label }) }] : [],
    ),
    ...given({ comparison: said.comparison, band: said.band }),
    ...given({ threshold: said.threshold, periods: said.periods, datapoints: said.datapoints }),
    ...given({ periodSeconds: said.periodSeconds ?? lines.find(({ metric }) => metric)?.periodSeconds }),
  };
}

function metricFrom(
  { namespace, name, dimensions }: MetricSaid,
  more: { readonly id?: string; readonly statistic: Said<string> },
): AlarmTrigger["metrics"][number] {
  return { ...given(more), namespace: namespace ?? "", name: name ?? "", dimensions };
}

/** By what rules find an alarm: of metric maths the first real metric; of a composite alarm nothing. */
export function metricOf(trigger: AlarmTrigger | undefined) {
  const [first] = trigger?.metrics ?? [];
  return { namespace: first?.namespace ?? "", metric: first?.name ?? "", dimensions: { ...first?.dimensions } };
}

/** Without what is not said. */
function given<T>(facts: Readonly<Record<string, Said<T>>>): Record<string, T> {
  return Object.fromEntries(Object.entries(facts).flatMap(([key, value]) => (value == null ? [] : [[key, value]])));
}
