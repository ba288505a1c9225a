import { z } from "zod";
import { WireBoolean, WireText } from "./route53-wire.ts";

/** What every kind of health check has. */
const COMMON = { Inverted: WireBoolean.default(false), Disabled: WireBoolean.default(false) };

const Text = WireText.pipe(z.string().min(1).max(255));
const Threshold = z.coerce.number().int().min(1).max(10);
const Port = z.coerce.number().int().min(1).max(65_535);
const Path = z.string().max(255);
const HealthThreshold = z.coerce.number().int().min(0).max(256);
const Children = z.array(WireText).max(256);
const Alarm = z.strictObject({ Region: z.string(), Name: z.string().min(1).max(256) });
const Insufficient = z.enum(["Healthy", "Unhealthy", "LastKnownStatus"]);

/** What checkers ask from outside. */
const ENDPOINT = {
  ...COMMON,
  FullyQualifiedDomainName: z.string().min(1).max(255),
  IPAddress: z.string().optional(),
  Port: Port.optional(),
  RequestInterval: z.coerce
    .number()
    .pipe(z.union([z.literal(10), z.literal(30)]))
    .default(30),
  FailureThreshold: Threshold.default(3),
  MeasureLatency: WireBoolean.optional(),
};
const WEB = { ...ENDPOINT, ResourcePath: Path.default("/"), EnableSNI: WireBoolean.optional() };

export const HealthCheckConfig = z.discriminatedUnion("Type", [
  z.strictObject({ Type: z.enum(["HTTP", "HTTPS"]), ...WEB }),
  z.strictObject({ Type: z.enum(["HTTP_STR_MATCH", "HTTPS_STR_MATCH"]), ...WEB, SearchString: Text }),
  z.strictObject({ Type: z.literal("TCP"), ...ENDPOINT, Port }),
  z.strictObject({ Type: z.literal("CALCULATED"), ...COMMON, HealthThreshold, ChildHealthChecks: Children }),
  z.strictObject({
    ...{ Type: z.literal("CLOUDWATCH_METRIC"), ...COMMON, AlarmIdentifier: Alarm },
    InsufficientDataHealthStatus: Insufficient.default("LastKnownStatus"),
  }),
  z.strictObject({ Type: z.literal("RECOVERY_CONTROL"), ...COMMON, RoutingControlArn: z.string().min(1).max(255) }),
]);
export type HealthCheckConfig = z.infer<typeof HealthCheckConfig>;
export type EndpointConfig = Extract<HealthCheckConfig, { FullyQualifiedDomainName: string }>;

/** The parts of a health check that UpdateHealthCheck may change, whatever its kind has of them. */
export const HealthCheckSettings = z.strictObject({
  FullyQualifiedDomainName: z.string().optional(),
  IPAddress: z.string().optional(),
  Port: Port.optional(),
  ResourcePath: Path.optional(),
  SearchString: Text.optional(),
  FailureThreshold: Threshold.optional(),
  EnableSNI: WireBoolean.optional(),
  HealthThreshold: HealthThreshold.optional(),
  ChildHealthChecks: Children.optional(),
  AlarmIdentifier: Alarm.optional(),
  InsufficientDataHealthStatus: Insufficient.optional(),
  Inverted: WireBoolean.optional(),
  Disabled: WireBoolean.optional(),
});

export const HealthCheck = z.strictObject({ id: z.string(), config: HealthCheckConfig });
export type HealthCheckSpec = z.infer<typeof HealthCheck>;
