import { z } from "zod";
import { Duration } from "../duration.ts";
import { AlarmTrigger } from "./alarm-trigger.ts";
import { Severity } from "./severity.ts";

/** Characters of a message that is no alarm; SNS carries 256 KB. */
export const MESSAGE_KEPT = 8_000;

/** `message`: of what is no alarm, and is neither in ALARM nor OK. */
export const AlertState = z.enum(["alarm", "ok", "insufficient-data", "message"]);
export type AlertState = z.infer<typeof AlertState>;

/** Of an alarm that is made of others. */
const composite = {
  /** Names of those that set it off. */
  setOffBy: z.array(z.string()).optional(),
  /** Its rule, where nobody says what set it off. */
  madeOf: z.string().optional(),
};

/** One normalised signal from outside, as it was received. Stored in queue jobs, hence a schema. */
export const Signal = z.strictObject({
  /** Stable over redeliveries: `sns:<message id>`. */
  id: z.string(),
  /** `sns`: something published to one of our topics that is no alarm. `twokey`: what TwoKey has seen by itself. */
  source: z.enum(["cloudwatch", "sns", "twokey"]),
  /** What keeps its identity over state changes: the alarm's ARN. A message has no other than its own. */
  fingerprint: z.string(),
  name: z.string(),
  description: z.string(),
  /** Of a message: its text as it came, at most MESSAGE_KEPT. */
  reason: z.string(),
  account: z.string(),
  /** From the alarm's ARN, never from its display name. */
  region: z.string(),
  namespace: z.string(),
  metric: z.string(),
  dimensions: z.record(z.string(), z.string()),
  trigger: AlarmTrigger.optional(),
  ...composite,
  state: AlertState,
  previousState: AlertState,
  changedAtMs: z.number(),
  /** When SNS says it was published, and when it reached us; world time. */
  publishedAtMs: z.number(),
  receivedAtMs: z.number(),
  /** Older than SNS's own retry window: threaded, marked, never dropped. */
  late: z.boolean(),
  /** It went into this state before TwoKey was installed: it may join an incident, and opens none. */
  isOld: z.boolean().optional(),
});
export type Signal = z.infer<typeof Signal>;

/** The first rule that matches decides. `*` in a pattern stands for any run of characters. */
export const AlertRule = z.strictObject({
  name: z.string().min(1).describe("What the rule is about, for people."),
  match: z
    .strictObject({
      alarm: z.string().optional().describe("Pattern for the alarm's name."),
      namespace: z
        .string()
        .optional()
        .describe(
          "Pattern for the metric's namespace, such as AWS/RDS. `TwoKey` is what TwoKey measures by itself: without a rule for it, a replication that has stopped is a sev2.",
        ),
      metric: z.string().optional().describe("Pattern for the metric's name."),
      region: z.string().optional().describe("Pattern for the region that the alarm lives in."),
      dimensions: z.record(z.string(), z.string()).optional().describe("Pattern for the value of each dimension."),
      message: z
        .string()
        .optional()
        .describe(
          "Pattern for the text of an SNS message that is no alarm, such as an event of RDS; then `alarm` is its subject. Without it a rule is about alarms only.",
        )
        .meta({ examples: ["*failed over*"] }),
    })
    .refine((match) => Object.keys(match).length > 0, "must name at least one thing to match")
    .describe("All of these must fit; `*` stands for any run of characters."),
  service: z.string().optional().describe("Key of `services` that the alarm is about."),
  severity: Severity.describe("How bad it is."),
  opens_incident: z.boolean().describe("Whether it opens or joins an incident, or is only threaded."),
  runbook: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe("Page that says what to do; its link is on the alert's card.")
    .meta({ examples: ["https://wiki.example.com/inventory"] }),
});
export type AlertRule = z.infer<typeof AlertRule>;

/** `channel`: the form that the chat gives a channel's id. */
export const alertPolicyWith = (channel: z.ZodType<string>) =>
  z.strictObject({
    channel,
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
export type AlertPolicy = z.infer<ReturnType<typeof alertPolicyWith>>;

/** By what open alerts are looked for. */
export const ALERT_LABEL = { incident: (id: string) => `incident:${id}` } as const;

export const alertLabels = ({ incident }: AlertDocument): string[] =>
  incident === undefined ? [] : [ALERT_LABEL.incident(incident)];

const OWN_FINGERPRINT = /^twokey:/;
const ALARM_ARN = /^arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):\d+:alarm:(.+)$/s;

/** Undefined where the alert is no alarm of CloudWatch. */
export const regionOfAlarm = (fingerprint: string): string | undefined => ALARM_ARN.exec(fingerprint)?.[1];
export const nameOfAlarm = (fingerprint: string): string =>
  ALARM_ARN.exec(fingerprint)?.[2] ?? fingerprint.replace(OWN_FINGERPRINT, "");

export const regionOfTopic = (arn: string): string => arn.split(":")[3] ?? "";

/** What the alert thread shows: the present state of one alarm and what came before. */
export const AlertDocument = z.strictObject({
  fingerprint: z.string(),
  name: z.string(),
  region: z.string(),
  service: z.string().optional(),
  severity: Severity,
  state: AlertState,
  reason: z.string(),
  /** As the alarm's owner wrote it; absent: nothing is said. */
  description: z.string().optional(),
  trigger: AlarmTrigger.optional(),
  ...composite,
  /** Of the rule that fits it. */
  runbook: z.string().optional(),
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

/** Of what TwoKey measures by itself. A rule that names it decides; without one people are called all the same. */
export const OWN_NAMESPACE = "TwoKey";

/** The first rule that matches the signal, or undefined: then it is threaded as sev3 and opens nothing. */
export function ruleFor(rules: readonly AlertRule[], signal: Signal): AlertRule | undefined {
  if (signal.source !== "twokey") return firstFor(rules, signal);
  return (
    firstFor(
      rules.filter(({ match }) => match.namespace === OWN_NAMESPACE),
      signal,
    ) ?? ownRule(signal)
  );
}

const ownRule = ({ dimensions, name }: Signal): AlertRule => ({
  ...{ name, match: { namespace: OWN_NAMESPACE }, severity: "sev2", opens_incident: true },
  ...(dimensions["Service"] === undefined ? {} : { service: dimensions["Service"] }),
});

function firstFor(rules: readonly AlertRule[], signal: Signal): AlertRule | undefined {
  return rules.find(({ match }) => {
    // Whoever matches everything means every alarm: what else is published pages nobody unless a rule is about it.
    if ((match.message !== undefined) !== (signal.source === "sns")) return false;
    const named: [string | undefined, string][] = [
      [match.alarm, signal.name],
      [match.namespace, signal.namespace],
      [match.metric, signal.metric],
      [match.region, signal.region],
      [match.message, signal.reason],
      ...Object.entries(match.dimensions ?? {}).map(([key, pattern]): [string, string] => [
        pattern,
        signal.dimensions[key] ?? "",
      ]),
    ];
    return named.every(([pattern, text]) => pattern === undefined || matchesPattern(pattern, text));
  });
}
