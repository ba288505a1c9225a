import type { AlertRule } from "../domain/incident/alert.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { besides, type Region, type Service } from "../domain/service/service.ts";
import { frontOf, storesIn } from "../flows/resources/site.ts";
import type { TrafficSpecInput } from "../simulators/application/traffic.ts";
import type { CloudWatchSpecInput, SnsSpecInput } from "../simulators/aws/specs.ts";
import { firstTarget } from "./first-target.ts";
import { DEEP_HEALTH_PATH } from "./rewrites.ts";

type AlarmSpec = NonNullable<CloudWatchSpecInput["alarms"]>[number];
type HealthCheckSpec = NonNullable<TrafficSpecInput["route53"]["healthChecks"]>[number];

/** Route 53 publishes its metrics there and nowhere else. */
const HEALTH_METRICS_REGION = "us-east-1";

/** Version 2 is the only one that the bot takes unless told otherwise. */
export function deriveTopics(topics: readonly string[], endpoint: string): NonNullable<SnsSpecInput["topics"]> {
  return topics.map((arn) => {
    const [, , , region = "", , name = ""] = arn.split(":");
    return { name, region, signatureVersion: "2", subscriptions: [{ endpoint }] };
  });
}

export interface DerivedCheck {
  readonly service: Service;
  readonly spec: HealthCheckSpec;
}

/** One check of each service's home, under the id that an alert rule gives it; further ids are of the other regions, by priority. */
export function deriveHealthChecks({ file, services }: Inventory): DerivedCheck[] {
  const named = file.alerts.rules.flatMap((rule) => {
    const id = rule.match.dimensions?.["HealthCheckId"];
    return id === undefined || id.includes("*") ? [] : [{ id, service: rule.service ?? services[0]?.name }];
  });
  return services.flatMap((service) => {
    const ids = [...new Set(named.filter((each) => each.service === service.name).map(({ id }) => id))];
    return (ids.length > 0 ? ids : [`hc-${service.name}`]).map((id, index): DerivedCheck => {
      const front = frontOf(service, service.regions[Math.min(index, service.regions.length - 1)] ?? service.home);
      const host = front?.dns_name ?? new URL(service.url).hostname;
      const config = { Type: "HTTPS" as const, FullyQualifiedDomainName: host, ResourcePath: DEEP_HEALTH_PATH };
      return { service, spec: { id, config } };
    });
  });
}

/**
 * An alarm for each alert rule, made to match it, and one of 5xx answers in each region beside a service's home, which can
 * be raised while the home region is dark. Rules decide by the first match, so an earlier rule may claim a later one's alarm.
 */
export function deriveAlarms(inventory: Inventory, checks: readonly DerivedCheck[]): AlarmSpec[] {
  const { topics } = inventory.file.alerts;
  const rules = alarmRules(inventory);
  const actionsIn = (region: Region) => topics.filter((arn) => arn.split(":")[3] === region);
  const alarms = [
    ...rules.map((rule) => ruleAlarm(inventory, rule, checks)),
    ...inventory.services.flatMap(errorAlarms),
  ];
  return alarms.map((alarm, index): AlarmSpec => {
    const actions = actionsIn(alarm.region);
    const isTaken = alarms.slice(0, index).some(({ name, region }) => name === alarm.name && region === alarm.region);
    const name = isTaken ? `${alarm.name}-${index + 1}` : alarm.name;
    return { ...alarm, kind: "metric", name, alarmActions: actions, okActions: actions };
  });
}

/** The rules that are about alarms; others are about what else is published to the topics. */
export const alarmRules = ({ file }: Inventory): readonly AlertRule[] =>
  file.alerts.rules.filter(({ match }) => match.message === undefined);

type Draft = Omit<Extract<AlarmSpec, { kind: "metric" }>, "kind">;

interface Metric {
  readonly namespace: string;
  readonly regionOf: (service: Service) => Region;
  readonly dimensions: (service: Service, checks: readonly DerivedCheck[]) => Readonly<Record<string, string>>;
  readonly bounds: Pick<Draft, "comparison" | "statistic" | "threshold" | "treatMissingData">;
}

