import { DescribeImagesCommand } from "@aws-sdk/client-ecr";
import type { Region } from "../../domain/service/region.ts";
import type { ComputeGround } from "../../ports/compute.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { CallFailed } from "./errors.ts";

/** `111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:7`, or `…/team/app@sha256:…`. */
const OF_ECR =
  /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]+))?$/;

const NOT_THERE = new Set(["ImageNotFoundException", "RepositoryNotFoundException"]);

interface Wanted {
  readonly region: Region;
  readonly images: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Which images the registry of ECR does not have. Only that of the service's own region is asked: another one may be silent, and a
 * plan would wait for it. Of registries that are not ECR's nobody is asked.
 */
export async function readImages(
  caller: Caller,
  clients: Clients,
  { region, images, signal }: Wanted,
): Promise<ImagesSeen> {
  const seen = await Promise.all(
    [...new Set(images)].map(async (image) => {
      const [, registryId, where, repositoryName, tag, digest] = OF_ECR.exec(image) ?? [];
      if (where === undefined) return { image, is: "there" as const };
      if (where !== region) return { image, is: "unseen" as const, why: `it lies in ${where}, which is not asked` };
      const ask = { api: "ecr", region, doing: `look for image ${image}`, signal };
      const imageIds = [digest === undefined ? { imageTag: tag ?? "latest" } : { imageDigest: digest }];
      const command = new DescribeImagesCommand({ registryId, repositoryName, imageIds });
      try {
        await caller.read(ask, (options) => clients.ecr.in(region).send(command, options));
        return { image, is: "there" as const };
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        if (NOT_THERE.has(error.failure.code)) return { image, is: "absent" as const };
        return { image, is: "unseen" as const, why: error.message };
      }
    }),
  );
  const absentImages = seen.filter(({ is }) => is === "absent").map(({ image }) => image);
  const unseenImages = seen.flatMap((one) => (one.is === "unseen" ? [{ image: one.image, why: one.why }] : []));
  return {
    ...(absentImages.length > 0 && { absentImages }),
    ...(unseenImages.length > 0 && { unseenImages }),
  };
}

type ImagesSeen = Pick<ComputeGround, "absentImages" | "unseenImages">;
