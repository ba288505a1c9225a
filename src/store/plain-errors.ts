import { isOurs, messageOf, OutcomeUnknown, TransientError } from "../domain/errors.ts";
import type { LostStore } from "../ports/lost-store.ts";
import type { Ledger } from "../ports/runs.ts";
import { READS } from "./connection.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** What Redis says when it refuses a command before it does anything, and what people read of it. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/\bOOM\b/, "TwoKey's memory (Redis) is full and takes no writes"],
  [/\bREADONLY\b/, "TwoKey's memory (Redis) takes no writes at this moment"],
  [/^(LOADING|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN)\b/, "TwoKey's memory (Redis) is starting or busy"],
  [/\bMISCONF\b/, "TwoKey's memory (Redis) cannot write to its disk"],
  [/\bNOREPLICAS\b/, "TwoKey's memory (Redis) has lost its copy and takes no writes"],
  [/^(NOAUTH|WRONGPASS|NOPERM)\b/, "TwoKey's memory (Redis) refuses TwoKey's password or rights"],
  [/max number of clients/, "TwoKey's memory (Redis) takes no more connections"],
  [/^Stream isn't writeable/, "TwoKey cannot reach its memory (Redis)"],
];
/** What ioredis says of a command that may have left. */
const UNANSWERED = /timed out|Connection is closed|max retries per request|aborted|ECONNRESET|EPIPE|ECONNREFUSED/;
const NO_ANSWER = "TwoKey's memory (Redis) gave no answer";

/**
 * The one judge of Redis's errors where people wait for an answer: TransientError where certainly nothing was done, OutcomeUnknown
 * where a write may have been done. What it does not know it returns as it is.
 */
export function storeError(cause: unknown, act: "read" | "write"): unknown {
  // Words of ours about people, such as “aborted by Grace”, are no words of Redis.
  if (!(cause instanceof Error) || isOurs(cause)) return cause;
  const reasons = reasonsOf(cause);
  const refused = REFUSED.find(([said]) => reasons.some((reason) => said.test(reason)));
  if (refused) return new TransientError("store-refused", refused[1], { cause });
  if (!UNANSWERED.test(cause.message)) return cause;
  return act === "read"
    ? new TransientError("store-away", NO_ANSWER, { cause })
    : new OutcomeUnknown("store-unanswered", NO_ANSWER, { cause });
}

/** A transaction that Redis gave up says only that; why stands beside it, for each of its commands. */
function reasonsOf(cause: Error): readonly string[] {
  const previous = "previousErrors" in cause && Array.isArray(cause.previousErrors) ? cause.previousErrors : [];
  return [cause.message, ...previous.map(messageOf)];
}

/**
 * The same connection, with each failure as `storeError` judges it. ioredis sends again what a broken connection left without an
 * answer: the answer to that says nothing about the first time, so it is no answer.
 */
export function withPlainErrors(redis: ScriptedRedis): ScriptedRedis {
  let breaks = 0;
  redis.on("close", () => {
    breaks += 1;
  });
  return new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const act = READS.has(String(name).toLowerCase()) ? "read" : "write";
      return (...args: unknown[]): unknown => {
        const before = breaks;
        const answer: unknown = value.apply(target, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then(
          (said: unknown) => {
            if (act === "write" && breaks !== before) throw new OutcomeUnknown("store-unanswered", NO_ANSWER);
            return said;
          },
          (error: unknown) => {
            throw storeError(error, act);
          },
        );
      };
    },
  });
}

/** The same ledger, for acts of people: it tells Redis of each line first, and a line that Redis did not take is not written. */
export const withPlainLines = (ledger: Ledger): Ledger => ({
  append: (line) => ledger.append(line).catch(throwAsRead),
  disagreement: () => ledger.disagreement(),
  head: () => ledger.head(),
  highestEpoch: () => ledger.highestEpoch(),
});

/** The same comparison, for acts of people: it asks Redis, and what it lays down there is no act of theirs. */
export const withPlainLoss = (lost: LostStore): LostStore => ({
  keepUp: () => lost.keepUp(),
  disagreement: () => lost.disagreement().catch(throwAsRead),
  testimonies: () => lost.testimonies().catch(throwAsRead),
});

function throwAsRead(error: unknown): never {
  throw storeError(error, "read");
}

/** Machine time for which a write without an answer is looked for, and between two looks. */
const LOOK_FOR_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/**
 * What a write came to. Where its answer is lost `look` says what stands there now: the answer, or undefined where that cannot be
 * told. Throws TransientError where it was certainly not done, OutcomeUnknown where nobody can say.
 */
export async function certain<T>(write: () => Promise<T>, look: () => Promise<T | undefined>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    const untilMs = performance.now() + LOOK_FOR_MS;
    for (let pauseMs = FIRST_PAUSE_MS; performance.now() < untilMs; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const seen = await look().then(
        (answer) => ({ answer }),
        (silent: unknown) => {
          if (silent instanceof TransientError && silent.code !== LEFT_OUT) return undefined;
          throw silent;
        },
      );
      if (seen?.answer !== undefined) return seen.answer;
      if (seen) break;
    }
    throw error;
  }
}

const LEFT_OUT = "store-left-out";

/** Of a write that is not there: it got lost on the way. */
export const leftOut = (): TransientError =>
  new TransientError(LEFT_OUT, "TwoKey's memory (Redis) was away for a moment, and did not get it");
