import { z } from "zod";

export const REGION_PATTERN = /^[a-z]{2,4}(-[a-z]+){1,2}-\d{1,2}$/;
/** Also regions of other partitions (`us-gov-west-1`, `cn-north-1`, `eusc-de-east-1`) and of tomorrow. */
export const RegionName = z.string().regex(REGION_PATTERN, "must be an AWS region such as eu-west-1");
export type Region = string;

interface Partition {
  /** Second part of every ARN. */
  readonly id: string;
  readonly regions: RegExp;
  /** Region whose control plane changes Route 53 records. AWS: "Route 53 endpoints and quotas". */
  readonly route53: Region;
  readonly suffix: string;
}

const COMMERCIAL: Partition = { id: "aws", regions: /^/, route53: "us-east-1", suffix: "amazonaws.com" };

/** The first whose pattern fits. Source: the SDK's own partitions.json. */
const PARTITIONS: readonly Partition[] = [
  { id: "aws-us-gov", regions: /^us-gov-/, route53: "us-gov-west-1", suffix: "amazonaws.com" },
  { id: "aws-cn", regions: /^cn-/, route53: "cn-northwest-1", suffix: "amazonaws.com.cn" },
  { id: "aws-eusc", regions: /^eusc-/, route53: "eusc-de-east-1", suffix: "amazonaws.eu" },
  { id: "aws-iso", regions: /^us-iso-/, route53: "us-iso-east-1", suffix: "c2s.ic.gov" },
  { id: "aws-iso-b", regions: /^us-isob-/, route53: "us-isob-east-1", suffix: "sc2s.sgov.gov" },
  { id: "aws-iso-e", regions: /^eu-isoe-/, route53: "eu-isoe-west-1", suffix: "cloud.adc-e.uk" },
  { id: "aws-iso-f", regions: /^us-isof-/, route53: "us-isof-south-1", suffix: "csp.hci.ic.gov" },
];

const partition = (region: Region): Partition => PARTITIONS.find(({ regions }) => regions.test(region)) ?? COMMERCIAL;

/** `eu-west-1` → `aws`, `us-gov-west-1` → `aws-us-gov`: accounts, roles and names end at its border. */
export const partitionOf = (region: Region): string => partition(region).id;

/** Region whose control plane changes the Route 53 records of `region`'s partition. */
export const route53RegionOf = (region: Region): Region => partition(region).route53;

/** The same for the ordinary partition (AWS: the Route 53 API lives in us-east-1). */
export const ROUTE53_CONTROL_PLANE: Region = COMMERCIAL.route53;

/** What the names of AWS's own endpoints end with there. */
export const dnsSuffixOf = (region: Region): string => partition(region).suffix;

/** Regions by name as of November 2026; one that is not here may be newer. */
export const KNOWN_REGIONS: readonly Region[] = [
  ...["af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"],
  ...["ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"],
  ...["ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1"],
  ...["eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3"],
  ...["eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1"],
  ...["us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2"],
];

const POINTS = /^(north|south|east|west|central|northeast|northwest|southeast|southwest)$/;

/** True for a name that AWS could give to a region that did not exist when this was written. */
export function couldBeRegion(region: string): boolean {
  const parts = region.split("-");
  return RegionName.safeParse(region).success && POINTS.test(parts.at(-2) ?? "");
}
