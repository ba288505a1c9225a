import type { Region } from "../../../../domain/service/region.ts";
import type { Permission } from "../../../../ports/permission.ts";
import { rds } from "../../../steps/permissions.ts";

export const rebooting = (region: Region, instance: string): Permission => ({
  actions: ["rds:RebootDBInstance"],
  on: [rds(region, `db:${instance}`)],
});

export const promoting = (region: Region, instance: string): Permission => ({
  actions: ["rds:PromoteReadReplica"],
  on: [rds(region, `db:${instance}`)],
});

/** IAM cannot limit it to one attribute. Without the second line it would hand the password of its owner to Secrets Manager too. */
export const forbiddingDeletion = (region: Region, instance: string): Permission => ({
  actions: ["rds:ModifyDBInstance"],
  on: [rds(region, `db:${instance}`)],
  when: { BoolIfExists: { "rds:ManageMasterUserPassword": ["false"] } },
});

/** Every security group of one network: which of them a database will carry, nobody knows before it is fenced. */
export const closingIn = (region: Region, vpc: string): Permission => ({
  actions: ["ec2:RevokeSecurityGroupIngress"],
  on: [{ service: "ec2", region, resource: "security-group/*" }],
  // Partition and account are those of the group itself.
  when: { ArnLike: { "ec2:Vpc": [`arn:*:ec2:${region}:*:vpc/${vpc}`] } },
});

export const closing = (region: Region, securityGroup: string): Permission => ({
  actions: ["ec2:RevokeSecurityGroupIngress"],
  on: [{ service: "ec2", region, resource: `security-group/${securityGroup}` }],
});

/** The step that closes a group gives it back as well, and opens no other one. */
export const opening = (region: Region, securityGroup: string): Permission => ({
  actions: ["ec2:AuthorizeSecurityGroupIngress"],
  on: [{ service: "ec2", region, resource: `security-group/${securityGroup}` }],
});
