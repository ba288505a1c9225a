import type { Proven } from "../../domain/proof.ts";
import type { Proof } from "../../ports/proof.ts";

/** Machine time for one proof: longer than any call of an adapter, shorter than anybody waits. */
const WITHIN_MS = 15_000;

export interface Patience {
  /** Machine time; absent: 15 s. */
  readonly withinMs?: number;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** One proof, within its time. Never rejects: what was not answered is unknown. */
export async function proveOne({ prove }: Pick<Proof, "prove">, patience: Patience = {}): Promise<Proven> {
  const { withinMs = WITHIN_MS, signal } = patience;
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, withinMs);
  signal?.addEventListener("abort", end, { once: true });
  const ended = new Promise<Proven>((resolve) => {
    const late = { kind: "unknown", why: "there was no answer in time" } as const;
    ending.signal.addEventListener("abort", () => resolve(late), { once: true });
  });
  try {
    const asked = (async () => prove(ending.signal))().catch(
      (): Proven => ({ kind: "unknown", why: "there was no clear answer" }),
    );
    return await Promise.race([asked, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    ending.abort();
  }
}
