import { z } from "zod";
import { Duration } from "../duration.ts";
import { SlackChannelId } from "../service/slack-ids.ts";
import { Severity } from "./severity.ts";

export const AlertState = z.enum(["alarm", "ok", "insufficient-data"]);
export type AlertState = z.infer<typeof AlertState>;

/** One normalised signal from outside, as it was received. Stored in queue jobs, hence a schema. */
export const Signal = z.strictObject({
  /** Stable over redeliveries: `sns:<message id>`. */
  id: z.string(),
  source: z.literal("cloudwatch"),
  /** What keeps its identity over state changes: the alarm's ARN. */
  fingerprint: z.string(),
  name: z.string(),
  description: z.string(),
  reason: z.string(),
  account: z.string(),
  /** From the alarm's ARN, never from its display name. */
  region: z.string(),
  namespace: z.string(),
  metric: z.string(),
  dimensions: z.record(z.string(), z.string()),
  state: AlertState,
  previousState: AlertState,
  changedAtMs: z.number(),
  /** When SNS says it was published, and when it reached us; world time. */
  publishedAtMs: z.number(),
  receivedAtMs: z.number(),
  /** Older than SNS's own retry window: threaded, marked, never dropped. */
  late: z.boolean(),
});
export type Signal = z.infer<typeof Signal>;

/** The first rule that matches decides. `*` in a pattern stands for any run of characters. */
export const AlertRule = z.strictObject({
  name: z.string().min(1).describe("What the rule is about, for people."),
  match: z
    .strictObject({
      alarm: z.string().optional().describe("Pattern for the alarm's name."),
      namespace: z.string().optional().describe("Pattern for the metric's namespace, such as AWS/RDS."),
      metric: z.string().optional().describe("Pattern for the metric's name."),
      region: z.string().optional().describe("Pattern for the region that the alarm lives in."),
      dimensions: z.record(z.string(), z.string()).optional().describe("Pattern for the value of each dimension."),
    })
    .refine((match) => Object.keys(match).length > 0, "must name at least one thing to match")
    .describe("All of these must fit; `*` stands for any run of characters."),
  service: z.string().optional().describe("Key of `services` that the alarm is about."),
  severity: Severity.describe("How bad it is."),
  opens_incident: z.boolean().describe("Whether it opens or joins an incident, or is only threaded."),
});
export type AlertRule = z.infer<typeof AlertRule>;

export const AlertPolicy = z.strictObject({
  channel: SlackChannelId.describe("Slack channel id for alert threads."),
  topics: z
    .array(z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, "must be an SNS topic ARN"))
    .min(1, "must name at least one topic")
    .describe("Only these SNS topics are listened to."),
  signature_version_1: z
    .boolean()
    .default(false)
    .describe("Whether messages signed the old way (SHA-1) are taken as well."),
  rules: z.array(AlertRule).min(1, "must have at least one rule").describe("The first rule that matches decides."),
  correlation_window: Duration.default(900_000).describe(
    "An incident takes in every alarm of its service while it is open. After this long without one, the next alarm pages people again.",
  ),
  regional_services: z
    .number()
    .int()
    .min(2)
    .default(3)
    .describe("This many services alarming in one region within `regional_window` are one regional incident."),
  regional_window: Duration.default(300_000).describe("The window for `regional_services`."),
});
export type AlertPolicy = z.infer<typeof AlertPolicy>;

/** What the alert thread shows: the present state of one alarm and what came before. */
export const AlertDocument = z.strictObject({
  fingerprint: z.string(),
  name: z.string(),
  region: z.string(),
  service: z.string().optional(),
  severity: Severity,
  state: AlertState,
  reason: z.string(),
  firstAtMs: z.number(),
  changedAtMs: z.number(),
  /** Transitions into ALARM since the thread was opened. */
  alarms: z.number().int(),
  signals: z.number().int(),
  incident: z.string().optional(),
  /** Whether it has a card of its own; in a storm only the first alarms of an incident have one. */
  hasCard: z.boolean(),
  /** Newest last; bounded. `number` counts from 1 since the thread was opened. */
  changes: z.array(
    z.strictObject({
      number: z.number().int(),
      id: z.string(),
      state: AlertState,
      atMs: z.number(),
      reason: z.string(),
      late: z.boolean(),
    }),
  ),
});
export type AlertDocument = z.infer<typeof AlertDocument>;

function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

/** The first rule that matches the signal, or undefined: then it is threaded as sev3 and opens nothing. */
export function ruleFor(rules: readonly AlertRule[], signal: Signal): AlertRule | undefined {
  return rules.find(({ match }) => {
    const named: [string | undefined, string][] = [
      [match.alarm, signal.name],
      [match.namespace, signal.namespace],
      [match.metric, signal.metric],
      [match.region, signal.region],
      ...Object.entries(match.dimensions ?? {}).map(([key, pattern]): [string, string] => [
        pattern,
        signal.dimensions[key] ?? "",
      ]),
    ];
    return named.every(([pattern, text]) => pattern === undefined || matchesPattern(pattern, text));
  });
}
