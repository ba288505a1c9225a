import { z } from "zod";
import type { Proven } from "../../../domain/proof.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";
import { OK, type Proof, RESTART } from "../../../ports/proof.ts";
import { askedTwice, noClearAnswer } from "./asked-twice.ts";
import type { PagerDutyClient } from "./client.ts";
import { proofOfWebhooks } from "./webhook-proof.ts";

export interface PagerDutyProofOptions {
  /** E-mail address of the bot's own user. */
  readonly from: string;
  /** Id of the service that the routing key belongs to; absent: it is not looked at. */
  readonly service?: string | undefined;
  /** There are secrets that webhooks are signed with; absent: nobody expects any. */
  readonly expectsWebhooks?: boolean | undefined;
}

/** Nothing was ever triggered under this key, so that what is sent about it is dropped by PagerDuty (Events API v2). */
const NEVER_TRIGGERED = "twokey:proof:nothing-is-open-under-this-key";

export function pagerDutyProofs(client: PagerDutyClient, options: PagerDutyProofOptions): readonly Proof[] {
  const { service, expectsWebhooks = false } = options;
  return [
    {
      ...{ id: "pagerduty-routing-key", proves: "PagerDuty takes pages by the routing key" },
      ...{ critical: "nobody can be paged", neededBy: "no move" },
      prove: () => proveRoutingKey(client),
    },
    {
      ...{ id: "pagerduty-api-token", proves: "PagerDuty takes the API token, and knows TwoKey's own user" },
      neededBy: "no move",
      prove: () => proveToken(client, options),
    },
    ...(service === undefined ? [] : [proofOfService(client, service)]),
    ...(expectsWebhooks ? [proofOfWebhooks(client)] : []),
  ];
}

/** A key that PagerDuty does not know is refused at once, also with an event that changes nothing. */
async function proveRoutingKey(client: PagerDutyClient): Promise<Proven> {
  const payload = { summary: "Proof of the routing key", source: "twokey", severity: "info" as const };
  const event = { event_action: "resolve", dedup_key: NEVER_TRIGGERED, payload } as const;
  const answer = await askedTwice(() => client.sendEvent(event, false));
  return judged(answer, () => ({
    kind: "wrong",
    what: "PagerDuty refuses the routing key, so nobody can be paged by it.",
    instead: `Set PAGERDUTY_ROUTING_KEY to the key of the service's Events API v2 integration, ${RESTART}`,
  }));
}

const Users = z.object({ users: z.array(z.object({ email: z.string() })) });

async function proveToken(client: PagerDutyClient, { from }: PagerDutyProofOptions): Promise<Proven> {
  const query = { query: from, limit: "100", offset: "0" };
  const answer = await askedTwice(() => client.read({ endpoint: "/users", query }, Users));
  if (answer.kind !== "accepted") return judged(answer, () => WRONG_TOKEN);
  if (answer.value.users.some(({ email }) => email.toLowerCase() === from.toLowerCase())) return OK;
  return {
    kind: "wrong",
    what: `PagerDuty has no user ${from}, in whose name people are called.`,
    instead: "Make that user, or mend the address that the file gives under pagers.",
  };
}

const WRONG_TOKEN: Proven = {
  kind: "wrong",
  what: "PagerDuty refuses the API token: people cannot be called by name, and nobody sees who acknowledged.",
  instead: `Make a REST API token, set PAGERDUTY_API_TOKEN, ${RESTART}`,
};

const Hours = z.object({ urgency: z.string().nullish() }).nullish();

/** Absent: an account whose plan does not have it. */
const Service = z.object({
  service: z.object({
    status: z.string().optional(),
    incident_urgency_rule: z
      .object({ urgency: z.string().nullish(), during_support_hours: Hours, outside_support_hours: Hours })
      .nullish(),
    alert_grouping_parameters: z.looseObject({ type: z.string().nullish() }).nullish(),
    auto_pause_notifications_parameters: z.looseObject({ enabled: z.boolean().nullish() }).nullish(),
  }),
});
type Service = z.infer<typeof Service>["service"];

/** Settings of a service under which a page that PagerDuty accepts rings nobody, or late: the first that holds is said. */
const RINGS_NOBODY: readonly (readonly [holds: (service: Service) => boolean, does: string, instead: string])[] = [
  [({ status }) => status === "disabled", "is disabled: it rings nobody", "Enable it."],
  [
    ({ status }) => status === "maintenance",
    "is in maintenance: it rings nobody",
    "End its maintenance window. Until then call people by telephone.",
  ],
  [
    ({ incident_urgency_rule: rule }) => rule?.urgency === "low",
    "pages with low urgency, which may ring nobody",
    "Set the urgency of its incidents to high.",
  ],
  [
    ({ incident_urgency_rule: rule }) =>
      [rule?.during_support_hours, rule?.outside_support_hours].some((hours) => hours?.urgency === "low"),
    "pages with low urgency at some hours, which may ring nobody then",
    "Set the urgency of its incidents to high at all hours.",
  ],
  [
    ({ alert_grouping_parameters: grouping }) => typeof grouping?.type === "string",
    "groups alerts: a second page may become part of an open incident and ring nobody",
    "Turn alert grouping off for it.",
  ],
  [
    ({ auto_pause_notifications_parameters: pause }) => pause?.enabled === true,
    "pauses notifications: a page may ring minutes late",
    "Turn “auto-pause incident notifications” off for it.",
  ],
];

const proofOfService = (client: PagerDutyClient, id: string): Proof => ({
  ...{
    id: "pagerduty-service",
    proves: `PagerDuty has the service ${id}, and each page rings at once, with high urgency`,
    neededBy: "no move",
  },
  prove: async () => {
    const answer = await askedTwice(() => client.read({ endpoint: `/services/${id}`, query: {} }, Service));
    if (answer.kind === "rejected" && answer.code !== NOT_FOUND)
      return { kind: "unknown", why: "PagerDuty does not let TwoKey look", isAnswered: true };
    if (answer.kind !== "accepted") return judged(answer, () => noService(id));
    const { service } = answer.value;
    const [, does, instead] = RINGS_NOBODY.find(([holds]) => holds(service)) ?? [];
    if (does === undefined || instead === undefined) return OK;
    return { kind: "wrong", what: `The PagerDuty service ${id} ${does}.`, instead };
  },
});

/** PagerDuty's own number for what is not there. */
const NOT_FOUND = "pagerduty-2100";

const noService = (id: string): Proven => ({
  kind: "wrong",
  what: `PagerDuty has no service ${id}.`,
  instead: "Write the id of the service whose routing key TwoKey has.",
});

function judged(answer: PagerAnswer<unknown>, refused: () => Proven): Proven {
  if (answer.kind === "accepted") return OK;
  // An answer of another shape is none that anybody could judge.
  if (answer.kind === "rejected" && answer.code !== "unreadable") return refused();
  return noClearAnswer(answer);
}
