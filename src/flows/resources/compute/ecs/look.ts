import type { RegionFacts, Told } from "../../../../domain/service/observation.ts";
import { isUnreachable, type Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import { type ComputeFacts, type ComputeGround, isSuspended, type Scaling } from "../../../../ports/compute.ts";
import { sayKnown } from "../../facts.ts";
import type { IdentityFact, Looking, Place, Seen } from "../../place.ts";
import { compute } from "./parts.ts";
import type { Ecs } from "./settings.ts";

export interface EcsSeen {
  readonly in: Readonly<Record<Region, Known<ComputeFacts>>>;
  /** What its tasks would start on; absent: the look did not ask. */
  readonly ground?: Readonly<Record<Region, Known<ComputeGround>>>;
}

export type EcsAt = Seen<Ecs, EcsSeen>;

export async function look({ resource }: Place<Ecs>, looking: Looking): Promise<EcsSeen> {
  const { regions, cloud, signal } = looking;
  const seen = await Promise.all(
    regions.map(async (region) => {
      const site = compute(resource, region);
      const now = await looking.of(region, cloud.compute.describe(region, site, signal));
      if (!now.known) return { region, now, ground: now };
      const asked = cloud.compute.ground({ region, site, facts: now.value }, signal);
      return { region, now, ground: await looking.of(region, asked) };
    }),
  );
  return {
    in: Object.fromEntries(seen.map(({ region, now }) => [region, now])),
    ground: Object.fromEntries(seen.map(({ region, ground }) => [region, ground])),
  };
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

function sayService({ status, running, desired, targets, scaling }: ComputeFacts): string {
  if (status !== "ACTIVE") return `it is ${status}: ${running} tasks run`;
  const health = targets ? `, ${targets.healthy} of ${targets.total} targets healthy` : "";
  const tasks = desired === 0 && running === 0 ? "no tasks" : `${running} tasks of ${desired} run${health}`;
  if (!scaling) return tasks;
  return `${tasks}; auto scaling ${scaling.min}–${scaling.max}${saySuspended(scaling)}`;
}

function saySuspended(scaling: Scaling): string {
  const { scaleIn, scaleOut, scheduled } = scaling.suspended;
  if (isSuspended(scaling)) return ", suspended";
  const parts = [
    ...(scaleIn ? ["scale-in"] : []),
    ...(scaleOut ? ["scale-out"] : []),
    ...(scheduled ? ["schedules"] : []),
  ];
  return parts.length === 0 ? "" : `, ${parts.join(" and ")} suspended`;
}

export function identity({ seen }: EcsAt, region: Region): IdentityFact[] {
  const now = seen.in[region];
  return [
    {
      ...{ fact: "standby-service", says: "the standby's service and task definition" },
      value: now?.known ? `${now.value.status} ${now.value.taskDefinition ?? "task sets"}` : undefined,
    },
  ];
}
