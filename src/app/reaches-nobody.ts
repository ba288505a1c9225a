import type { Answering } from "../domain/service/observation.ts";
import type { Proof } from "../ports/proof.ts";
import { eitherOf } from "../ports/signals.ts";

interface Ways {
  /** One harmless call each. */
  readonly vendors: () => readonly Pick<Proof, "prove">[];
  /** How AWS answered lately, one for each region. */
  readonly answers: () => readonly Answering[];
}

/** Machine times: for one harmless call, and for which an answer counts. */
const ASK_MS = 10_000;
const COUNTS_FOR_MS = 30_000;

/**
 * Whether this process is cut off: every call to AWS that was made lately has failed, and no vendor answers one now. They are asked
 * only in the first case, so that a region that is dark costs the others nothing while any of them answers.
 */
export function reachesNobody({ vendors, answers }: Ways): () => Promise<boolean> {
  let last: { readonly atMs: number; readonly isCutOff: Promise<boolean> } | undefined;
  return async () => {
    const lately = answers();
    const isSilent = lately.some(({ asked }) => asked > 0) && lately.every(({ asked, failed }) => asked === failed);
    if (!isSilent) return false;
    if (last === undefined || performance.now() - last.atMs >= COUNTS_FOR_MS)
      last = { atMs: performance.now(), isCutOff: nobodyAnswers(vendors()) };
    return await last.isCutOff;
  };
}

/** Resolves at the first answer, whatever it says. */
async function nobodyAnswers(vendors: readonly Pick<Proof, "prove">[]): Promise<boolean> {
  const ending = new AbortController();
  const signal = eitherOf(ending.signal, AbortSignal.timeout(ASK_MS));
  const cutOff = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("there was no answer in time")));
  });
  const answered = async (proof: Pick<Proof, "prove">): Promise<void> => {
    const { kind } = await Promise.race([proof.prove(signal), cutOff]);
    // What no call can show was not answered either.
    if (kind === "unknown" || kind === "unprovable") throw new Error(kind);
  };
  try {
    await Promise.any(vendors.map(answered));
    return false;
  } catch {
    return true;
  } finally {
    cutOff.catch(() => undefined);
    ending.abort();
  }
}
