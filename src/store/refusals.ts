import { chainOf, messageOf, UserError } from "../domain/errors.ts";
import type { Proven } from "../domain/proof.ts";
import { RESTART } from "../ports/proof.ts";

export type Refusal = Proven & { readonly kind: "wrong" };

export const LOGIN = /\b(?:WRONGPASS|NOAUTH)\b/;

export const NOT_LET_IN: Refusal = {
  kind: "wrong",
  what: "Redis refuses the user or the password.",
  instead: `Put the right ones into REDIS_URL, ${RESTART}`,
};

/** Redis begins each refusal with a word in capitals. */
export const codeOf = ({ message }: Error): string => /^[A-Z]+/.exec(message)?.[0] ?? "";

/** Other refusals than one of rights. What is not here, such as a broken connection, is no answer. */
export const REFUSALS: Readonly<Record<string, Refusal>> = {
  OOM: {
    kind: "wrong",
    what: "Redis is full and takes no writes.",
    instead: "Give it more memory: see “how much room it takes” in the operations manual.",
  },
  MISCONF: {
    kind: "wrong",
    what: "Redis cannot write to its disk and takes no writes.",
    instead: "Make room on the disk of Redis, and look at its log.",
  },
  READONLY: {
    kind: "wrong",
    what: "REDIS_URL leads to a replica, which takes no writes.",
    instead: "Use the address of the primary.",
  },
  NOREPLICAS: {
    kind: "wrong",
    what: "Redis has lost its copy and takes no writes.",
    instead: "Bring its replica back, or set min-replicas-to-write lower.",
  },
  NOAUTH: NOT_LET_IN,
  WRONGPASS: NOT_LET_IN,
};

/** Anywhere in what a command, a transaction or a script was answered. */
const SAID = new RegExp(`\\b(?:${Object.keys(REFUSALS).join("|")})\\b`);

/** What Redis refuses a process that starts, as one sentence for who starts it. Undefined: it was not Redis that refused. */
export function refusedStart(error: unknown): UserError | undefined {
  if (error instanceof UserError) return undefined;
  const previous = error instanceof Error && "previousErrors" in error ? error.previousErrors : [];
  const reasons = [chainOf(error), ...(Array.isArray(previous) ? previous.map(messageOf) : [])].join(" ");
  const refusal = REFUSALS[SAID.exec(reasons)?.[0] ?? ""];
  if (!refusal) return undefined;
  const instead = refusal === NOT_LET_IN ? "Put the right ones into REDIS_URL, and start again." : refusal.instead;
  return new UserError("redis-refused", `${refusal.what} ${instead}`, { cause: error });
}
