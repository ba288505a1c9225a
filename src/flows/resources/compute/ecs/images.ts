import type { Acceptance } from "../../../../domain/plan-run/plan.ts";
import { ecrImage } from "../../../../domain/service/ecr-image.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { ComputeFacts, ComputeGround } from "../../../../ports/compute.ts";
import type { Move } from "../../place.ts";
import type { EcsAt } from "./look.ts";
import { compute } from "./parts.ts";

/** What its tasks would be started from is not there, so that not one more starts. */
export function imageBlockers(at: EcsAt, region: Region): string[] {
  const now = at.seen.in[region];
  const { service, tasks } = compute(at.resource, region);
  const { absentImages: absent = [] } = groundIn(at, region);
  return now?.known && now.value.running < tasks && absent.length > 0
    ? [
        `${service} in ${region} starts its tasks from ${absent.join(" and ")}, which ECR does not have there. Push it, or deploy a task definition whose image is there.`,
      ]
    : [];
}

/**
 * Fargate keeps no image: it pulls one for each task. No reason to stop a run that has begun, whose key holders have agreed to where
 * the image lies.
 */
export function silentRegistries(at: EcsAt, { to, continues }: Pick<Move, "to" | "continues">): string[] {
  const now = at.seen.in[to];
  const { service, tasks } = compute(at.resource, to);
  if (!now?.known || continues?.pastNoReturn || tasks === 0 || !isFargate(now.value)) return [];
  if (now.value.running + now.value.pending > 0) return [];
  const silent = (groundIn(at, to).unseenImages ?? []).flatMap(({ image, isSilent }) => {
    const region = isSilent ? ecrImage(image)?.region : undefined;
    return region === undefined || region === to ? [] : [{ image, region }];
  });
  return silent.map(
    ({ image, region }) =>
      `${service} in ${to} starts its tasks from ${image}, and ECR gives no answer in ${region}: not one task would start. Copy the image to a registry in ${to}, and deploy a task definition that names it there.`,
  );
}

interface Naming {
  readonly what: string;
  readonly from: Region;
}

export function imageAcceptances({ images = [] }: ComputeGround, { what, from }: Naming): Acceptance[] {
  const left = images.filter((image) => ecrImage(image)?.region === from);
  return left.length > 0
    ? [
        {
          id: "image-of-old-side",
          words: `I accept that ${what} starts from an image of the registry in ${from} (${left.join(", ")}): where that does not answer, no task starts`,
          danger: `${what} pulls its image from ${from}.`,
        },
      ]
    : [];
}

export function imagesUnseen(at: EcsAt, region: Region): string[] {
  const { service } = compute(at.resource, region);
  return (groundIn(at, region).unseenImages ?? []).map(
    ({ image, why }) => `whether image ${image} of ${service} in ${region} is there: ${why}`,
  );
}

function groundIn({ seen }: EcsAt, region: Region): ComputeGround {
  const ground = seen.ground?.[region];
  return ground?.known ? ground.value : {};
}

/** Machines of one's own may have the image already. */
const isFargate = ({ capacityProviders = [], launchType = "FARGATE" }: ComputeFacts): boolean =>
  capacityProviders.length > 0
    ? capacityProviders.every((provider) => provider.startsWith("FARGATE"))
    : launchType === "FARGATE";
