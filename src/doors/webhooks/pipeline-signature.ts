import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../domain/secret.ts";

/** Machine time by which a request's own time may differ from ours. A repeat within it is the same run. */
const LARGEST_SKEW_SECONDS = 300;
const LONGEST_HEADER = 1_024;
/** One signature a key; far more than a rotation ever needs. */
const MOST_SIGNATURES = 10;
const SIGNATURE = /^v1=([0-9a-f]{64})$/;
const TIMESTAMP = /^\d{10}$/;

export interface Signed {
  readonly pipeline: string;
  /** Seconds since 1970, as the header says it. */
  readonly timestamp: string | string[] | undefined;
  /** `v1=<hex>`, several of them separated by commas. */
  readonly signature: string | string[] | undefined;
  readonly body: Buffer;
}

/**
 * Undefined: it is signed by one of the keys, and fresh. What is signed is `v1:<timestamp>:<pipeline>:` and the body as it
 * was sent, so that neither its time nor whose it is can be changed. No early exit: the time taken must not tell which key
 * or signature matched.
 */
export function signatureFault(
  { pipeline, timestamp, signature, body }: Signed,
  keys: readonly Secret[],
  nowMs: number,
): "timestamp" | "signature" | undefined {
  if (typeof timestamp !== "string" || !TIMESTAMP.test(timestamp)) return "timestamp";
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > LARGEST_SKEW_SECONDS) return "timestamp";
  if (typeof signature !== "string" || signature.length > LONGEST_HEADER) return "signature";
  const given = signature
    .split(",")
    .flatMap((part) => SIGNATURE.exec(part.trim())?.[1] ?? [])
    .slice(0, MOST_SIGNATURES)
    .map((hex) => Buffer.from(hex, "hex"));
  let isSigned = false;
  for (const key of keys) {
    const mac = createHmac("sha256", key.reveal());
    const expected = mac.update(`v1:${timestamp}:${pipeline}:`).update(body).digest();
    for (const each of given) if (timingSafeEqual(expected, each)) isSigned = true;
  }
  return isSigned ? undefined : "signature";
}
