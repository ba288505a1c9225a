import { openedSince } from "./fence.ts";
import { onlyAdds } from "./plan.ts";
import { type RunState, WAITS_FOR_PEOPLE } from "./run.ts";

/**
 * What of a run is told in its room by a message of its own, since an edited card notifies nobody. The key of each never changes,
 * so that it is told once.
 */
export interface RunNews {
  readonly kind: "key" | "started" | "no-return" | "waits" | "opened" | "fenced" | "verified" | "unwound";
  readonly key: string;
  /** Of the key that was turned, counted from 0. */
  readonly index?: number;
}

/** All that stands now, in the order in which such things happen. What has passed meanwhile, such as a stop, is not among it. */
export function newsOf(run: RunState): readonly RunNews[] {
  const { plan, keys, state, stateAt, watch } = run;
  const openedMs = watch.state === "fenced" ? undefined : (watch.lostAtMs ?? openedSince(run)?.fromMs);
  // The last key is the start.
  const turned = keys.slice(0, Math.max(0, plan.keysRequired - 1));
  return [
    ...turned.map(({ by, atMs }, index) => ({ kind: "key", key: `key:${by}:${atMs}`, index }) as const),
    ...only(run.startedAtMs !== undefined && !onlyAdds(plan), "started"),
    ...only(run.pastNoReturn && !plan.pastNoReturn, "no-return"),
    ...only(
      WAITS_FOR_PEOPLE.some((each) => each === state),
      "waits",
      `${state}:${stateAt}`,
    ),
    ...only(openedMs !== undefined, "opened", `${openedMs}`),
    ...only(watch.state === "fenced" && watch.tries > 0, "fenced", `${watch.endedAtMs}`),
    ...only(state === "verified", "verified"),
    ...only(state === "unwound", "unwound"),
  ];
}

const only = (is: boolean, kind: RunNews["kind"], which?: string): readonly RunNews[] =>
  is ? [{ kind, key: which === undefined ? kind : `${kind}:${which}` }] : [];
