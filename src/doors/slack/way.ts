import type { RequestListener } from "node:http";
import type { Receiver } from "@slack/bolt";

/** How Slack's envelopes come in. */
export interface Way {
  readonly receiver: Receiver;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** The secret that it stands on has another value. */
  readonly renew: () => void;
  readonly isConnected: () => boolean;
  readonly listener: RequestListener | undefined;
}
