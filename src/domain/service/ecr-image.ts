import type { Region } from "./region.ts";

export interface EcrImage {
  /** Account of the registry. */
  readonly account: string;
  readonly region: Region;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Host names of ECR in all partitions, over IPv4 alone and over both. */
const OF_ECR =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.(?:aws|amazonwebservices\.com\.cn))\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]+))?$/;

/** `111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:7`, or `…/team/app@sha256:…`; undefined: of another registry. */
export function ecrImage(name: string): EcrImage | undefined {
  const [, account, region, repository, tag, digest] = OF_ECR.exec(name) ?? [];
  if (account === undefined || region === undefined || repository === undefined) return undefined;
  return { account, region, repository, tag, digest };
}
