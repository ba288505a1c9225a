import { messageOf } from "../domain/errors.ts";
import type { Logger } from "../ports/logger.ts";

/** Machine times. */
const EVERY_MS = 30_000;
const TIMEOUT_MS = 5_000;

/** Tells an outside monitor that we live, only while nothing is overdue: if it stops hearing from us, it pages. */
export function createHeartbeat(
  urlNow: () => string | undefined,
  logger: Logger,
  send = fetch,
): (overdue: number) => Promise<void> {
  let lastMs = 0;
  return async (overdue) => {
    const url = urlNow();
    if (url === undefined || overdue > 0 || Date.now() - lastMs < EVERY_MS) return;
    lastMs = Date.now();
    try {
      const answer = await send(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok) logger.warn({ status: answer.status }, "The heartbeat monitor did not accept the heartbeat");
    } catch (error) {
      logger.warn({ why: messageOf(error) }, "The heartbeat monitor could not be reached");
    }
  };
}
