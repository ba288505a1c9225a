import { z } from "zod";

const Id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[A-Z0-9]{2,}$`), `an id that starts with ${prefix}`);

/** Only tokens that say they are simulated are taken, so that a real one can never end up in a false world by mistake. */
const SimulatedToken = (kind: "xoxb" | "xapp") =>
  z
    .string()
    .regex(new RegExp(`^${kind}-sim-[A-Za-z0-9-]+$`), `a simulated token, for example ${kind}-sim-1; never a real one`);

const SigningSecret = z
  .string()
  .min(8)
  .refine((secret) => !/^[0-9a-f]{32}$/.test(secret), "this looks like a real signing secret");

/** The flags of Slack's user object that decide who may approve; the names are ours, the wire names are in comments. */
export const UserFlags = z.strictObject({
  /** is_bot */
  bot: z.boolean().default(false),
  /** is_workflow_bot */
  workflowBot: z.boolean().default(false),
  /** is_connector_bot */
  connectorBot: z.boolean().default(false),
  /** is_restricted */
  guest: z.boolean().default(false),
  /** is_ultra_restricted; Slack sets is_restricted as well */
  singleChannelGuest: z.boolean().default(false),
  deleted: z.boolean().default(false),
  /** is_stranger: of another workspace and sharing no channel with us */
  stranger: z.boolean().default(false),
  /** is_invited_user */
  invited: z.boolean().default(false),
  /** users.info answers user_not_visible */
  invisible: z.boolean().default(false),
});

const UserSpec = z.strictObject({
  id: Id("[UW]"),
  name: z.string().min(1),
  realName: z.string().min(1),
  email: z.email().optional(),
  /** Absent: the workspace's own team. */
  teamId: Id("[TE]").optional(),
  /** `enterprise_user` of an Enterprise Grid. */
  enterprise: z.strictObject({ id: Id("E"), teams: z.array(Id("T")) }).optional(),
  flags: UserFlags.prefault({}),
});

const CommandSpec = z.union([
  z.string().transform((command) => ({ command, shouldEscape: true })),
  z.strictObject({ command: z.string(), shouldEscape: z.boolean().default(true) }),
]);

export const AppSecrets = z.strictObject({
  botToken: SimulatedToken("xoxb"),
  /** With it the app may open sockets. */
  appToken: SimulatedToken("xapp").optional(),
  signingSecret: SigningSecret,
});

const AppSpec = z.strictObject({
  appId: Id("A"),
  name: z.string().min(1),
  botUserId: Id("U"),
  ...AppSecrets.shape,
  scopes: z.array(z.string()),
  /** `/dr`, or `{command, shouldEscape}`; escaping is on unless said otherwise, as in our manifest. */
  commands: z.array(CommandSpec).default([]),
  /** Event types the app subscribed to. */
  events: z.array(z.enum(["message", "app_mention", "member_joined_channel", "app_home_opened"])).default([]),
  /** Present: payloads go there as signed HTTP, on this machine only. Absent: Socket Mode. */
  requestUrl: z.url({ protocol: /^http$/, hostname: /^(127\.0\.0\.1|localhost)$/ }).optional(),
});

export const SlackSpec = z.strictObject({
  team: z.strictObject({ id: Id("T"), name: z.string(), domain: z.string(), enterpriseId: Id("E").optional() }),
  users: z.array(UserSpec),
  usergroups: z.array(z.strictObject({ id: Id("S"), handle: z.string(), users: z.array(Id("[UW]")) })).default([]),
  channels: z
    .array(
      z.strictObject({
        id: Id("[CG]"),
        name: z.string(),
        members: z.array(Id("[UW]")),
        isPrivate: z.boolean().default(false),
        isExtShared: z.boolean().default(false),
        isPendingExtShared: z.boolean().default(false),
      }),
    )
    .default([]),
  apps: z.array(AppSpec).min(1),
  /** Machine milliseconds that every API call takes. */
  latencyMs: z.number().int().nonnegative().default(0),
  /** Calls per minute by method, in place of the tier's number. `chat.postMessage` means per channel. */
  rateLimits: z.record(z.string(), z.number().positive()).default({}),
  /** Machine milliseconds of the minute in which calls are counted; a rehearsal of many days shortens it. */
  minuteMs: z.number().int().min(1).max(99_999).default(60_000),
  /** Machine milliseconds before each redelivery of an event that was not acknowledged (documented: at once, 1 min, 5 min). */
  eventRetryDelaysMs: z.array(z.number().int().nonnegative()).max(3).default([1_000, 60_000, 300_000]),
  /** False: the free plan, where user groups answer plan_upgrade_required. */
  isPaidPlan: z.boolean().default(true),
  /** Machine milliseconds after which a socket is refreshed; the real value is "every few hours". */
  socketLifetimeMs: z.number().int().positive().default(18_000_000),
});
export type SlackSpec = z.infer<typeof SlackSpec>;
export type SlackSpecInput = z.input<typeof SlackSpec>;
export type User = SlackSpec["users"][number];
export type Usergroup = SlackSpec["usergroups"][number];
export type App = SlackSpec["apps"][number];
