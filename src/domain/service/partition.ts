import { type Region, ROUTE53_CONTROL_PLANE } from "./service.ts";

/** Separate worlds of AWS: accounts, roles and ARNs of one are unknown in the others. */
export type Partition =
  | "aws"
  | "aws-us-gov"
  | "aws-cn"
  | "aws-eusc"
  | "aws-iso"
  | "aws-iso-b"
  | "aws-iso-e"
  | "aws-iso-f";

interface PartitionFacts {
  readonly partition: Partition;
  /** How the names of its regions begin. */
  readonly prefix: string;
  /** Region whose control plane changes Route 53 records. */
  readonly route53: Region;
}

/** The first whose prefix fits. A region that AWS opens tomorrow belongs to `aws` unless its name says otherwise. */
const PARTITIONS: readonly PartitionFacts[] = [
  { partition: "aws-us-gov", prefix: "us-gov-", route53: "us-gov-west-1" },
  { partition: "aws-cn", prefix: "cn-", route53: "cn-northwest-1" },
  { partition: "aws-eusc", prefix: "eusc-", route53: "eusc-de-east-1" },
  { partition: "aws-iso", prefix: "us-iso-", route53: "us-iso-east-1" },
  { partition: "aws-iso-b", prefix: "us-isob-", route53: "us-isob-east-1" },
  { partition: "aws-iso-e", prefix: "eu-isoe-", route53: "eu-isoe-west-1" },
  { partition: "aws-iso-f", prefix: "us-isof-", route53: "us-isof-south-1" },
  { partition: "aws", prefix: "", route53: ROUTE53_CONTROL_PLANE },
];

export function partitionOf(region: Region): Partition {
  return factsOf(region).partition;
}

/** Where the Route 53 API of the region's partition lives: DNS answers without it, changes do not happen without it. */
export function route53RegionOf(region: Region): Region {
  return factsOf(region).route53;
}

function factsOf(region: Region): PartitionFacts {
  const found = PARTITIONS.find(({ prefix }) => region.startsWith(prefix));
  if (!found) throw new RangeError(`${region} belongs to no partition`);
  return found;
}
