import type { Timer, WorldClock } from "../world/clock.ts";

/**
 * Calls `tick` every `intervalMs` of world time, the first time after `firstMs`. Each due time is reckoned from the one
 * before, so that a jump of the clock plays every tick it passes and thresholds count as if the time had been waited.
 */
export function startTicker(
  clock: WorldClock,
  { intervalMs, firstMs = intervalMs }: { readonly intervalMs: number; readonly firstMs?: number | undefined },
  tick: () => void,
): Timer {
  let dueMs = clock.now() + firstMs;
  let isCancelled = false;
  const fire = () => {
    dueMs += intervalMs;
    timer = clock.at(dueMs, fire);
    tick();
    if (isCancelled) timer.cancel();
  };
  let timer = clock.at(dueMs, fire);
  return {
    cancel: () => {
      isCancelled = true;
      timer.cancel();
    },
  };
}
