import type { Observation } from "../../../domain/service/observation.ts";
import { isUnanswered } from "../../../domain/service/observed.ts";
import type { Move } from "../../resources/place.ts";
import type { KindSeen } from "../../resources/places.ts";

/** A store whose write check gives no answer, and why. */
interface Silent {
  readonly at: KindSeen;
  readonly why: string;
}

/**
 * What of the old side gives no answer. Each control plane may be silent by itself, and so may a write check: whatever is
 * missing is signed for by name, and the rest is fenced.
 */
export interface Unseen {
  /** What can be neither looked at nor closed. */
  readonly parts: readonly KindSeen[];
  /** Stores of which no failing write will say that they are closed. */
  readonly writeChecks: readonly Silent[];
}

export function unseenOn(
  all: readonly KindSeen[],
  { from, isAllSilent }: Pick<Move, "from" | "isAllSilent">,
  writes: Observation["writes"] = {},
): Unseen {
  const parts = all.filter((at) => {
    const now = at.kind.fence?.seenIn(at, from);
    return now !== undefined && isUnanswered(now);
  });
  const writeChecks = all.flatMap((at) => {
    if (!at.kind.fence?.writeCheck) return [];
    const said = writes[at.id]?.[from];
    if (isAllSilent && !said) return [{ at, why: `${from} is silent` }];
    return said?.kind === "unknown" ? [{ at, why: said.why }] : [];
  });
  return { parts, writeChecks };
}

/** Denied is not dark: a fence would fail on it when the keys are turned. */
export function deniedOn(all: readonly KindSeen[], { from, continues }: Move): string[] {
  if (continues?.pastNoReturn) return [];
  return all.flatMap((at) => {
    const now = at.kind.fence?.seenIn(at, from);
    return now?.known === false && now.cause === "denied"
      ? [`TwoKey may not look at ${at.id} in ${from}, and could not fence it: ${now.why}. Allow it first.`]
      : [];
  });
}
