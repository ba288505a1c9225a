import { z } from "zod";
import type { World } from "../world/world.ts";
import type { MetricSource, MetricSources } from "./metric-data.ts";

const SetMetric = z.strictObject({
  region: z.string(),
  namespace: z.string(),
  metric: z.string(),
  /** Of one thing alone: a value of one of its dimensions. */
  of: z.string().optional(),
  isFrozen: z.boolean(),
});
type Which = Omit<z.infer<typeof SetMetric>, "isFrozen">;

/**
 * Metrics that CloudWatch has stopped to take in: what was published before is there, and the newest datapoint gets older and
 * older. Nothing else tells of it, and no call fails. Once it goes on, what was published meanwhile appears.
 */
export class FrozenMetrics {
  readonly #since = new Map<string, { readonly which: Which; readonly sinceMs: number }>();

  constructor(world: World) {
    world.control.on("POST /cloudwatch/metric", (body) => {
      const { isFrozen, ...which } = SetMetric.parse(body);
      const key = JSON.stringify([which.region, which.namespace, which.metric, which.of]);
      if (isFrozen) this.#since.set(key, { which, sinceMs: this.#since.get(key)?.sinceMs ?? world.clock.now() });
      else this.#since.delete(key);
      world.log.append("cloudwatch.metric", { ...which, isFrozen });
    });
  }

  over(sources: MetricSources): MetricSources {
    return Object.fromEntries(Object.entries(sources).map(([key, source]) => [key, this.#until(key, source)]));
  }

  #until(key: string, source: MetricSource): MetricSource {
    return (region, dimensions, worldMs) => {
      const isFrozen = [...this.#since.values()].some(
        ({ which, sinceMs }) =>
          `${which.namespace} ${which.metric}` === key &&
          which.region === region &&
          (which.of === undefined || Object.values(dimensions).includes(which.of)) &&
          worldMs >= sinceMs,
      );
      return isFrozen ? undefined : source(region, dimensions, worldMs);
    };
  }
}
