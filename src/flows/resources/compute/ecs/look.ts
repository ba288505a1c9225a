import type { RegionFacts, Told } from "../../../../domain/service/observation.ts";
import { type ComputeFacts, isUnreachable, type Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import { sayKnown } from "../../facts.ts";
import type { IdentityFact, Looking, Place, Seen } from "../../place.ts";
import { compute } from "./parts.ts";
import type { Ecs } from "./settings.ts";

export interface EcsSeen {
  readonly in: Readonly<Record<Region, Known<ComputeFacts>>>;
}

export type EcsAt = Seen<Ecs, EcsSeen>;

export async function look({ resource }: Place<Ecs>, looking: Looking): Promise<EcsSeen> {
  const { regions, cloud, signal } = looking;
  const seen = await Promise.all(
    regions.map(async (region) => {
      const asked = cloud.compute.describe(region, compute(resource, region), signal);
      return [region, await looking.of(region, asked)] as const;
    }),
  );
  return { in: Object.fromEntries(seen) };
}

export const tell = ({ seen }: EcsAt): Told => ({
  in: Object.fromEntries(Object.entries(seen.in).map(([region, now]) => [region, tellRegion(now)])),
  facts: [],
});

const tellRegion = (now: Known<ComputeFacts>): RegionFacts => ({
  facts: [{ what: "service", seen: sayKnown(now, sayService) }],
  isSilent: isUnreachable(now),
  ...(now.known && now.value.desired === 0 && { isAtRest: true }),
});

function sayService({ running, desired, targets, scaling }: ComputeFacts): string {
  const health = targets ? `, ${targets.healthy} of ${targets.total} targets healthy` : "";
  const tasks = desired === 0 && running === 0 ? "no tasks" : `${running} tasks of ${desired} run${health}`;
  if (!scaling) return tasks;
  return `${tasks}; auto scaling ${scaling.min}–${scaling.max}${scaling.suspended ? ", suspended" : ""}`;
}

export function identity({ seen }: EcsAt, region: Region): IdentityFact[] {
  const now = seen.in[region];
  return [
    {
      ...{ fact: "standby-service", says: "the standby's service and task definition" },
      value: now?.known ? `${now.value.status} ${now.value.taskDefinition}` : undefined,
    },
  ];
}
