import type { HealthCheckConfig } from "./route53-health-spec.ts";

/** State of a CloudWatch alarm; undefined: there is none of that name. */
export type AlarmStateOf = (region: string, name: string) => "OK" | "ALARM" | "INSUFFICIENT_DATA" | undefined;

export interface Elsewhere {
  /** As another check counts, with its inversion; undefined: there is none of that id. */
  readonly childOf: (id: string) => boolean | undefined;
  readonly alarmOf: AlarmStateOf;
  /** Whether a routing control of Application Recovery Controller is On. One that nobody has switched is Off. */
  readonly isOn: (routingControl: string) => boolean;
}

type Derived = Extract<HealthCheckConfig, { Type: "CALCULATED" | "CLOUDWATCH_METRIC" | "RECOVERY_CONTROL" }>;

export const isDerived = (config: HealthCheckConfig): config is Derived => !("FullyQualifiedDomainName" in config);

/** Whether a check passes that asks nobody from outside, before its inversion. `last`: how it was judged last. */
export function derivedHealth(config: Derived, last: boolean, { childOf, alarmOf, isOn }: Elsewhere): boolean {
  switch (config.Type) {
    case "CALCULATED":
      return config.ChildHealthChecks.filter((id) => childOf(id)).length >= config.HealthThreshold;
    case "CLOUDWATCH_METRIC": {
      const { AlarmIdentifier: alarm, InsufficientDataHealthStatus: otherwise } = config;
      const state = alarmOf(alarm.Region, alarm.Name) ?? "INSUFFICIENT_DATA";
      if (state !== "INSUFFICIENT_DATA") return state === "OK";
      return otherwise === "LastKnownStatus" ? last : otherwise === "Healthy";
    }
    case "RECOVERY_CONTROL":
      return isOn(config.RoutingControlArn);
  }
}
