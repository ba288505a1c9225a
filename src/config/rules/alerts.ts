import { sayDuration } from "../../domain/duration.ts";
import type { AlertRule } from "../../domain/incident/alert.ts";
import { route53RegionOf } from "../../domain/service/region.ts";
import { type Finding, type Path, sayList } from "../problem.ts";
import { unknownName } from "./people.ts";
import { eachService, type Rule, rule } from "./rule.ts";

/** Alarms are evaluated by the minute, so alerts of one trouble come minutes apart. */
const SHORTEST_WINDOW_MS = 60_000;
/** Beyond this, a new trouble would be left to somebody who acknowledged an old one. */
const LONGEST_WINDOW_MS = 4 * 3_600_000;

const RULES: Path = ["alerts", "rules"];

/** Alarms that can arrive, mean something, and come before it is too late. */
export const ALERT_RULES: readonly Rule[] = [
  rule({
    name: "alert-service-exists",
    severity: "error",
    because: "An alert for a service that does not exist opens an incident about nothing.",
    needs: ["alerts"],
    knows: ["services"],
    check: ({ alerts }, { services }) =>
      eachRule(alerts.rules, ({ service }, path) =>
        service === undefined || services.includes(service)
          ? []
          : [{ path: [...path, "service"], ...unknownName(service, "services", services) }],
      ),
  }),
  rule({
    name: "service-is-warned-of",
    severity: "warning",
    because:
      "An alarm is about the service that its rule names; one whose rule names none opens an incident of no service.",
    needs: ["alerts", "services"],
    check: ({ alerts, services }) =>
      eachService(services, (_service, path, name) =>
        alerts.rules.some(({ service }) => service === name)
          ? []
          : [
              {
                path,
                what: `no rule of alerts names ${name}`,
                instead: `write service: ${name} in the rules of its alarms`,
              },
            ],
      ),
  }),
  rule({
    name: "sev1-can-happen",
    severity: "error",
    because: "Without such a rule no alarm ever opens the incident that all this is for.",
    needs: ["alerts"],
    check: ({ alerts }) => missingSeverity(alerts.rules, "sev1"),
  }),
  rule({
    name: "sev2-can-happen",
    severity: "warning",
    because: "A service degrades more often than it dies.",
    needs: ["alerts"],
    check: ({ alerts }) => missingSeverity(alerts.rules, "sev2"),
  }),
  rule({
    name: "serious-alerts-open-incidents",
    severity: "warning",
    because: "Only an incident pages people.",
    needs: ["alerts"],
    check: ({ alerts }) =>
      eachRule(alerts.rules, ({ severity, opens_incident }, path) =>
        (severity === "sev1" || severity === "sev2") && !opens_incident
          ? [
              {
                path: [...path, "opens_incident"],
                what: `a ${severity} alert that opens no incident pages nobody`,
                instead: "write opens_incident: true, or a lower severity",
              },
            ]
          : [],
      ),
  }),
  rule({
    name: "rule-can-match",
    severity: "error",
    because: "The first rule that matches decides, so a wider one above hides the ones below.",
    needs: ["alerts"],
    check: ({ alerts }) =>
      eachRule(alerts.rules, ({ match }, path, at) => {
        const earlier = alerts.rules.slice(0, at).find((other) => covers(other.match, match));
        if (!earlier) return [];
        return [
          {
            path: [...path, "match"],
            what: `this rule can never match: ${JSON.stringify(earlier.name)} above takes everything it would`,
            instead: "move the narrower rule up, or remove one of the two",
          },
        ];
      }),
  }),
  rule({
    name: "alarm-region-exists",
    severity: "error",
    because: "Metrics of AWS/Route53 exist in us-east-1 only; every other alarm lives where its resource does.",
    needs: ["alerts", "aws"],
    knows: ["regions"],
    check: ({ alerts, aws }, { regions: protectedRegions }) =>
      eachRule(alerts.rules, ({ match }, path) => {
        const isRoute53 = match.namespace === "AWS/Route53" || match.metric === "HealthCheckStatus";
        const regions = isRoute53 ? [route53RegionOf(aws.sts)] : [...protectedRegions, aws.sts];
        if (match.region === undefined || match.region.includes("*") || regions.includes(match.region)) return [];
        return [
          {
            path: [...path, "match", "region"],
            what: `no alarm can come from ${match.region}: ${isRoute53 ? `Route 53 metrics exist in ${regions.join()} only` : "no service has a site there"}`,
            instead: `write ${sayList(regions, "or")}`,
          },
        ];
      }),
  }),
  rule({
    name: "windows-are-sane",
    severity: "error",
    because:
      "Too short a window pages people for every alarm; too long a one leaves new trouble to who acknowledged the old.",
    needs: ["alerts"],
    check: ({ alerts }) => {
      const windows = [
        ["correlation_window", alerts.correlation_window, LONGEST_WINDOW_MS],
        ["regional_window", alerts.regional_window, Math.min(alerts.correlation_window, LONGEST_WINDOW_MS)],
      ] as const;
      return windows
        .filter(([, ms, longest]) => ms < SHORTEST_WINDOW_MS || ms > longest)
        .map(([key, ms]) => ({
          path: ["alerts", key],
          what: `${sayDuration(ms)} is ${ms < SHORTEST_WINDOW_MS ? "too short" : "too long"} for ${key}`,
          instead: "write 1m to 4h; regional_window is not longer than correlation_window",
        }));
    },
  }),
  rule({
    name: "topic-region",
    severity: "error",
    because: "A topic elsewhere is a typing error, or somebody else's.",
    needs: ["alerts", "aws"],
    knows: ["regions"],
    check: ({ alerts, aws }, { regions: protectedRegions }) => {
      // Alarms on Route 53 health checks can only be created in us-east-1, and so their topic lives there.
      const regions = [...new Set([...protectedRegions, aws.sts, route53RegionOf(aws.sts)])];
      return alerts.topics.flatMap((topic, at) => {
        const region = topic.split(":")[3] ?? "";
        if (regions.includes(region)) return [];
        return [
          {
            path: ["alerts", "topics", at],
            what: `no service has a site in ${region}, where this topic lives`,
            instead: `name a topic in ${sayList(regions, "or")}`,
          },
        ];
      });
    },
  }),
  rule({
    name: "topic-outlives-a-region",
    severity: "warning",
    because: "A region that is gone takes its topics along, and the alarms that tell them.",
    needs: ["alerts"],
    knows: ["regions"],
    check: ({ alerts }, { regions: protectedRegions }) => {
      const [only, ...others] = new Set(alerts.topics.map((topic) => topic.split(":")[3] ?? ""));
      if (only === undefined || others.length > 0 || !protectedRegions.includes(only)) return [];
      const elsewhere = protectedRegions.filter((region) => region !== only);
      return [
        {
          path: ["alerts", "topics"],
          what: `all topics live in ${only}: when that region is gone, no alarm arrives`,
          instead: `add a topic in ${sayList(elsewhere, "or")}, with alarms there on what users see`,
        },
      ];
    },
  }),
];

