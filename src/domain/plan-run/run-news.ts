import { isKeptInSight, openedSince } from "./before-promotion.ts";
import { outbreakOf, type Wrong } from "./comes-and-goes.ts";
import { stopOf } from "./decision.ts";
import { isOpenAgain, isWatched } from "./fence.ts";
import { isTold } from "./outbreak.ts";
import { onlyAdds } from "./plan.ts";
import { type RunState, WAITS_FOR_PEOPLE } from "./run.ts";

/**
 * What of a run is told in its room by a message of its own, since an edited card notifies nobody. The key of each never changes,
 * so that it is told once.
 */
export interface RunNews {
  readonly kind: NewsKind;
  readonly key: string;
  /** Of the key that was turned, counted from 0. */
  readonly index?: number;
}
export type NewsKind =
  | "key"
  | "started"
  | "no-return"
  | "waits"
  /** The old side: seen open before the promotion, after it, not fenced when it came back, and fenced by the watch. */
  | "seen-open"
  | "opened"
  | "unfenced"
  | "fenced"
  | "unwinding"
  | "verified"
  | "unwound"
  | "closed";

/** All that stands now, in the order in which such things happen. What has passed meanwhile, such as a stop, is not among it. */
export function newsOf(run: RunState, nowMs: number): readonly RunNews[] {
  const { plan, keys, state, stateAt, watch } = run;
  // The last key is the start.
  const turned = keys.slice(0, Math.max(0, plan.keysRequired - 1));
  const isSeenOpen = isKeptInSight(run) && openedSince(run) !== undefined;
  const told = (is: boolean, kind: NewsKind, wrong: Wrong) =>
    only(is && isTold(run.outbreaks[wrong], nowMs), kind, outbreakOf(run, wrong));
  const isUnfenced = isWatched(run) && watch.state === "failed";
  return [
    ...turned.map(({ by, atMs }, index) => ({ kind: "key", key: `key:${by}:${atMs}`, index }) as const),
    ...only(run.startedAtMs !== undefined && !onlyAdds(plan), "started"),
    ...only(run.pastNoReturn && !plan.pastNoReturn, "no-return"),
    ...only(
      WAITS_FOR_PEOPLE.some((each) => each === state),
      "waits",
      stopOf(run),
    ),
    ...told(isSeenOpen, "seen-open", "opened-before"),
    ...told(isOpenAgain(run), "opened", "old-side"),
    ...told(isUnfenced, "unfenced", "old-side"),
    ...told(watch.state === "fenced" && watch.tries > 0, "fenced", "old-side"),
    // Where nothing is taken back there is no rollback.
    ...only(state === "unwinding" && !onlyAdds(plan), "unwinding", String(stateAt)),
    ...only(state === "verified", "verified"),
    ...only(state === "unwound", "unwound"),
    ...only(state === "closed", "closed"),
  ];
}

const only = (is: boolean, kind: NewsKind, which?: string): readonly RunNews[] =>
  is ? [{ kind, key: which === undefined ? kind : `${kind}:${which}` }] : [];
