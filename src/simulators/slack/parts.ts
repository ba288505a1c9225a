import type { KeptCall } from "./api.ts";
import type { InteractionContext } from "./interaction.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { SocketMode } from "./socket-mode.ts";

/** Everything the control API steers. */
export interface SlackParts extends InteractionContext {
  readonly sockets: SocketMode;
  readonly limits: RateLimits;
  readonly calls: readonly KeptCall[];
  readonly outage: { isOn: boolean };
}