export function eachRule(
  rules: readonly AlertRule[],
  check: (one: AlertRule, path: Path, at: number) => Finding[],
): Finding[] {
  return rules.flatMap((one, at) => check(one, [...RULES, at], at));
}

function missingSeverity(rules: readonly AlertRule[], severity: "sev1" | "sev2"): Finding[] {
  if (rules.some((one) => one.severity === severity && one.opens_incident)) return [];
  return [
    {
      path: RULES,
      what: `no rule opens a ${severity} incident`,
      instead: `add a rule with severity: ${severity} and opens_incident: true`,
    },
  ];
}

type Match = AlertRule["match"];

/** True when everything that `narrow` matches is matched by `wide`. */
function covers(wide: Match, narrow: Match): boolean {
  if ((wide.message === undefined) !== (narrow.message === undefined)) return false;
  const pairs: (readonly [string | undefined, string | undefined])[] = [
    [wide.alarm, narrow.alarm],
    [wide.namespace, narrow.namespace],
    [wide.metric, narrow.metric],
    [wide.region, narrow.region],
    [wide.message, narrow.message],
    ...Object.entries(wide.dimensions ?? {}).map(([key, pattern]) => [pattern, narrow.dimensions?.[key]] as const),
  ];
  return pairs.every(([outer, inner]) => outer === undefined || coversPattern(outer, inner));
}

export function coversPattern(outer: string, inner: string | undefined): boolean {
  if (/^\*+$/.test(outer)) return true;
  if (inner === undefined || outer === inner) return outer === inner;
  // A `*` of the inner pattern is one more character that the outer pattern's `*` may swallow.
  const parts = outer.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(inner);
}
