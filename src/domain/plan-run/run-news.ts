import { isKeptInSight, openedSince } from "./before-promotion.ts";
import { failedStep } from "./decision.ts";
import { isOpenAgain, isWatched } from "./fence.ts";
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

/** An old side that something opens again and again is told of once in this time. */
const AGAIN_MS = 15 * 60_000;
const quarterOf = (atMs: number | undefined): string => String(Math.floor((atMs ?? 0) / AGAIN_MS));

/** All that stands now, in the order in which such things happen. What has passed meanwhile, such as a stop, is not among it. */
export function newsOf(run: RunState): readonly RunNews[] {
  const { plan, keys, state, stateAt, watch } = run;
  // The last key is the start.
  const turned = keys.slice(0, Math.max(0, plan.keysRequired - 1));
  const seenOpenMs = isKeptInSight(run) ? openedSince(run)?.atMs : undefined;
  const isUnfenced = isWatched(run) && watch.state === "failed";
  return [
    ...turned.map(({ by, atMs }, index) => ({ kind: "key", key: `key:${by}:${atMs}`, index }) as const),
    ...only(run.startedAtMs !== undefined && !onlyAdds(plan), "started"),
    ...only(run.pastNoReturn && !plan.pastNoReturn, "no-return"),
    ...only(
      WAITS_FOR_PEOPLE.some((each) => each === state),
      "waits",
      `${state}:${stateAt}:${failedStep(run) ?? ""}`,
    ),
    ...only(seenOpenMs !== undefined, "seen-open", quarterOf(seenOpenMs)),
    ...only(isOpenAgain(run), "opened", quarterOf(watch.lostAtMs)),
    ...only(isUnfenced, "unfenced", watch.lostAtMs === undefined ? undefined : quarterOf(watch.lostAtMs)),
    ...only(watch.state === "fenced" && watch.tries > 0, "fenced", quarterOf(watch.lostAtMs ?? watch.endedAtMs)),
    // Where nothing is taken back there is no rollback.
    ...only(state === "unwinding" && !onlyAdds(plan), "unwinding", String(stateAt)),
    ...only(state === "verified", "verified"),
    ...only(state === "unwound", "unwound"),
    ...only(state === "closed", "closed"),
  ];
}

const only = (is: boolean, kind: NewsKind, which?: string): readonly RunNews[] =>
  is ? [{ kind, key: which === undefined ? kind : `${kind}:${which}` }] : [];
