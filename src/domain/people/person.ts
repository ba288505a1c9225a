import { z } from "zod";
import { QuietHours } from "../incident/quiet-hours.ts";
import type { DoorKeys } from "./door-ids.ts";

/** A person's ids at pagers, by the pager's name. */
export type PagerIds = Readonly<Record<string, string>>;

/** `accounts`: the keys of the doors that there are; `pagerIds`: what a person may have at the pagers that there are. */
export const personWith = (accounts: DoorKeys, pagerIds: z.ZodType<PagerIds>) =>
  z
    .strictObject({
      name: z.string().min(1).max(80).describe("As colleagues call them."),
      ...accounts.keys,
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
    })
    // Whose an account is, doors and integrations know: their keys end here.
    .transform((read) => {
      const { name, pagers, email, phone, quiet_hours, roles } = read;
      return { name, accounts: accounts.named(read), pagers, email, phone, quiet_hours, roles };
    });
/** A human by their key in `people`. */
export type Person = Omit<PersonEntry, "accounts"> & { readonly id: PersonId };
type PersonEntry = z.infer<ReturnType<typeof personWith>>;
export type PersonId = string;

/** Without the accounts: inside, people have person ids only. */
export function personFrom(id: PersonId, { accounts: _accounts, ...rest }: PersonEntry): Person {
  return { ...rest, id };
}
