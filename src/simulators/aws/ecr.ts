import { z } from "zod";
import type { World } from "../world/world.ts";
import { tokenPage } from "./ecs-lists.ts";
import { type EcsSpec, imageOf, isBroken } from "./ecs-spec.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";

const ImageId = z.strictObject({ imageTag: z.string().optional(), imageDigest: z.string().optional() });
const DescribeImages = z.strictObject({
  registryId: z.string().optional(),
  repositoryName: z.string(),
  imageIds: z.array(ImageId).min(1).max(100),
});
const DescribeRules = z.strictObject({
  registryId: z.string().optional(),
  ecrRepositoryPrefixes: z.array(z.string()).min(1).max(100).optional(),
  nextToken: z.string().optional(),
  maxResults: z.number().int().min(1).max(1_000).default(100),
});
const Rule = z.strictObject({ region: z.string(), prefix: z.string(), upstream: z.string() });
const Remove = z.strictObject({ region: z.string(), image: z.string() });

/**
 * Simulated registries of ECR: each region has what the task definitions of ECS name, but the images of broken revisions. Steered by
 * `POST /ecr/remove`, as by a lifecycle policy that keeps too few, and by `POST /ecr/pull-through`. Digests are not known.
 */
export function createEcr(
  world: World,
  { ecs, accountId }: { readonly ecs: EcsSpec; readonly accountId: string },
): AwsService {
  const taggedIn = shelf(world, ecs, accountId);
  const describe = ({ input, region }: AwsCall) => {
    const { registryId = accountId, repositoryName, imageIds } = DescribeImages.parse(input);
    ownAlone(accountId, registryId);
    const repository = `${registryId}.dkr.ecr.${region}.amazonaws.com/${repositoryName}:`;
    const found = taggedIn(region).filter((image) => image.startsWith(repository));
    if (found.length === 0) {
      const where = `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`;
      throw new AwsError("RepositoryNotFoundException", where);
    }
    const imageDetails = imageIds.map(({ imageTag = "", imageDigest }) => {
      if (imageDigest === undefined && found.includes(`${repository}${imageTag}`))
        return { registryId, repositoryName, imageTags: [imageTag] };
      throw new AwsError(
        "ImageNotFoundException",
        `The image with imageId {imageDigest:'${imageDigest ?? "null"}', imageTag:'${imageTag}'} does not exist within the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
      );
    });
    return { imageDetails };
  };
  return {
    name: "ecr",
    protocol: "json-1.1",
    operations: {
      DescribeImages: { mutates: false, handle: describe },
      DescribePullThroughCacheRules: { mutates: false, handle: rulesOf(world, accountId) },
    },
  };
}

/** The images of a region. */
function shelf(world: World, ecs: EcsSpec, accountId: string) {
  const removed = new Set<string>();
  world.control.on("POST /ecr/remove", (body) => {
    const { region, image } = Remove.parse(body);
    removed.add(`${region} ${image}`);
    world.log.append("ecr.image-removed", { region, image });
  });
  return (region: string): readonly string[] => {
    const all = ecs.taskDefinitions.flatMap(({ family, latestRevision, image }) => {
      const revisions = Array.from({ length: latestRevision }, (_, index) => index + 1);
      const whole = revisions.filter((revision) => !isBroken(ecs, `${family}:${revision}`));
      return [
        ...whole.map((revision) => imageOf({ accountId, region }, family, revision)),
        ...(image === undefined ? [] : [image]),
      ];
    });
    return all.filter((image) => image.includes(`.ecr.${region}.`) && !removed.has(`${region} ${image}`));
  };
}

/** Registries of other accounts let nobody in. */
function ownAlone(accountId: string, registryId: string): void {
  if (registryId === accountId) return;
  throw new AwsError("AccessDeniedException", `Registry ${registryId} lets nobody of account ${accountId} look`);
}

function rulesOf(world: World, accountId: string) {
  const rules: z.infer<typeof Rule>[] = [];
  world.control.on("POST /ecr/pull-through", (body) => {
    const rule = Rule.parse(body);
    rules.push(rule);
    world.log.append("ecr.pull-through-rule", { ...rule });
  });
  return ({ input, region }: AwsCall) => {
    const wanted = DescribeRules.parse(input);
    const { registryId = accountId, ecrRepositoryPrefixes: prefixes } = wanted;
    ownAlone(accountId, registryId);
    const found = rules.filter((rule) => rule.region === region && (prefixes?.includes(rule.prefix) ?? true));
    const { entries, nextToken } = tokenPage(found, { size: wanted.maxResults, token: wanted.nextToken });
    const pullThroughCacheRules = entries.map(({ prefix, upstream }) => ({
      ...{ ecrRepositoryPrefix: prefix, upstreamRegistryUrl: upstream, registryId },
    }));
    return { pullThroughCacheRules, ...(nextToken !== undefined && { nextToken }) };
  };
}
