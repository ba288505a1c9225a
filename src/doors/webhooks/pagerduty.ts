import { z } from "zod";
import { chainOf } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { WebhookRequest } from "./sns.ts";

/** A hint that something changed: the true state is read from PagerDuty afterwards. */
export interface PagerDutyEvent {
  /** `X-Webhook-Id`, the same on every redelivery; the event's id where the header is missing. */
  readonly webhookId: string;
  readonly eventId: string;
  /** `incident.acknowledged`, `pagey.ping` … New types may appear at any time. */
  readonly type: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  /** PagerDuty's incident id, where the event is about one. */
  readonly incident: string | undefined;
  /** The key with which the incident was triggered, where the event carries it. */
  readonly key: string | undefined;
}

export interface PagerDutyOptions {
  readonly isSigned: (raw: Buffer, header: string | readonly string[] | undefined) => boolean;
  /** Durable when it resolves; takes the same ids twice without effect. */
  readonly accept: (event: PagerDutyEvent) => Promise<void>;
  /** Three dropped events disable a subscription for a day: our own wrong secret must raise an alarm. */
  readonly onBadSignature: () => void;
  readonly logger: Logger;
}

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

export type PagerDutyDoor = (request: WebhookRequest) => Promise<{ readonly status: 202 | 401 | 503 }>;

/**
 * POST /webhooks/pagerduty. 401: not signed by us; 503: could not be kept, come again; 202 for everything else, since a
 * 4xx for an authentic event is dropped for good and counts towards the subscription's being disabled.
 */
export function createPagerDutyDoor({ isSigned, accept, onBadSignature, logger }: PagerDutyOptions): PagerDutyDoor {
  return async ({ headers, body }) => {
    const webhookId = oneOf(headers["x-webhook-id"]);
    if (!isSigned(body, headers["x-pagerduty-signature"])) {
      logger.warn({ reason: "signature-wrong" }, "Refused a PagerDuty webhook");
      onBadSignature();
      return { status: 401 };
    }
    const event = eventIn(body, webhookId);
    if (event === undefined) {
      logger.warn({ webhookId }, "Ignored a PagerDuty webhook of an unknown shape");
      return { status: 202 };
    }
    try {
      await accept(event);
      return { status: 202 };
    } catch (error) {
      logger.error({ webhookId, error: chainOf(error) }, "Could not keep a PagerDuty webhook");
      return { status: 503 };
    }
  };
}

function eventIn(body: Buffer, webhookId: string | undefined): PagerDutyEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
  const event = Payload.safeParse(json).data?.event;
  if (event === undefined) return undefined;
  const { id, type, incident, incident_key: key } = event.data;
  return {
    webhookId: webhookId ?? event.id,
    eventId: event.id,
    type: event.event_type,
    occurredAtMs: Date.parse(event.occurred_at),
    incident: incident?.id ?? (type === "incident" ? (id ?? undefined) : undefined),
    key: key ?? incident?.incident_key ?? undefined,
  };
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && header.length <= 128 ? header : undefined;
}
