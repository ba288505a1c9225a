import { setMaxListeners } from "node:events";

/** One look at the world is a dozen calls at once, beside the waits of the steps; many more at one time would be a leak. */
const MOST_LISTENERS = 100;

/** The same signal, which as many calls may wait for as one look makes at once. */
export function forLooks(signal: AbortSignal): AbortSignal {
  setMaxListeners(MOST_LISTENERS, signal);
  return signal;
}

/** Aborted with the first of these; for looks as well. */
export const eitherOf = (...signals: readonly AbortSignal[]): AbortSignal => forLooks(AbortSignal.any([...signals]));
