import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../../domain/secret.ts";

const LONGEST_HEADER = 4_096;
/** One signature per active secret; far more than a rotation ever needs. */
const MOST_SIGNATURES = 10;
const SIGNATURE = /^v1=([0-9a-f]{64})$/;

/**
 * True when one signature in `X-PagerDuty-Signature` (`v1=<hex>,v1=<hex>`) is the HMAC-SHA256 of the raw body under one
 * of our secrets. Several of either side are normal while a secret is rotated. Nothing in it is a time: replays are the
 * caller's to notice, by `X-Webhook-Id` and `event.id`. (PagerDuty developer-docs, webhooks/04.)
 */
export function isSignedByPagerDuty(
  rawBody: Buffer,
  header: string | readonly string[] | undefined,
  secrets: readonly Secret[],
): boolean {
  if (typeof header !== "string" || header.length > LONGEST_HEADER) return false;
  const given = header
    .split(",")
    .map((part) => SIGNATURE.exec(part.trim())?.[1])
    .filter((hex) => hex !== undefined)
    .slice(0, MOST_SIGNATURES)
    .map((hex) => Buffer.from(hex, "hex"));
  let isSigned = false;
  for (const secret of secrets) {
    const expected = createHmac("sha256", secret.reveal()).update(rawBody).digest();
    // No early exit: the time taken must not tell which secret or signature matched.
    for (const signature of given) if (timingSafeEqual(expected, signature)) isSigned = true;
  }
  return isSigned;
}
