import { setTimeout as nap } from "node:timers/promises";
import type { Region } from "../../domain/service/region.ts";

/** Machine time. */
const ASIDE_WITHIN_MS = 3_000;

/**
 * What a look asks beside what it is about: nobody waits longer for it, least of all a run right before its promotion. The call itself goes
 * on, so that its silence is remembered and the next look does not wait at all.
 */
export async function aside<T>(asked: Promise<T>, late: T): Promise<T> {
  const over = new AbortController();
  const waited = nap(ASIDE_WITHIN_MS, late, { signal: over.signal });
  try {
    return await Promise.race([asked, waited]);
  } finally {
    waited.catch(() => undefined);
    over.abort();
  }
}

export const sayLate = (api: string, region: Region): string =>
  `${api} gave no answer in ${region} within ${ASIDE_WITHIN_MS / 1_000} s`;
