import type { Region } from "../../../../domain/service/service.ts";
import type { EcsAt } from "./look.ts";
import { compute } from "./parts.ts";

/**
 * Which roles of its tasks nobody has seen to be there. IAM alone says it, and TwoKey may not ask IAM. But a role is one for all
 * regions, and tasks that run have it: where the tasks of another region run with it, or some run here, it is there.
 */
export function rolesUnseen(at: EcsAt, region: Region): string[] {
  const { service, tasks } = compute(at.resource, region);
  const now = at.seen.in[region];
  if (now?.known && now.value.running >= tasks) return [];
  const inUse = new Set(
    Object.keys(at.seen.in).flatMap((each) => {
      const there = at.seen.in[each];
      return there?.known && there.value.running > 0 ? rolesIn(at, each) : [];
    }),
  );
  return rolesIn(at, region)
    .filter((role) => !inUse.has(role))
    .map(
      (role) => `whether role ${role} of ${service} in ${region} is there: only IAM says it, and no task runs with it`,
    );
}

function rolesIn({ seen }: EcsAt, region: Region): readonly string[] {
  const ground = seen.ground?.[region];
  return (ground?.known ? ground.value.roles : undefined) ?? [];
}
