import { z } from "zod";
import { Secret } from "../../../domain/secret.ts";
import type { Hint, HintSource, SignedRequest } from "../../../ports/hints.ts";
import { isSignedByPagerDuty } from "./webhook-signature.ts";

/** PagerDuty redelivers for 48 h. */
const REMEMBER_MS = 49 * 3_600_000;
const LONGEST_ID = 128;

const Payload = z.object({
  event: z.object({
    id: z.string(),
    event_type: z.string(),
    occurred_at: z.iso.datetime({ offset: true }),
    data: z.object({
      id: z.string().nullish(),
      type: z.string().nullish(),
      incident_key: z.string().nullish(),
      incident: z.object({ id: z.string(), incident_key: z.string().nullish() }).nullish(),
    }),
  }),
});

export const SECRETS_VARIABLE = "PAGERDUTY_WEBHOOK_SECRETS";

/** `secrets`: separated by commas, newest first; any of them may have signed. Undefined: nothing is authentic. */
export function pagerDutyHints(secrets: Secret | undefined): HintSource {
  const all = () =>
    (secrets?.accepted() ?? [])
      .flatMap((held) => held.split(","))
      .map((value) => value.trim())
      .filter((value) => value !== "")
      .map((value) => new Secret(value));
  return {
    name: "pagerduty",
    label: "PagerDuty",
    rememberMs: REMEMBER_MS,
    variable: SECRETS_VARIABLE,
    isAuthentic: ({ headers, body }) => isSignedByPagerDuty(body, headers["x-pagerduty-signature"], all()),
    read: hintIn,
  };
}

function hintIn({ headers, body }: SignedRequest): Hint | undefined {
  const event = Payload.safeParse(jsonOf(body)).data?.event;
  if (event === undefined) return undefined;
  const { id, type, incident, incident_key: key } = event.data;
  return {
    // The same on every redelivery; the event's own id where the header is missing.
    id: oneOf(headers["x-webhook-id"]) ?? event.id,
    occurredAtMs: Date.parse(event.occurred_at),
    incident: incident?.id ?? (type === "incident" ? (id ?? undefined) : undefined),
    key: key ?? incident?.incident_key ?? undefined,
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && header.length <= LONGEST_ID ? header : undefined;
}
