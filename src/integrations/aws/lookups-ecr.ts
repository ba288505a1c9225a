import {
  DescribeImagesCommand,
  DescribePullThroughCacheRulesCommand,
  type PullThroughCacheRule,
} from "@aws-sdk/client-ecr";
import { ecrImage } from "../../domain/service/ecr-image.ts";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

export const ECR = "ecr";

/** By their whole names: those of one repository could share a call, and nearly none does. */
export const images = (clients: Clients, region: Region): Kind<string> => ({
  ...{ api: ECR, region, most: 1 },
  async page([image = ""], _from, options) {
    const { account, repository, tag, digest } = ecrImage(image) ?? {};
    const imageIds = [digest === undefined ? { imageTag: tag ?? "latest" } : { imageDigest: digest }];
    const command = new DescribeImagesCommand({ registryId: account, repositoryName: repository, imageIds });
    await clients.ecr.in(region).send(command, options);
    return { items: [image], next: undefined };
  },
  isOf: (item, id) => item === id,
});

/** All of the registry of one account: what it gets from elsewhere when it is pulled first. */
export const pullThroughRules = (clients: Clients, region: Region): Kind<readonly PullThroughCacheRule[]> => ({
  ...{ api: ECR, region, most: 1 },
  async page([registryId], nextToken, options) {
    const command = new DescribePullThroughCacheRulesCommand({ registryId, nextToken });
    const { pullThroughCacheRules: rules = [], nextToken: next } = await clients.ecr.in(region).send(command, options);
    return { items: [rules], next };
  },
  isOf: () => true,
  join: (pages) => pages.flat(),
});
