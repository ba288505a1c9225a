import type { Clock } from "../../../src/ports/clock.ts";

export const START_MS = Date.parse("2026-11-21T03:00:00Z");
export const MINUTE = 60_000;

/** Says the time that the test says, by default the machine's; a sleep is over at once. */
export const clockAt = (now: () => number = () => Date.now()): Clock => ({
  now,
  speed: 1,
  sleep: async () => undefined,
});

export interface TestClock extends Clock {
  move(ms: number): void;
}

export function testClock(): TestClock {
  let nowMs = START_MS;
  const sleepers = new Set<() => void>();
  return {
    now: () => nowMs,
    speed: 1,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const dueMs = nowMs + ms;
        const look = () => {
          if (nowMs < dueMs && signal?.aborted !== true) return;
          sleepers.delete(look);
          signal?.removeEventListener("abort", look);
          if (signal?.aborted) reject(signal.reason);
          else resolve();
        };
        sleepers.add(look);
        signal?.addEventListener("abort", look, { once: true });
        look();
      }),
    move: (ms) => {
      nowMs += ms;
      for (const look of sleepers) look();
    },
  };
}
