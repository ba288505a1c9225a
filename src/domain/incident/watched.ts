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
export const Watched = z.strictObject({
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
export type Watched = z.infer<typeof Watched>;
