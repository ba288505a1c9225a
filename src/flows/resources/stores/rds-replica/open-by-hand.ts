import type { ByHandBlock } from "../../../../domain/plan-run/by-hand.ts";
import { quoted } from "../../../../domain/plan-run/by-hand.ts";
import type { FirewallRule } from "../../../../domain/service/firewall.ts";
import { ipPermissionOf } from "../../../../domain/service/ip-permission.ts";
import { savedAs } from "../../../steps/by-hand.ts";

/** Ingress rules of one paste: each is about two lines of a message. */
const MOST_RULES = 20;

/** One rule a call: EC2 refuses a whole call where one rule of it is there already, and another way is not told apart. */
export function openedByHand(region: string, group: string, rules: readonly FirewallRule[]): ByHandBlock[] {
  const count = Math.ceil(rules.length / MOST_RULES);
  return Array.from({ length: count }, (_, part) => {
    const some = rules.slice(part * MOST_RULES, (part + 1) * MOST_RULES);
    return opened(region, group, some);
  });
}

const opened = (region: string, group: string, rules: readonly FirewallRule[]): ByHandBlock => ({
  before: "It opens again what was closed, and lets pass what is open already.",
  commands: [
    savedAs(`opened-${group}`),
    `(for rule in ${rules.map((rule) => quoted(JSON.stringify([ipPermissionOf(rule)]))).join(" ")}`,
    "do",
    `  aws ec2 authorize-security-group-ingress --region ${region} --group-id ${group} --ip-permissions "$rule" 2> "$saved.txt" || grep -q InvalidPermission.Duplicate "$saved.txt" || { cat "$saved.txt" >&2; exit 1; }`,
    "done)",
    `aws ec2 describe-security-groups --region ${region} --group-ids ${group} --query 'SecurityGroups[0].IpPermissions[].[IpRanges[].CidrIp,Ipv6Ranges[].CidrIpv6,UserIdGroupPairs[].GroupId,PrefixListIds[].PrefixListId][][]' --output text`,
  ],
  goOn: `when that names ${[...new Set(rules.map(sourceOf))].join(", ")}.`,
});

const sourceOf = ({ source }: FirewallRule): string => ("cidr" in source ? source.cidr : source.id);
