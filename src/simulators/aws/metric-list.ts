import { z } from "zod";
import type { World } from "../world/world.ts";
import type { MetricSources } from "./metric-data.ts";
import { page } from "./paging.ts";
import type { AwsCall } from "./service.ts";

/** By `namespace metric`: the name of its dimension, and the values that are there. */
export type Publishers = Readonly<Record<string, (region: string) => readonly [string, readonly string[]]>>;

const ListMetrics = z.strictObject({
  Namespace: z.string().min(1).optional(),
  MetricName: z.string().min(1).optional(),
  /** A value may be left open. */
  Dimensions: z
    .array(z.strictObject({ Name: z.string(), Value: z.string().optional() }))
    .max(10)
    .default([]),
  NextToken: z.string().optional(),
  /** Only what has data of the last three hours. */
  RecentlyActive: z.literal("PT3H").optional(),
});

/** The vendor's page. */
const PAGE = 500;
const MINUTE_MS = 60_000;
const RECENT_MINUTES = 180;

interface Listed {
  readonly metrics: MetricSources;
  readonly things: Publishers;
}

export function listMetrics(world: World, { metrics, things }: Listed, { input, region }: AwsCall) {
  const wanted = ListMetrics.parse(input);
  const nowMs = world.clock.now();
  const all = Object.entries(things).flatMap(([key, publishers]) => {
    const [Namespace = "", MetricName = ""] = key.split(" ");
    const [Name, values] = publishers(region);
    return values.map((Value) => ({ key, Namespace, MetricName, Dimensions: [{ Name, Value }] }));
  });
  const isActive = ({ key, Dimensions }: (typeof all)[number]) => {
    const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
    return Array.from({ length: RECENT_MINUTES }, (_, back) => (Math.floor(nowMs / MINUTE_MS) - back) * MINUTE_MS).some(
      (atMs) => metrics[key]?.(region, dimensions, atMs) !== undefined,
    );
  };
  const found = all
    .filter(({ Namespace }) => (wanted.Namespace ?? Namespace) === Namespace)
    .filter(({ MetricName }) => (wanted.MetricName ?? MetricName) === MetricName)
    .filter(({ Dimensions }) =>
      wanted.Dimensions.every(({ Name, Value }) =>
        Dimensions.some((own) => own.Name === Name && (Value ?? own.Value) === own.Value),
      ),
    )
    .filter((metric) => wanted.RecentlyActive === undefined || isActive(metric));
  const keyOf = ({ key, Dimensions }: (typeof all)[number]) => `${key} ${JSON.stringify(Dimensions)}`;
  const { entries, marker } = page(found, keyOf, { size: PAGE, marker: wanted.NextToken });
  return { Metrics: entries.map(({ key: _key, ...metric }) => metric), NextToken: marker };
}
