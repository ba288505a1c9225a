import type { Region } from "../../domain/service/region.ts";
import { napped } from "../../ports/naps.ts";

/** Machine time. */
const ASIDE_WITHIN_MS = 3_000;

/**
 * What a look asks beside what it is about: nobody waits longer for it, least of all a run right before its promotion. The call itself goes
 * on, so that its silence is remembered and the next look does not wait at all. That it is late does not say whose fault it is: TwoKey may
 * keep itself back, or have no credentials yet.
 */
export async function aside<T>(asked: Promise<T>, late: () => T): Promise<T> {
  const over = new AbortController();
  const waited = napped(ASIDE_WITHIN_MS, over.signal).then(late);
  try {
    return await Promise.race([asked, waited]);
  } finally {
    waited.catch(() => undefined);
    over.abort();
  }
}

export const sayLate = (api: string, region: Region): string =>
  `TwoKey waited ${ASIDE_WITHIN_MS / 1_000} s for what ${api} says in ${region}, and no longer`;
