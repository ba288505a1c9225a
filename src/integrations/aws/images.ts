import { DescribeImagesCommand } from "@aws-sdk/client-ecr";
import { type EcrImage, ecrImage } from "../../domain/service/ecr-image.ts";
import type { Region } from "../../domain/service/region.ts";
import type { ComputeGround } from "../../ports/compute.ts";
import { aside, sayLate } from "./aside.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { CallFailed, notKnown } from "./errors.ts";

const NOT_THERE = new Set(["ImageNotFoundException", "RepositoryNotFoundException"]);

interface Wanted {
  /** Where the service stands. */
  readonly region: Region;
  readonly images: readonly string[];
  readonly signal: AbortSignal | undefined;
}

type Verdict =
  | { readonly is: "there" | "absent" }
  | { readonly is: "unseen"; readonly why: string; readonly isSilent?: boolean };

/**
 * Which images ECR does not have, each in the region and the account that its name says. Of registries that are not ECR's nobody is
 * asked.
 */
export async function readImages(
  caller: Caller,
  clients: Clients,
  { region, images, signal }: Wanted,
): Promise<ImagesSeen> {
  const seen = await Promise.all(
    [...new Set(images)].map(async (image) => {
      const place = ecrImage(image);
      if (place === undefined) return { image, is: "there" as const };
      const asked = lookFor({ image, ...place }, { caller, clients, signal });
      // Another region may be the one that is dying.
      const verdict = await (place.region === region ? asked : aside(asked, late(place.region)));
      return { image, ...verdict };
    }),
  );
  const absentImages = seen.filter(({ is }) => is === "absent").map(({ image }) => image);
  const unseenImages = seen.flatMap((one) =>
    one.is === "unseen" ? [{ image: one.image, why: one.why, ...(one.isSilent && { isSilent: one.isSilent }) }] : [],
  );
  return {
    ...(absentImages.length > 0 && { absentImages }),
    ...(unseenImages.length > 0 && { unseenImages }),
  };
}

const late = (region: Region): Verdict => ({ is: "unseen", why: sayLate("ECR", region), isSilent: true });

type ImagesSeen = Pick<ComputeGround, "absentImages" | "unseenImages">;

interface By extends Pick<Wanted, "signal"> {
  readonly caller: Caller;
  readonly clients: Clients;
}

async function lookFor(
  { image, account, region, repository, tag, digest }: EcrImage & { readonly image: string },
  { caller, clients, signal }: By,
): Promise<Verdict> {
  const ask = { api: "ecr", region, doing: `look for image ${image}`, signal };
  const imageIds = [digest === undefined ? { imageTag: tag ?? "latest" } : { imageDigest: digest }];
  const command = new DescribeImagesCommand({ registryId: account, repositoryName: repository, imageIds });
  try {
    await caller.read(ask, (options) => clients.ecr.in(region).send(command, options));
    return { is: "there" };
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (NOT_THERE.has(error.failure.code)) return { is: "absent" };
    const { why, cause } = notKnown(error, 0);
    return { is: "unseen", why, isSilent: cause === "unreachable" };
  }
}
