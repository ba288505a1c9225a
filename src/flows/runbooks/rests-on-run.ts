import { sayTime } from "../../domain/duration.ts";
import { isMove } from "../../domain/plan-run/plan.ts";
import type { Moved } from "../../domain/service/moved.ts";
import type { Observation } from "../../domain/service/observation.ts";
import type { Region } from "../../domain/service/region.ts";
import { type KindSeen, placesOf, seenOf } from "../resources/places.ts";
import { buildAgain } from "./plan-parts.ts";
import type { Planned, PlanRequest } from "./runbook.ts";

type Proven = Extract<Moved, { kind: "proven" }>;

interface Resting {
  readonly moved: Proven;
  /** What is said without that run, as a clause. */
  readonly alone: string;
}

/** That a store's writer is known from our own run alone; undefined: the look says the same without it, or nobody names one. */
export function restsOnRun(at: KindSeen, { moved }: Pick<Observation, "moved">): Resting | undefined {
  const { store } = at.kind;
  if (!store || moved?.kind !== "proven") return undefined;
  const [told, alone] = [store.writer(at, moved), store.writer(at)];
  if (!told.known || (alone.known && alone.value === told.value)) return undefined;
  return { moved, alone: alone.known ? `by what it shows ${alone.value} is the writer` : alone.why };
}

/**
 * A move leaves behind whatever the look has wrong, and nobody signs for the word of a run. So it is planned only where the look by itself
 * names the writer. What stays in its region needs no more than the run.
 */
export function withoutMoveOnRun(planned: Planned, { service, observed }: PlanRequest): Planned {
  if (planned.kind === "refused" || !isMove(planned.plan)) return planned;
  for (const place of placesOf(service)) {
    const at = seenOf(place, observed);
    const resting = restsOnRun(at, observed);
    if (resting)
      return { kind: "refused", reasons: [whyNoMove(at, resting, { to: planned.plan.to, nowMs: observed.atMs })] };
  }
  return planned;
}

interface Asked {
  readonly to: Region;
  readonly nowMs: number;
}

function whyNoMove(at: KindSeen, { moved, alone }: Resting, { to, nowMs }: Asked): string {
  const all = Object.entries(moved.fenced);
  const open = all.filter(([region]) => at.kind.store?.move?.standsAlone(at, region));
  const sides = open.length > 0 ? open : all;
  const left = sides.map(
    ([region, { run, sinceMs }]) => `${region} was fenced by ${run} at ${sayTime(sinceMs, nowMs)}`,
  );
  const again = sides.map(([region]) => buildAgain(region));
  return [
    `TwoKey knows by its own run alone that ${moved.to} is the writer: ${left.join(", and ")}.`,
    `AWS does not show it so: ${alone}. A move to ${to} is planned only when AWS does.`,
    ...again,
  ].join(" ");
}
