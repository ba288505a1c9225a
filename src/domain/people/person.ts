import { z } from "zod";
import { QuietHours } from "../incident/quiet-hours.ts";
import { SlackMemberId } from "../service/slack-ids.ts";

/** A person's ids at pagers, by the pager's name. */
export type PagerIds = Readonly<Record<string, string>>;

/** `pagerIds`: what a person may have at the pagers that there are. */
export const personWith = (pagerIds: z.ZodType<PagerIds>) =>
  z.strictObject({
    name: z.string().min(1).max(80).describe("As colleagues call them."),
    slack: SlackMemberId.describe("Slack member id; a second account of the same human goes under `also`."),
    also: z
      .array(SlackMemberId)
      .default([])
      .describe("Other Slack member ids of the same human: they count as one person everywhere."),
    pagers: pagerIds.describe(
      "This person's own id at a pager, by the pager's name; without one it does not reach them.",
    ),
    email: z.email("must be an e-mail address").describe("E-mail address."),
    phone: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/, "must be a phone number in E.164 form, such as +15550123")
      .optional()
      .describe(
        "Telephone number in E.164 form. `/dr oncall` shows it to people of this file, each alone; no pager uses it.",
      ),
    quiet_hours: QuietHours.optional().describe(
      "When pages of a severity that respects quiet hours wait. A person on call at a pager is paged all the same.",
    ),
    roles: z
      .array(z.enum(["responder", "approver", "commander"]))
      .default(["responder"])
      .describe(
        "`responder` may act on incidents and runs, `approver` may turn keys, `commander` is paged when a run stops.",
      ),
  });
/** A human by their key in `people`. */
export type Person = Omit<PersonEntry, "slack" | "also"> & { readonly id: PersonId };
type PersonEntry = z.infer<ReturnType<typeof personWith>>;
export type PersonId = string;

/** Without the accounts: inside, people have person ids only. Whose an account is, doors and integrations know. */
export function personFrom(id: PersonId, { slack: _slack, also: _also, ...rest }: PersonEntry): Person {
  return { ...rest, id };
}
