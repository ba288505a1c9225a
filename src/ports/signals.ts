import { setMaxListeners } from "node:events";

/** One look at the world is a dozen calls at once, beside the waits of the steps; many more at one time would be a leak. */
const MOST_LISTENERS = 100;

/** The same signal, which as many calls may wait for as one look makes at once. */
export function forLooks(signal: AbortSignal): AbortSignal {
  setMaxListeners(MOST_LISTENERS, signal);
  return signal;
}

/** Aborted with the first of these; so many may wait for it. */
export function forEachOf(count: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const own = AbortSignal.any([...signals]);
  setMaxListeners(Math.max(MOST_LISTENERS, count), own);
  return own;
}

/** What was asked, where it answers within this machine time (absent: however long it takes); undefined where it does not. */
export async function within<T>(
  ms: number | undefined,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly answer: T } | undefined> {
  if (ms === undefined) return { answer: await ask(signal) };
  const patience = AbortSignal.timeout(ms);
  try {
    const answer = await ask(eitherOf(signal, patience));
    return patience.aborted ? undefined : { answer };
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return undefined;
  }
}

/** Aborted with the first of these; for looks as well. */
export const eitherOf = (...signals: readonly AbortSignal[]): AbortSignal => forLooks(AbortSignal.any([...signals]));
