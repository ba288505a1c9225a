import type { Proven } from "../../../domain/proof.ts";
import { whyNoAnswer } from "../../../domain/untrusted.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";

/** Machine time: a look that was told to come again later than this comes again in its own turn. */
const SOON_MS = 1_000;

/**
 * Once more, at once, where the first answer was none: a single connection that is cut says nothing of PagerDuty. For calls alone that may
 * be repeated, as every proof may.
 */
export async function askedTwice<T>(ask: () => Promise<PagerAnswer<T>>): Promise<PagerAnswer<T>> {
  const answer = await ask();
  const isNone = answer.kind === "unknown" || (answer.kind === "retry" && answer.afterMs <= SOON_MS);
  return isNone ? ask() : answer;
}

/** Nothing could be told from what came back, if anything did. */
export function noClearAnswer(answer: Exclude<PagerAnswer<unknown>, { kind: "accepted" }>): Proven {
  const isAnswered = answer.kind === "rejected" || (answer.kind === "retry" && answer.isAnswered === true);
  return { kind: "unknown", why: whyNoClearAnswer(answer.why), ...(isAnswered && { isAnswered }) };
}

/** `said`: in our own words, why nothing could be told from what came back. */
const whyNoClearAnswer = (said: string): string =>
  whyNoAnswer(said, `PagerDuty gives no clear answer: ${said.replace(/^PagerDuty call failed: /, "")}`);
