import { sayDuration } from "../../domain/duration.ts";
import type { AlertRule } from "../../domain/incident/alert.ts";
import { resourcesOf, type ServiceFile } from "../../domain/service/service.ts";
import { kindOf } from "../../flows/resources/index.ts";
import type { Kind } from "../../flows/resources/kind.ts";
import { coversPattern, eachRule } from "./alerts.ts";
import { type Rule, rule } from "./rule.ts";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Alarms on how far the copies are behind, for every kind of store that CloudWatch measures. */
export const LAG_RULES: readonly Rule[] = [
  rule({
    name: "lag-alarm-in-standby",
    severity: "warning",
    because: "Lag is a metric of the copy: an alarm in the home region never has data.",
    needs: ["alerts", "services"],
    check: ({ alerts, services }) =>
      eachRule(alerts.rules, ({ match, service: name }, path) => {
        const service = name === undefined ? undefined : services[name];
        const [home, ...standbys] = service?.regions ?? [];
        const there = standbys.join(" and ");
        const isLag = service && lagMetrics(service).some(({ metric }) => metric === match.metric);
        if (!isLag || match.region === undefined || match.region !== home) return [];
        return [
          {
            path: [...path, "match", "region"],
            what: `${match.metric} of ${name} is measured in ${there}, so this alarm never has data`,
            instead: `create the alarm in ${there} and write that region`,
          },
        ];
      }),
  }),
  rule({
    name: "lag-has-an-alarm",
    severity: "warning",
    because: "An RPO that nobody measures is a hope.",
    needs: ["alerts", "services"],
    check: ({ alerts, services }) =>
      Object.entries(services).flatMap(([name, service]) =>
        lagMetrics(service).flatMap((lag) => {
          const rules = alerts.rules.filter((one) => namesLag(one, lag) && isAbout(one, name));
          const where = withoutAlarm(rules, service.regions);
          if (where === undefined) return [];
          const { namespace, metric } = lag;
          return [
            {
              path: ["services", name, "rpo"],
              what: `no alert rule names ${metric} for ${name}${where}, so nobody hears when this RPO is out of reach`,
              instead: `add a rule with match: { namespace: ${namespace}, metric: ${metric} }`,
            },
          ];
        }),
      ),
  }),
  rule({
    // The thresholds live in CloudWatch; the file knows one only where the rule's name or alarm says it.
    name: "lag-alarm-before-rpo",
    severity: "warning",
    because: "A lag alarm at the RPO or above rings when the data is already lost.",
    needs: ["alerts", "services"],
    check: ({ alerts, services }) =>
      eachRule(alerts.rules, (one, path) => {
        const threshold = durationIn(one.name) ?? durationIn(one.match.alarm ?? "");
        if (threshold === undefined) return [];
        return Object.entries(services)
          .filter(([name, service]) => isAbout(one, name) && lagMetrics(service).some((lag) => namesLag(one, lag)))
          .filter(([, { rpo }]) => rpo > 0 && threshold >= rpo)
          .map(([name, { rpo }]) => ({
            path: [...path, "name"],
            what: `this lag alarm rings at ${sayDuration(threshold)}, but ${name} may lose at most ${sayDuration(rpo)}`,
            instead: `set the alarm well below ${sayDuration(rpo)}, such as ${sayDuration(rpo / 2)}`,
          }));
      }),
  }),
];

/** Where the copies are that no rule is about, in words; undefined: each has one. A rule for the home region has its own finding. */
function withoutAlarm(rules: readonly AlertRule[], [home = "", ...standbys]: readonly string[]): string | undefined {
  if (rules.length === 0) return "";
  const covers = ({ match }: AlertRule, region: string) => coversPattern(match.region ?? "*", region);
  const open = standbys.filter((region) => !rules.some((one) => covers(one, region) || covers(one, home)));
  return open.length === 0 ? undefined : ` in ${open.join(" and ")}`;
}

type LagMetric = NonNullable<Kind["lagMetric"]>;

function lagMetrics(service: ServiceFile): LagMetric[] {
  const metrics = resourcesOf(service).flatMap(({ role, resource }) => kindOf(role, resource).lagMetric ?? []);
  return [...new Map(metrics.map((lag) => [`${lag.namespace} ${lag.metric}`, lag])).values()];
}

const isAbout = ({ service }: AlertRule, name: string): boolean => service === undefined || service === name;

/** True when the rule takes alarms on this lag. */
function namesLag({ match: { namespace, metric } }: AlertRule, lag: LagMetric): boolean {
  if (namespace === undefined && metric === undefined) return false;
  return coversPattern(namespace ?? "*", lag.namespace) && coversPattern(metric ?? "*", lag.metric);
}

/** `inventory replica lag above 10 min` → 600,000. */
function durationIn(text: string): number | undefined {
  const found = /(\d+)\s*(s|m|h)(?:ec(?:ond)?s?|in(?:ute)?s?|ours?)?\b/i.exec(text);
  const unit = UNIT_MS[found?.[2]?.toLowerCase() ?? ""];
  return unit === undefined ? undefined : Number(found?.[1]) * unit;
}
