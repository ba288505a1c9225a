import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../json.ts";
import type { PersonId } from "../people/person.ts";
import type { Card } from "./card.ts";

/** Where a card goes: a channel, or one person alone. */
const Addressee = z.union([z.strictObject({ channel: z.string() }), z.strictObject({ person: z.string() })]);
export type Addressee = { readonly channel: string } | { readonly person: PersonId };

/**
 * One card that is owed to the chat: which one and where, never its text. It is rendered when it is sent, so changes
 * coalesce and what people see equals what is stored. Due while `sent` is behind `wanted`.
 */
export const CardDue = z.strictObject({
  /** Stands in the message's metadata, so that our own message is recognised after a lost answer. */
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  to: Addressee,
  /** Id of the card in whose thread this one belongs. */
  under: z.string().optional(),
  pin: z.boolean(),
  wanted: z.number().int(),
  sent: z.number().int(),
  wantedSinceMs: z.number(),
  /** Digest of what was last sent; absent when that is not known. */
  hash: z.string().optional(),
  /** The message, once it is posted. */
  message: z.strictObject({ channel: z.string(), ts: z.string() }).optional(),
  pinned: z.boolean(),
  sentAtMs: z.number().optional(),
  claim: z
    .strictObject({ worker: z.string(), wanted: z.number().int(), atMs: z.number(), untilMs: z.number() })
    .optional(),
  /** Posting was begun at this time and its outcome is not known: look before posting. */
  postedMaybeSinceMs: z.number().optional(),
  attempts: z.number().int(),
  retryAtMs: z.number().optional(),
  why: z.string().optional(),
});
export type CardDue = z.infer<typeof CardDue>;

export interface CardRequest {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly to: Addressee;
  readonly under?: string | undefined;
  readonly pin?: boolean;
}

export const cardDigest = (card: Card): string => createHash("sha256").update(canonicalJson(card)).digest("hex");

/** A card that somebody has posted by themselves, and that is kept as it is from now on. */
export function sentAlready(
  request: CardRequest,
  { message, hash }: { readonly message: { readonly channel: string; readonly ts: string }; readonly hash: string },
  nowMs: number,
): CardDue {
  return { ...fresh(request, nowMs), sent: 1, sentAtMs: nowMs, message: { ...message }, hash };
}

function fresh({ id, kind, subject, to, under, pin = false }: CardRequest, nowMs: number): CardDue {
  return {
    ...{ id, kind, subject, to: { ...to }, pin, wanted: 1, sent: 0, wantedSinceMs: nowMs, pinned: false, attempts: 0 },
    ...(under === undefined ? {} : { under }),
  };
}

/** The card is due again; undefined when it already is, so that a storm of requests costs nothing. */
export function wantCard(current: CardDue | undefined, request: CardRequest, nowMs: number): CardDue | undefined {
  if (current === undefined) return fresh(request, nowMs);
  const isBeingRendered = current.claim?.wanted === current.wanted;
  if (current.wanted > current.sent && !isBeingRendered) return undefined;
  return { ...current, wanted: current.wanted + 1, wantedSinceMs: nowMs };
}
