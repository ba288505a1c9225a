import { ACCOUNT_ID } from "./specs.ts";

/** How the names of a partition's regions begin; every other region is of `aws`. */
const PARTITIONS: readonly (readonly [prefix: string, partition: string])[] = [
  ["us-gov-", "aws-us-gov"],
  ["cn-", "aws-cn"],
  ["eusc-", "aws-eusc"],
];

export function partitionOf(region: string): string {
  return PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}

/** Of a resource in the simulated account, for instance `db:app` of `rds`. */
export function arnOf(service: string, region: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${ACCOUNT_ID}:${resource}`;
}

export interface ParsedArn {
  readonly region: string;
  readonly kind: string;
  readonly name: string;
}

/** The parts of an ARN of the simulated account; undefined for anything else, another account's ARN among it. */
export function parseArn(service: string, text: string): ParsedArn | undefined {
  const [scheme, partition, found, region = "", account, kind = "", ...rest] = text.split(":");
  const isOurs = scheme === "arn" && found === service && account === ACCOUNT_ID && partition === partitionOf(region);
  return isOurs && rest.length > 0 ? { region, kind, name: rest.join(":").toLowerCase() } : undefined;
}
