import { z } from "zod";

const Id = z.string().regex(/^\w{1,32}$/);

export const NotificationChannel = z.enum(["push", "sms", "phone", "email"]);
export type NotificationChannel = z.infer<typeof NotificationChannel>;

const Urgency = z.enum(["high", "low"]);
export type Urgency = z.infer<typeof Urgency>;

const PersonalRule = z.strictObject({
  channel: NotificationChannel,
  afterMinutes: z.number().int().nonnegative().default(0),
  urgency: Urgency.default("high"),
});

const DEFAULT_RULES: z.input<typeof PersonalRule>[] = [
  { channel: "push" },
  { channel: "phone" },
  { channel: "email", urgency: "low" },
];

const User = z.strictObject({
  id: Id,
  name: z.string().min(1),
  email: z.email(),
  /** How this person wants to be told, per urgency; delays are world time from the assignment. */
  rules: z.array(PersonalRule).prefault(DEFAULT_RULES),
});

export const Shift = z.strictObject({
  user: Id,
  /** World time; absent means since ever, or for ever. */
  start: z.iso.datetime().optional(),
  end: z.iso.datetime().optional(),
});

const Schedule = z.strictObject({ id: Id, name: z.string().min(1), shifts: z.array(Shift) });

const Target = z.union([z.strictObject({ user: Id }), z.strictObject({ schedule: Id })]);
export type Target = z.infer<typeof Target>;

const EscalationPolicy = z.strictObject({
  id: Id,
  name: z.string().min(1),
  rules: z
    .array(z.strictObject({ delayMinutes: z.number().int().positive(), targets: z.array(Target).min(1).max(10) }))
    .min(1),
  /** How often the whole path is walked again after its first pass. */
  numLoops: z.number().int().nonnegative().default(0),
});
export type EscalationPolicy = z.infer<typeof EscalationPolicy>;

const Service = z.strictObject({
  id: Id,
  name: z.string().min(1),
  /**
   * `by-severity`: critical and error become high urgency, warning and info low; low urgency does not escalate. `low-at-night`: high
   * only from 9 to 17 UTC.
   */
  urgency: z.enum(["high", "low", "by-severity", "low-at-night"]).default("high"),
  escalationPolicy: Id,
  /** World seconds after which an acknowledged incident of high urgency is triggered again; absent: never. */
  acknowledgementTimeoutSeconds: z.number().positive().optional(),
  /** In `maintenance` and `disabled` it takes events, and makes no incident of them. */
  status: z.enum(["active", "maintenance", "disabled"]).default("active"),
  /** An alert that comes while another incident of it is open becomes part of that one: it has no incident of its own, and rings nobody. */
  alertGrouping: z.enum(["time", "intelligent", "content_based"]).optional(),
  /** World seconds that an alert waits before it becomes an incident, if nothing has ended it meanwhile. */
  autoPauseSeconds: z.number().positive().optional(),
  integrationKeys: z.array(z.string().length(32)),
});
export type Service = z.infer<typeof Service>;

const WebhookSubscription = z.strictObject({
  id: Id,
  url: z.url(),
  /** The newest first; several while a secret is being rotated, and every delivery is then signed with each. */
  secrets: z.array(z.string().min(1)).min(1),
  /** Event types that are sent; absent means all. */
  events: z.array(z.string()).optional(),
  /** Only incidents of this service; absent means the whole account. */
  service: Id.optional(),
});

/** What a person does when the phone rings; delays are seconds of world time. Absent fields mean: ignores it. */
const Person = z.strictObject({
  user: Id,
  acknowledgesAfterSeconds: z.number().nonnegative().optional(),
  respondsWith: z.enum(["accepted", "declined"]).optional(),
  respondsAfterSeconds: z.number().nonnegative().default(0),
});

const Spec = z.strictObject({
  apiToken: z.string().min(1),
  users: z.array(User).min(1),
  /** E-mail addresses that may stand in `From`; absent means those of all users. */
  fromUsers: z.array(z.email()).optional(),
  schedules: z.array(Schedule).default([]),
  escalationPolicies: z.array(EscalationPolicy).min(1),
  services: z.array(Service).min(1),
  webhookSubscriptions: z.array(WebhookSubscription).default([]),
  people: z.array(Person).default([]),
  abilities: z.array(z.string()).default(["coordinated_responding", "urgencies", "service_support_hours"]),
  priorities: z.array(z.strictObject({ id: Id, name: z.string() })).default([]),
  /** Machine milliseconds before a request takes effect and is answered. */
  latencyMs: z.number().nonnegative().default(0),
  /** Machine milliseconds between the 202 and the event's effect: the Events API only enqueues. */
  processingMs: z.number().nonnegative().default(0),
  limits: z
    .strictObject({
      /** Per routing key and rolling minute of machine time. */
      eventsPerMinute: z.number().int().positive().default(120),
      /** Per API token and rolling minute of machine time. */
      restPerMinute: z.number().int().positive().default(960),
    })
    .prefault({}),
  /** Machine milliseconds before each further webhook attempt; the last one repeats. */
  webhookRetryMs: z.array(z.number().positive()).min(1).default([1_000, 2_000, 5_000, 15_000, 60_000]),
});
export type Account = z.output<typeof Spec>;

/** The account as it is at the start. Every reference (user, schedule, policy) must exist in it. */
export const PagerDutySpec = Spec.superRefine((spec, context) => {
  for (const problem of danglingReferences(spec)) context.addIssue({ code: "custom", message: problem });
});
export type PagerDutySpec = z.input<typeof PagerDutySpec>;

function danglingReferences(spec: Account): string[] {
  const users = new Set(spec.users.map((user) => user.id));
  const schedules = new Set(spec.schedules.map((schedule) => schedule.id));
  const policies = new Set(spec.escalationPolicies.map((policy) => policy.id));
  const emails = new Set(spec.users.map((user) => user.email));
  const targets = spec.escalationPolicies.flatMap((policy) => policy.rules.flatMap((rule) => rule.targets));
  const missing = (kind: string, known: ReadonlySet<string>, wanted: readonly string[]) =>
    wanted.filter((id) => !known.has(id)).map((id) => `unknown ${kind} ${id}`);
  return [
    ...missing("user", users, [
      ...spec.schedules.flatMap((schedule) => schedule.shifts.map((shift) => shift.user)),
      ...targets.flatMap((target) => ("user" in target ? [target.user] : [])),
      ...spec.people.map((person) => person.user),
    ]),
    ...missing(
      "schedule",
      schedules,
      targets.flatMap((target) => ("schedule" in target ? [target.schedule] : [])),
    ),
    ...missing(
      "escalation policy",
      policies,
      spec.services.map((service) => service.escalationPolicy),
    ),
    ...missing("From address", emails, spec.fromUsers ?? []),
  ];
}
