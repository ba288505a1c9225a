import { z } from "zod";
import { quotedWords } from "../../../domain/quoted-words.ts";
import type { Reception } from "../../../domain/secret.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";

/** What came back over the wire, before it is judged. */
export type Exchange =
  | { readonly kind: "answer"; readonly status: number; readonly resetMs: number | undefined; readonly body: unknown }
  /** No readable answer. `status` where the head of one arrived; `neverSent` where no connection came about. */
  | {
      readonly kind: "no-answer";
      readonly why: string;
      readonly status: number | undefined;
      readonly neverSent: boolean;
    };

/** PagerDuty's advice for a 429 that carries no headers. */
const RETRY_WITHOUT_ADVICE_MS = 30_000;
const RETRY_SOON_MS = 1_000;

/** What a refusal means, where its status alone tells that. */
const MEANS: Readonly<Record<number, string>> = {
  401: ": it does not take the API token",
  402: ": the account's plan does not have that",
  403: ": the API token may not do that",
  404: ": it does not know that",
};

type Failure = Exclude<PagerAnswer<never>, { kind: "accepted" }>;

const RestFailure = z.object({
  error: z.object({
    message: z.string().default(""),
    code: z.number().optional(),
    errors: z.array(z.unknown()).default([]),
  }),
});
const EventFailure = z.object({ message: z.string(), errors: z.array(z.unknown()).default([]) });

/**
 * The one judge of vendor errors; undefined means success.
 * 429: not ingested, so again later. 408 and 5xx: a read may simply be repeated, of a write nobody knows whether it
 * happened. Every other refusal is for good. (PagerDuty developer-docs, REST-API/14 and events-API-v2/01.)
 */
export function failureOf(exchange: Exchange, nature: "read" | "write"): Failure | undefined {
  const { status } = exchange;
  if (status === 429) {
    const afterMs = (exchange.kind === "answer" ? exchange.resetMs : undefined) ?? RETRY_WITHOUT_ADVICE_MS;
    // It knows when: no pause of our own is added.
    return { kind: "retry", afterMs, mostMs: afterMs, why: "PagerDuty asks for fewer calls (429)", isAnswered: true };
  }
  if (exchange.kind === "no-answer") {
    return nature === "read" || exchange.neverSent ? retrySoon(exchange.why) : { kind: "unknown", why: exchange.why };
  }
  if (exchange.status >= 200 && exchange.status < 300) return undefined;
  if (exchange.status >= 500 || exchange.status === 408) {
    const why = `PagerDuty answered ${exchange.status}`;
    return nature === "read" ? { ...retrySoon(why), isAnswered: true } : { kind: "unknown", why };
  }
  return rejection(exchange.status, exchange.body);
}

/** The REST API takes this token for nobody's, so that nothing was done. */
export const receptionOfToken = (exchange: Exchange): Reception =>
  exchange.kind === "answer" && exchange.status === 401 ? "refused" : wellOf(exchange);

/** An event whose routing key PagerDuty does not know is refused whole. */
export function receptionOfKey(exchange: Exchange): Reception {
  const isRefused = exchange.kind === "answer" && exchange.status === 400;
  return isRefused && /routing[ _]key/i.test(JSON.stringify(exchange.body)) ? "refused" : wellOf(exchange);
}

const wellOf = (exchange: Exchange): Reception => (failureOf(exchange, "write") ? "unknown" : "taken");

const retrySoon = (why: string): Extract<Failure, { kind: "retry" }> => ({
  kind: "retry",
  afterMs: RETRY_SOON_MS,
  why,
});

function rejection(status: number, body: unknown): Failure {
  const rest = RestFailure.safeParse(body);
  const event = EventFailure.safeParse(body);
  const { message, errors } = rest.data?.error ?? event.data ?? { message: "", errors: [] };
  const code = rest.data?.error.code;
  const details = errors.filter((detail) => typeof detail === "string").join("; ");
  const said = [message, details].filter((part) => part !== "").join(": ");
  return {
    kind: "rejected",
    code: code === undefined ? `http-${status}` : `pagerduty-${code}`,
    why: `PagerDuty refused (${status})${MEANS[status] ?? ""}${said === "" ? "" : `, and said ${quotedWords(said)}`}`,
  };
}
