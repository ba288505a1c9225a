import { z } from "zod";
import { UserError } from "../../../domain/errors.ts";
import type { PagerKind, PagerRule } from "../../../ports/pager-kind.ts";
import { createPagerDuty, NAME } from "./pager.ts";
import { pagerDutyHints, SECRETS_VARIABLE } from "./webhook.ts";

const HOST_AND_PORT = /^(?:\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;

export const Settings = z
  .strictObject({
    region: z.enum(["us", "eu"]).default("us").describe("Service region of the PagerDuty account."),
    service: z
      .string()
      .regex(/^P[A-Z0-9]+$/, "must be a PagerDuty service id (P…)")
      .describe("Service that the routing key belongs to; it must be high-urgency."),
    from: z.email("must be an e-mail address").describe("E-mail of TwoKey's own PagerDuty user, who is never on call."),
  })
  .describe("The PagerDuty account.")
  .meta({ examples: [{ service: "PSERVICE", from: "twokey@example.com" }] });

const BOT_USER_IS_NOBODY: PagerRule = {
  name: "bot-user-is-nobody",
  severity: "error",
  because: "What TwoKey does at PagerDuty must not look like what a person did there.",
  check: ({ pagers, people }) => {
    const from = Settings.safeParse(pagers[NAME]?.settings).data?.from;
    return Object.entries(people)
      .filter(([, person]) => person.email.toLowerCase() === from?.toLowerCase())
      .map(([id]) => ({
        path: ["pagers", NAME, "from"],
        what: `${from} is the address of ${id}`,
        instead: "write the address of a PagerDuty user that is TwoKey's own and never on call",
      }));
  },
};

export const pagerDuty: PagerKind = {
  name: NAME,
  traits: {
    label: "PagerDuty",
    sends: ["push"],
    // It calls, texts and mails by each person's own notification rules.
    mayUse: ["phone", "sms", "email"],
    keepsIncidents: true,
    rings: true,
  },
  settings: Settings,
  personId: z
    .string()
    .regex(/^P[A-Z0-9]+$/, "must be a PagerDuty user id (P…)")
    .describe("PagerDuty user id; without it PagerDuty does not reach this person."),
  policy: z.string().regex(/^P[A-Z0-9]+$/, "must be a PagerDuty escalation policy id (P…)"),
  rules: [BOT_USER_IS_NOBODY],
  variables: [
    {
      ...{ name: "PAGERDUTY_ROUTING_KEY", need: "required", form: /^[\x21-\x7e]{8,}$/ },
      message: "must be the integration key of the PagerDuty service",
      about: "Integration key (Events API v2) of the service that twokey.yaml names.",
    },
    {
      ...{ name: "PAGERDUTY_API_TOKEN", need: "required", form: /^[\x21-\x7e]{8,}$/ },
      message: "must be a PagerDuty REST API token",
      about: "REST API token.",
    },
    {
      ...{ name: SECRETS_VARIABLE, need: "optional", form: /^.*\S.*$/ },
      message: "must be one or more secrets, separated by commas",
      about:
        "Secrets of the webhook subscriptions, newest first, separated by commas; without it webhooks are refused.",
    },
    {
      ...{ name: "PAGERDUTY_HOST", need: "sandbox", form: HOST_AND_PORT },
      message: "must be host:port",
      about: "Sandbox: PagerDuty as host:port, plain TCP.",
    },
  ],
  addressOf: ({ pagers }) => pagers[NAME],
  open: ({ settings, variables, budget, agent }) => {
    const { region, service, from } = Settings.parse(settings);
    const { PAGERDUTY_ROUTING_KEY: routingKey, PAGERDUTY_API_TOKEN: apiToken, PAGERDUTY_HOST: host } = variables;
    if (!routingKey || !apiToken)
      throw new UserError("pagerduty-keys", "PagerDuty needs its routing key and API token");
    const expectsWebhooks = variables[SECRETS_VARIABLE] !== undefined;
    const account = { routingKey, apiToken, region, service, from, expectsWebhooks };
    return createPagerDuty({ ...account, budget, address: host?.reveal(), agent });
  },
  hints: (variables) => pagerDutyHints(variables[SECRETS_VARIABLE]),
};
