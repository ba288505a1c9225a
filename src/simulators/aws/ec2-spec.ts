import { z } from "zod";
import { NetworkInterfaceSpec } from "./network-interfaces.ts";
import { SourceText } from "./security-rules.ts";
import { DEFAULT_VPC, Duration } from "./specs.ts";
import { SubnetSpec } from "./subnets.ts";

export const SecurityRuleSpec = z.strictObject({
  protocol: z.enum(["tcp", "udp", "icmp", "-1"]).default("tcp"),
  fromPort: z.number().int(),
  toPort: z.number().int(),
  source: SourceText,
  /** How the network of a group is reached, where it stands in another one. */
  peering: z.strictObject({ vpc: z.string(), connection: z.string() }).optional(),
  description: z.string().optional(),
});

export const SecurityGroupSpec = z.strictObject({
  id: z.string().startsWith("sg-"),
  region: z.string(),
  name: z.string(),
  vpcId: z.string().default(DEFAULT_VPC),
  ingress: z.array(SecurityRuleSpec).default([]),
});

export const Ec2Spec = z.strictObject({
  securityGroups: z.array(SecurityGroupSpec).default([]),
  /** Groups of other accounts that a rule here may name. */
  foreignGroups: z.array(z.strictObject({ region: z.string(), account: z.string(), id: z.string() })).default([]),
  /** Prefix lists with their blocks. */
  prefixLists: z
    .array(z.strictObject({ region: z.string(), id: z.string().startsWith("pl-"), entries: z.array(z.string()) }))
    .default([]),
  /** Beside the ordinary one of each region. */
  subnets: z.array(SubnetSpec).default([]),
  /** Beside those of database instances, which there are always. */
  networkInterfaces: z.array(NetworkInterfaceSpec).default([]),
  /** How long a description may still show the rules from before a change; AWS calls its API eventually consistent. */
  staleRead: Duration.default(0),
  /** How long a rule change takes to reach the network. */
  ruleEffect: Duration.default({ low: 1, high: 3 }),
});
export type Ec2Spec = z.infer<typeof Ec2Spec>;
export type Ec2SpecInput = z.input<typeof Ec2Spec>;
