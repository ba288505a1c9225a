import { sayDuration } from "../domain/duration.ts";
import type { AlarmTrigger } from "../domain/incident/alarm-trigger.ts";
import { inRoom } from "./room.ts";

const BEYOND: Readonly<Record<string, string>> = {
  GreaterThanThreshold: ">",
  GreaterThanOrEqualToThreshold: "≥",
  LessThanThreshold: "<",
  LessThanOrEqualToThreshold: "≤",
  LessThanLowerOrGreaterThanUpperThreshold: "outside",
  LessThanLowerThreshold: "below",
  GreaterThanUpperThreshold: "above",
};
/** Metrics and expressions shown; a card has room for more important things. */
const MOST_LINES = 6;

/** What an alarm watches, line by line: what is compared first, then what that is made of. */
export function triggerLines(trigger: AlarmTrigger): string[] {
  const { metrics, expressions, band } = trigger;
  const [only] = metrics;
  const made = expressions.filter(({ id }) => id !== band);
  const compared = made[0] ? (made[0].label ?? made[0].id) : only ? metricWords(only) : "";
  if (compared === "") return [];
  const parts = [
    ...expressions.map(({ id, expression }) => `${id === band ? "band" : id} = ${expression}`),
    ...(expressions.length > 0 ? metrics.map((metric) => `${metric.id ?? "metric"} = ${metricWords(metric)}`) : []),
  ];
  const more = parts.length > MOST_LINES ? [`and ${parts.length - MOST_LINES} more`] : [];
  return [`Watches ${compared}${boundWords(trigger)}`, ...parts.slice(0, MOST_LINES), ...more].map((line) =>
    inRoom(line, "reason"),
  );
}

function metricWords({ namespace, name, dimensions, statistic }: AlarmTrigger["metrics"][number]): string {
  const of = Object.values(dimensions).join(", ");
  const how = statistic === undefined ? "" : `, ${statistic.toLowerCase()}`;
  return `${name}${of === "" ? "" : ` of ${of}`} (${namespace}${how})`;
}

function boundWords({ comparison, threshold, band, periodSeconds, periods, datapoints }: AlarmTrigger): string {
  const sign = BEYOND[comparison ?? ""] ?? comparison ?? "";
  const bound = band === undefined ? (threshold ?? "") : "its expected band";
  const often = periods === undefined ? "" : `, ${datapoints ?? periods} of ${periods} times`;
  const every = periodSeconds === undefined ? "" : ` in ${sayDuration(periodSeconds * 1_000)} each`;
  return `${sign === "" ? "" : ` ${sign} ${bound}`}${often}${often === "" ? "" : every}`;
}
