import { z } from "zod";
import { canonicalJson } from "../../../../domain/json.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import { told } from "../../../steps/by-hand.ts";
import { closing, rebooting } from "../../../steps/permissions.ts";
import { FirewallRuleInput } from "../../../steps/schemas.ts";
import type { Fence } from "../../fence.ts";
import { endSessions } from "./end-sessions.ts";
import type { RdsSeen } from "./look.ts";
import { database } from "./parts.ts";
import type { RdsReplica } from "./settings.ts";

const Things = z.object({
  region: z.string(),
  securityGroup: z.string(),
  writeCheck: z.string(),
  /** Instance that is rebooted to end the sessions that are open; absent: they end with the tasks that hold them. */
  reboot: z.string().exactOptional(),
});
type Things = z.infer<typeof Things>;
const Captured = z.object({ rules: z.array(FirewallRuleInput).readonly() });
type Captured = z.infer<typeof Captured>;

/** Statuses in which an instance refuses everybody for now, and lets its users in again by itself. */
const RESTARTS: ReadonlySet<string> = new Set(["rebooting", "starting"]);

/** Nobody reaches an instance whose security group lets nobody in. */
export const fence: Fence<RdsReplica, RdsSeen, Things, Captured> = {
  things: Things,
  captured: Captured,
  thingsOf: ({ resource }, region) => {
    const { security_group: securityGroup, write_check: writeCheck, instance } = database(resource, region);
    const isRebooted = resource.end_sessions === "reboot";
    return { region, securityGroup, writeCheck, ...(isRebooted && { reboot: instance }) };
  },
  /** A group that other machines may carry as well is never closed unless the file names it. */
  leavesOpen({ seen, resource }, region) {
    const facts = seen.in[region]?.database;
    if (!facts?.known) return [];
    const { instance, security_group: named } = database(resource, region);
    return facts.value.securityGroups.filter((group) => group !== named).map((group) => `${group} of ${instance}`);
  },
  endsSessions: ({ reboot }) => reboot !== undefined,
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

  async close(things, now, context) {
    const { cloud, signal } = context;
    const { region, securityGroup, reboot: instance, writeCheck } = things;
    if (!now.known) return [];
    const { rules } = now.value;
    // Asked while it is still open: the session that the check then keeps is the one that has to end.
    if (instance !== undefined) await cloud.probe.writeOverKept(writeCheck, signal);
    const closed =
      rules.length === 0 ? [] : (await cloud.firewall.close({ region, securityGroup, rules }, signal)).requestIds;
    return instance === undefined
      ? closed
      : [...closed, ...(await endSessions({ region, instance, writeCheck }, context))];
  },

  /** While it restarts it refuses everybody, whether the group is closed or not. */
  async left({ region, reboot: instance }, { cloud, signal }) {
    if (instance === undefined) return { known: true, value: undefined, atMs: cloud.clock.now() };
    const now = await cloud.databases.describe(region, instance, signal);
    if (!now.known) return now;
    const { status } = now.value;
    return { ...now, value: RESTARTS.has(status) ? `${instance} is ${status}` : undefined };
  },

  async reopen(things, { rules }, { cloud, signal }) {
    const now = await cloud.firewall.rules(things.region, things.securityGroup, signal);
    const open = new Set(now.known ? now.value.map(canonicalJson) : []);
    const missing = rules.filter((rule) => !open.has(canonicalJson(rule)));
    if (missing.length === 0) return [];
    const { region, securityGroup } = things;
    return (await cloud.firewall.open({ region, securityGroup, rules: missing }, signal)).requestIds;
  },

  says: () => "security group open",

  byHand: ({ region, securityGroup, reboot }) => [
    `aws ec2 revoke-security-group-ingress --region ${region} --group-id ${securityGroup} --ip-permissions "$(aws ec2 describe-security-groups --region ${region} --group-ids ${securityGroup} --query 'SecurityGroups[0].IpPermissions' --output json)"`,
    ...(reboot === undefined
      ? []
      : [
          `aws rds reboot-db-instance --region ${region} --db-instance-identifier ${reboot}`,
          told("That ends every open session. Go on when the instance is available again."),
        ]),
  ],
  permissions: ({ region, securityGroup, reboot }) => [
    closing(region, securityGroup),
    ...(reboot === undefined ? [] : [rebooting(region, reboot)]),
  ],
};
