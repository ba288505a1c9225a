import { sayDuration } from "../../../domain/duration.ts";
import { type RunState, stateOf } from "../../../domain/plan-run/run.ts";
import type { Region } from "../../../domain/service/service.ts";
import { type KindSeen, tellApart } from "../../resources/places.ts";
import { positionMeasured } from "./measure.ts";

/** Name of the fact that bounds how far a store's copy may be behind. */
export const lagFact = (all: readonly KindSeen[], at: KindSeen): string => tellApart(all).id("lag-seconds", at);

interface Followed {
  readonly all: readonly KindSeen[];
  readonly at: KindSeen;
  readonly to: Region;
}

/**
 * Why the keys do not hold for a copy that has ceased to follow since the plan; empty: they do. A planned move promised that
 * nothing is lost. Another one bounded how far a copy that followed might be behind, and what may be lost now is compared with
 * that. Where the old side was dark a position was signed for, which never goes back: that the link has ended is no news.
 */
export function linkEndedSince(run: RunState, { all, at, to }: Followed): string[] {
  const ended = at.kind.store?.move?.linkEnded?.(at, to);
  if (!ended) return [];
  if (run.plan.mode === "planned")
    return [
      `${ended.why}, so a planned move cannot be sure of every commit. Mend its replication, or use mode unplanned.`,
    ];
  const fact = lagFact(all, at);
  const bound = run.plan.assumptions.find((each) => each.kind === "bounded" && each.fact === fact);
  if (bound?.kind !== "bounded") return [];
  const lostMs = lostAtMost(run, at, ended.atMs);
  if (lostMs !== undefined && lostMs <= bound.limit * 1_000) return [];
  const lost = lostMs === undefined ? "How much is lost is unknown" : `Commits of ${sayDuration(lostMs)} may be lost`;
  return [`${ended.why}. ${lost}; at most ${bound.limit} s was accepted.`];
}

/** From what is known to have arrived until the old side took no more writes, or until now. Undefined: nothing is known to have. */
function lostAtMost(run: RunState, at: KindSeen, nowMs: number): number | undefined {
  const { plan } = run;
  const arrivedMs = positionMeasured(run, at) ?? (plan.dataLoss.kind === "after" ? plan.dataLoss.atMs : undefined);
  if (arrivedMs === undefined) return undefined;
  const fence = plan.steps.find(({ role }) => role === "protects");
  const endMs = (fence && stateOf(run, fence.id).endedAtMs) ?? nowMs;
  return Math.max(0, endMs - arrivedMs);
}
