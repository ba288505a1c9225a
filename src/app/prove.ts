import type { Proven } from "../domain/proof.ts";
import type { Proof } from "../ports/proof.ts";

/** Machine time for one proof: longer than any call of an adapter, shorter than anybody waits. */
const WITHIN_MS = 15_000;

/** One proof, within its time. Never rejects: what was not answered is unknown. */
export async function proveOne({ prove }: Pick<Proof, "prove">, withinMs: number = WITHIN_MS): Promise<Proven> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Proven>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "unknown", why: "there was no answer in time" }), withinMs);
  });
  try {
    const asked = prove(ending.signal).catch((): Proven => ({ kind: "unknown", why: "there was no clear answer" }));
    return await Promise.race([asked, tooLate]);
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}
