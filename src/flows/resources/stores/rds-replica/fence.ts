import { z } from "zod";
import { canonicalJson } from "../../../../domain/json.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import { FirewallRuleInput } from "../../../steps/schemas.ts";
import type { Fence } from "../../fence.ts";
import type { RdsSeen } from "./look.ts";
import { database } from "./parts.ts";
import type { RdsReplica } from "./settings.ts";

const Things = z.object({ region: z.string(), securityGroup: z.string() });
type Things = z.infer<typeof Things>;
const Captured = z.object({ rules: z.array(FirewallRuleInput).readonly() });
type Captured = z.infer<typeof Captured>;

/** Nobody reaches an instance whose security group lets nobody in. */
export const fence: Fence<RdsReplica, RdsSeen, Things, Captured> = {
  things: Things,
  captured: Captured,
  thingsOf: ({ resource }, region) => ({ region, securityGroup: database(resource, region).security_group }),
  writeCheck: ({ resource }, region) => database(resource, region).write_check,

  seenIn({ seen }, region): Known<Captured> {
    const firewall = seen.in[region]?.firewall;
    if (!firewall) return { known: false, cause: "absent", why: `nobody has looked at ${region}`, atMs: 0 };
    return firewall.known ? { ...firewall, value: { rules: firewall.value } } : firewall;
  },

  async see({ region, securityGroup }, { cloud, signal }) {
    const rules = await cloud.firewall.rules(region, securityGroup, signal);
    return rules.known ? { ...rules, value: { rules: rules.value } } : rules;
  },

  isClosed: ({ rules }) => rules.length === 0,

  async close(things, now, { cloud, signal }) {
    if (!now.known || now.value.rules.length === 0) return [];
    return (await cloud.firewall.close({ ...things, rules: now.value.rules }, signal)).requestIds;
  },

  async reopen(things, { rules }, { cloud, signal }) {
    const now = await cloud.firewall.rules(things.region, things.securityGroup, signal);
    const open = new Set(now.known ? now.value.map(canonicalJson) : []);
    const missing = rules.filter((rule) => !open.has(canonicalJson(rule)));
    if (missing.length === 0) return [];
    return (await cloud.firewall.open({ ...things, rules: missing }, signal)).requestIds;
  },

  says: () => "security group open",

  byHand: ({ region, securityGroup }) => [
    `aws ec2 revoke-security-group-ingress --region ${region} --group-id ${securityGroup} --ip-permissions "$(aws ec2 describe-security-groups --region ${region} --group-ids ${securityGroup} --query 'SecurityGroups[0].IpPermissions' --output json)"`,
  ],
  permissions: ["ec2:RevokeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress"],
};
