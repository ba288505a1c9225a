import { expect, test } from "@jest/globals";
import { dnsSuffixOf, partitionOf, RegionName, route53RegionOf } from "../../../src/domain/service/region.ts";

test.each([
  ["eu-west-1", "aws", "us-east-1", "amazonaws.com"],
  ["us-gov-east-1", "aws-us-gov", "us-gov-west-1", "amazonaws.com"],
  ["cn-north-1", "aws-cn", "cn-northwest-1", "amazonaws.com.cn"],
  ["eusc-de-east-1", "aws-eusc", "eusc-de-east-1", "amazonaws.eu"],
  ["us-iso-west-1", "aws-iso", "us-iso-east-1", "c2s.ic.gov"],
  ["us-isob-east-1", "aws-iso-b", "us-isob-east-1", "sc2s.sgov.gov"],
  ["eu-isoe-west-1", "aws-iso-e", "eu-isoe-west-1", "cloud.adc-e.uk"],
  ["us-isof-east-1", "aws-iso-f", "us-isof-south-1", "csp.hci.ic.gov"],
])("%s is of the partition %s: Route 53 is changed in %s, and endpoints end in %s", (region, ...expected) => {
  expect(RegionName.safeParse(region).success).toBe(true);
  expect([partitionOf(region), route53RegionOf(region), dnsSuffixOf(region)]).toEqual(expected);
});
