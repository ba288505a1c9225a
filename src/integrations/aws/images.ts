import { type EcrImage, ecrImage } from "../../domain/service/ecr-image.ts";
import type { Region } from "../../domain/service/region.ts";
import type { ComputeGround } from "../../ports/compute.ts";
import { aside, sayLate } from "./aside.ts";
import { CallFailed, notKnown } from "./errors.ts";
import type { By } from "./lookups.ts";
import { ECR } from "./lookups-ecr.ts";

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
export async function readImages(by: By, { region, images, signal }: Wanted): Promise<ImagesSeen> {
  const seen = await Promise.all(
    [...new Set(images)].map(async (image) => {
      const place = ecrImage(image);
      if (place === undefined) return { image, is: "there" as const };
      const asked = lookFor(by, { image, ...place }, signal);
      // Another region may be the one that is dying.
      const verdict = await (place.region === region ? asked : aside(asked, () => late(by, place.region)));
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

type ImagesSeen = Pick<ComputeGround, "absentImages" | "unseenImages">;

/** Silent is only a registry that has given no answer: this look may not have left yet. */
const late = ({ caller }: By, region: Region): Verdict => ({
  ...{ is: "unseen", why: sayLate("ECR", region), isSilent: caller.isSilent({ api: ECR, region }) },
});

type Place = EcrImage & { readonly image: string };

async function lookFor(by: By, place: Place, signal: AbortSignal | undefined): Promise<Verdict> {
  const { image, region } = place;
  try {
    await by.lookups.images(region).ask({ id: image, doing: `look for image ${image}`, signal });
    return { is: "there" };
  } catch (error) {
    const isMissing = error instanceof CallFailed && NOT_THERE.has(error.failure.code);
    return isMissing ? await lookElsewhere(by, place, signal) : unseen(error);
  }
}

/** What ECR does not have it may get for the first task that starts: only then its repository comes about. */
async function lookElsewhere(
  { lookups }: By,
  { account, region, repository }: Place,
  signal: AbortSignal | undefined,
): Promise<Verdict> {
  const doing = `read the pull-through rules of registry ${account}`;
  try {
    const rules = await lookups.pullThroughRules(region).ask({ id: account, doing, signal });
    const fitting = rules?.find(({ ecrRepositoryPrefix: prefix }) => fits(repository, prefix));
    if (!fitting) return { is: "absent" };
    const { ecrRepositoryPrefix: prefix, upstreamRegistryUrl: from = "another registry" } = fitting;
    return { is: "unseen", why: `ECR does not have it, and gets it from ${from} by its pull-through rule ${prefix}` };
  } catch (error) {
    return unseen(error);
  }
}

/** The prefix of a rule that takes whatever no other rule takes. */
const ANY_REPOSITORY = "ROOT";

const fits = (repository: string, prefix: string | undefined): boolean =>
  prefix !== undefined && (prefix === ANY_REPOSITORY || repository.startsWith(`${prefix}/`));

function unseen(error: unknown): Verdict {
  if (!(error instanceof CallFailed)) throw error;
  const { why, cause } = notKnown(error, 0);
  return { is: "unseen", why, isSilent: cause === "unreachable" };
}