const home = (service: Service) => service.home;
/** Of the first store that is an instance; another kind of store has other metrics. */
const instanceIn =
  (regionOf: (service: Service) => Region) =>
  (service: Service): Readonly<Record<string, string>> => {
    const [first] = storesIn(service, regionOf(service));
    return first ? { DBInstanceIdentifier: first.database.instance } : {};
  };
const above = (threshold: number) => ({ comparison: "GreaterThanThreshold" as const, threshold });

const BALANCER_ERRORS = "HTTPCode_ELB_5XX_Count";

/** Where the vendor publishes what, and about which resource. */
const METRICS: Readonly<Record<string, Metric>> = {
  ReplicaLag: {
    ...{ namespace: "AWS/RDS", regionOf: firstTarget, dimensions: instanceIn(firstTarget) },
    bounds: { ...above(240), statistic: "Maximum", treatMissingData: "breaching" },
  },
  DatabaseConnections: {
    ...{ namespace: "AWS/RDS", regionOf: home, dimensions: instanceIn(home), bounds: above(800) },
  },
  [BALANCER_ERRORS]: {
    ...{ namespace: "AWS/ApplicationELB", regionOf: firstTarget },
    dimensions: (service) => balancerIn(service, firstTarget(service)),
    bounds: { ...above(10), statistic: "Sum" },
  },
  HealthCheckStatus: {
    ...{ namespace: "AWS/Route53", regionOf: () => HEALTH_METRICS_REGION },
    dimensions: (service, checks) => {
      const check = checks.find((each) => each.service.name === service.name);
      return check ? { HealthCheckId: check.spec.id } : {};
    },
    bounds: { comparison: "LessThanThreshold", threshold: 1, statistic: "Minimum", treatMissingData: "breaching" },
  },
};
const OTHER: Metric = { namespace: "Custom", regionOf: home, dimensions: () => ({}), bounds: above(0) };

function ruleAlarm({ file, services }: Inventory, rule: AlertRule, checks: readonly DerivedCheck[]): Draft {
  const { alarm, dimensions = {}, metric: metricName = "Errors", namespace, region } = rule.match;
  const service = services.find(({ name }) => name === rule.service) ?? services[0];
  const metric = METRICS[metricName] ?? OTHER;
  const fill = (pattern: string) => pattern.replaceAll("*", service?.name ?? "any");
  const given = Object.fromEntries(Object.entries(dimensions).map(([key, value]) => [key, fill(value)]));
  return {
    name: alarm === undefined ? slug(rule.name) : fill(alarm),
    description: rule.name,
    region: regionFor(region, metricName, { usual: service && metric.regionOf(service), topics: file.alerts.topics }),
    namespace: namespace === undefined ? metric.namespace : fill(namespace),
    metricName: fill(metricName),
    dimensions: { ...(service ? metric.dimensions(service, checks) : {}), ...given },
    ...metric.bounds,
  };
}

interface Possible {
  readonly usual: Region | undefined;
  readonly topics: readonly string[];
}

/** An alarm tells topics of its own region only: where nothing fixes its region it stands where a topic is. */
function regionFor(pattern: string | undefined, metric: string, { usual, topics }: Possible): Region {
  if (metric === "HealthCheckStatus") return HEALTH_METRICS_REGION;
  if (pattern !== undefined && !pattern.includes("*")) return pattern;
  const heard = topics.flatMap((arn) => arn.split(":")[3] ?? []);
  const allowed = heard.filter((region) => region.startsWith(pattern?.split("*")[0] ?? ""));
  if (usual !== undefined && allowed.includes(usual)) return usual;
  return allowed[0] ?? usual ?? HEALTH_METRICS_REGION;
}

function errorAlarms(service: Service): Draft[] {
  const { namespace, bounds } = METRICS[BALANCER_ERRORS] ?? OTHER;
  return besides(service, service.home).map((region) => ({
    ...{ name: `${service.name}-5xx`, region, description: `${service.name} answers with errors` },
    ...{ namespace, metricName: BALANCER_ERRORS, dimensions: balancerIn(service, region), ...bounds },
  }));
}

function balancerIn(service: Service, region: Region): Readonly<Record<string, string>> {
  const front = frontOf(service, region);
  return front ? { LoadBalancer: `app/${front.dns_name.split(".")[0]}` } : {};
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
