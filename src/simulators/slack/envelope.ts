import type { Json } from "./json.ts";

/** Documented: an app has three seconds to acknowledge. Machine time. */
export const ACK_LIMIT_MS = 3_000;

export type EnvelopeType = "slash_commands" | "interactive" | "events_api";

export interface Envelope {
  readonly envelopeId: string;
  readonly type: EnvelopeType;
  readonly payload: Json;
  /** Whether what the app sends with its acknowledgement counts. */
  readonly acceptsResponse: boolean;
  readonly retry?: { readonly attempt: number; readonly reason: string };
}

/** What became of one delivery; `ackMs` are machine milliseconds from sending to the answer or to giving up. */
export type Ack =
  | { readonly ok: true; readonly ackMs: number; readonly payload: Json; readonly wantsNoRetry?: boolean }
  | { readonly ok: false; readonly ackMs: number; readonly error: AckError; readonly wantsNoRetry?: boolean };
/** Slack's words for what the person sees, except `http_error`, which Slack shows as dispatch_failed. */
export type AckError = "operation_timeout" | "dispatch_failed" | "http_error";
