import { z } from "zod";
import type { PagerKind, PagerRule } from "../../../ports/pager-kind.ts";

const NAME = "pagerduty";

export const Settings = z
  .strictObject({
    region: z.enum(["us", "eu"]).default("us").describe("Service region of the PagerDuty account."),
    service: z
      .string()
      .regex(/^P[A-Z0-9]+$/, "must be a PagerDuty service id (P…)")
      .describe("Service that the routing key belongs to; it must be high-urgency."),
    from: z.email("must be an e-mail address").describe("E-mail of TwoKey's own PagerDuty user, who is never on call."),
  })
  .describe("The PagerDuty account.");

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
  addressOf: ({ pagers }) => pagers[NAME],
};
