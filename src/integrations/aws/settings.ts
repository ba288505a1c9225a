import type { Agent, AgentOptions } from "node:http";

/** Machine milliseconds. */
export interface Patience {
  readonly connectMs: number;
  /** From the request to its answer, and without a byte on the socket. */
  readonly answerMs: number;
  /** For which a connection that nobody uses is kept; absent: IDLE_MS. */
  readonly idleMs?: number;
}
export const PATIENCE: Patience = { connectMs: 2_000, answerMs: 8_000 };

/** Sockets of one API in one region: enough for every service's polls at once. */
const MOST_SOCKETS = 25;

/**
 * Shorter than AWS keeps one that is idle, which is 5 to 20 s at some endpoints. A request that leaves while AWS closes its connection is
 * reset without an answer, and nobody knows then what became of a mutation.
 */
const IDLE_MS = 4_000;

export type Through = (options: AgentOptions) => Agent | undefined;

/**
 * What every client is made with. Without `throwOnRequestTimeout` the SDK only warns. Its own retries are off, for all
 * calls: it would repeat a mutation whose answer was lost, which only somebody who has looked at the world may do, and
 * wait four times for a dark region. `Caller` repeats what is safe to repeat, up to four attempts.
 */
/** `through`: connections that leave through a proxy. */
export function clientSettings(endpoint: string | undefined, patience: Patience, through?: Through) {
  // Of a connection that is in use Node's agent lets this time pass.
  const keeping = { keepAlive: true, maxSockets: MOST_SOCKETS, timeout: patience.idleMs ?? IDLE_MS };
  return {
    maxAttempts: 1,
    // Read once for each client: one that is closed closes its connections, and those of no other.
    get requestHandler() {
      return {
        connectionTimeout: patience.connectMs,
        requestTimeout: patience.answerMs,
        throwOnRequestTimeout: true,
        socketTimeout: patience.answerMs,
        httpsAgent: through?.(keeping) ?? keeping,
        // Of an endpoint on this machine, which is reached without TLS.
        httpAgent: keeping,
      };
    },
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
export type ClientSettings = ReturnType<typeof clientSettings>;
