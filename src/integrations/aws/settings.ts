import type { Agent, AgentOptions } from "node:http";

/** Machine milliseconds. */
export interface Patience {
  readonly connectMs: number;
  /** From the request to its answer, and without a byte on the socket. */
  readonly answerMs: number;
}
export const PATIENCE: Patience = { connectMs: 2_000, answerMs: 8_000 };

/** Sockets of one API in one region: enough for every service's polls at once. */
const MOST_SOCKETS = 25;

const KEEPING = { keepAlive: true, maxSockets: MOST_SOCKETS };

export type Through = (options: AgentOptions) => Agent | undefined;

/**
 * What every client is made with. Without `throwOnRequestTimeout` the SDK only warns. Its own retries are off, for all
 * calls: it would repeat a mutation whose answer was lost, which only somebody who has looked at the world may do, and
 * wait four times for a dark region. `Caller` repeats what is safe to repeat, up to four attempts.
 */
/** `through`: connections that leave through a proxy. */
export function clientSettings(endpoint: string | undefined, patience: Patience, through?: Through) {
  return {
    maxAttempts: 1,
    // Read once for each client: one that is closed closes its connections, and those of no other.
    get requestHandler() {
      return {
        connectionTimeout: patience.connectMs,
        requestTimeout: patience.answerMs,
        throwOnRequestTimeout: true,
        socketTimeout: patience.answerMs,
        httpsAgent: through?.(KEEPING) ?? KEEPING,
      };
    },
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
export type ClientSettings = ReturnType<typeof clientSettings>;
