import type { Clock } from "../../ports/clock.ts";
import type { Pagers } from "../../ports/pager.ts";
import { type CallMemory, type Calls, isToWait } from "./calls.ts";
import { AGAIN_SOON, doubled } from "./occasions.ts";

interface StandDownDeps {
  readonly memory: CallMemory;
  readonly pagers: Pagers;
  readonly clock: Clock;
}

/**
 * Whoever is still called for something that is over is let go; what the pager does not take is tried again. One that gives no answer is
 * asked no more this time, so that no call that is due waits for many that are over.
 */
export async function standDown(needed: string | undefined, { memory, pagers, clock }: StandDownDeps): Promise<void> {
  const before = await memory.read();
  const over = before?.open.filter((key) => key !== needed) ?? [];
  const nowMs = clock.now();
  if (over.length === 0 || isToWait(before?.standDown, nowMs)) return;
  const ended: string[] = [];
  const left: string[] = [];
  let afterMs = 0;
  for (const key of over) {
    const answer = await pagers.keeper.resolve(key, "TwoKey");
    if (answer.kind === "accepted") ended.push(key);
    else left.push(key);
    if (answer.kind === "retry") afterMs = answer.afterMs * clock.speed;
    if (answer.kind === "retry" || answer.kind === "unknown") break;
  }
  await memory.change((current) => {
    if (!current) return undefined;
    const { standDown: tried, ...rest } = current;
    // The next one is asked first then: one that is never taken keeps no other one open.
    const open = [
      ...rest.open.filter((key) => !ended.includes(key) && !left.includes(key)),
      ...rest.open.filter((key) => left.includes(key)),
    ];
    const value: Calls = { ...rest, open };
    if (ended.length === over.length) return { value, events: [] };
    const failures = (tried?.failures ?? 0) + 1;
    const retryAtMs = nowMs + Math.max(doubled(AGAIN_SOON, failures), afterMs);
    return { value: { ...value, standDown: { failures, failedAtMs: nowMs, retryAtMs } }, events: [] };
  });
}
