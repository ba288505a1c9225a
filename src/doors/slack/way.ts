import type { RequestListener } from "node:http";
import type { Receiver, SocketModeReceiverOptions } from "@slack/bolt";

/** How what Slack is asked leaves this machine. */
export interface SlackWayOut {
  readonly fetch: typeof fetch;
  readonly dispatcher: SocketModeReceiverOptions["dispatcher"];
}

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
