import { createHmac } from "node:crypto";
import { canonicalJson } from "../domain/json.ts";
import type { Secret } from "../domain/secret.ts";

/** HMAC-SHA-256 of a line of a journal with the ledger's key, which is not in the store. Never equal to a ledger's chain. */
export const sealOf = (key: Secret, line: unknown): string =>
  createHmac("sha256", key.reveal())
    .update(`journal\n${canonicalJson(line)}`)
    .digest("hex");
