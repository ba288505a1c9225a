import { brokenWay } from "../../../domain/broken-way.ts";
import type { Reception } from "../../../domain/secret.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";

type Failure = Exclude<PagerAnswer<never>, { kind: "accepted" }>;

/** Greylisting asks for minutes; less is refused again. */
const BUSY_AGAIN_MS = 60_000;
const SOON_MS = 1_000;
/** No connection came about. Any other silence may come after the text was handed over: the client does not say. */
const NEVER_SENT: readonly unknown[] = ["connect", "getaddrinfo"];

/** The server does not take user or password, so that nothing was handed over. */
export const receptionOf = (error: unknown): Reception =>
  typeof error === "object" && error !== null && "code" in error && error.code === "EAUTH" ? "refused" : "unknown";

/**
 * The one judge of what a mail server or its absence says. 4xx: later. 5xx: for good. No connection: nothing happened. Any
 * other silence: nobody knows, and the same Message-ID makes a repeat the same mail.
 */
export function failureOf(error: unknown): Failure {
  const facts: object = typeof error === "object" && error !== null ? error : {};
  const status = "responseCode" in facts && typeof facts.responseCode === "number" ? facts.responseCode : undefined;
  const code = "code" in facts && typeof facts.code === "string" ? facts.code : "unknown error";
  const isForNow = status !== undefined && status >= 400 && status < 500;
  // A server says it by a 535, and a reason of its own is what people can mend.
  if (code === "EAUTH" && !isForNow)
    return { kind: "rejected", code: "smtp-auth", why: "the mail server does not take our user" };
  if (status !== undefined && status >= 500) {
    return { kind: "rejected", code: `smtp-${status}`, why: `the mail server refused (${status})` };
  }
  if (isForNow) {
    return { kind: "retry", afterMs: BUSY_AGAIN_MS, why: `the mail server asks to come again (${status})` };
  }
  const why = `the mail server did not answer (${brokenWay(error) ?? "the connection broke"})`;
  const isNeverSent = "syscall" in facts && NEVER_SENT.includes(facts.syscall);
  return isNeverSent ? { kind: "retry", afterMs: SOON_MS, why } : { kind: "unknown", why };
}
