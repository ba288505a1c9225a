import { z } from "zod";
import type { Proven } from "../../../domain/proof.ts";
import { OK, type Proof } from "../../../ports/proof.ts";
import { askedTwice, noClearAnswer } from "./asked-twice.ts";
import type { PagerDutyClient } from "./client.ts";

const Subscription = z.object({
  id: z.string(),
  active: z.boolean().optional(),
  delivery_method: z.object({
    url: z.string().nullish(),
    /** After three events in a row that were refused, for a day. */
    temporarily_disabled: z.boolean().nullish(),
  }),
});
type Subscription = z.output<typeof Subscription>;

/** Where TwoKey takes in what PagerDuty sends. */
const DOOR = /\/webhooks\/pagerduty$/;

/** Whether acknowledgements of PagerDuty come at once. What is silent here is read all the same, up to a minute later. */
export const proofOfWebhooks = (client: PagerDutyClient): Proof => ({
  ...{ id: "pagerduty-webhooks", proves: "PagerDuty sends webhooks to TwoKey", neededBy: "no move" },
  prove: async () => {
    const list = { endpoint: "/webhook_subscriptions", name: "webhook_subscriptions" };
    const all = await askedTwice(() => client.readAll(list, Subscription));
    if (all.kind === "rejected" && all.code !== "unreadable")
      return {
        kind: "unprovable",
        why: "PagerDuty does not let TwoKey look at webhook subscriptions",
        isAnswered: true,
      };
    if (all.kind !== "accepted") return noClearAnswer(all);
    return judged(all.value.filter(({ delivery_method: { url } }) => DOOR.test(pathOf(url ?? ""))));
  },
});

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : "");

const LATE = "Acknowledgements there come up to a minute late";

function judged(ours: readonly Subscription[]): Proven {
  const [first] = ours;
  if (first === undefined)
    return {
      kind: "wrong",
      what: `PagerDuty has no webhook subscription that leads to TwoKey. ${LATE}.`,
      instead: "Subscribe https://<host>/webhooks/pagerduty to the incidents of the service.",
    };
  if (ours.some(({ active = true, delivery_method }) => active && delivery_method.temporarily_disabled !== true))
    return OK;
  return {
    kind: "wrong",
    what: `The webhook subscription ${first.id} of PagerDuty is disabled. ${LATE}.`,
    instead: "Check PAGERDUTY_WEBHOOK_SECRETS and whether PagerDuty reaches TwoKey, then enable it in PagerDuty.",
  };
}
