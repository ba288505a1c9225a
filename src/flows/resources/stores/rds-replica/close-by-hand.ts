import { type ByHandBlock, told } from "../../../../domain/plan-run/by-hand.ts";
import { readAs, savedAs } from "../../../steps/by-hand.ts";

export const closedByHand = (region: string, instance: string): ByHandBlock => ({
  before: "It keeps what it closes in one file a group, with the time of the paste in its name.",
  commands: [
    savedAs(`rules-${region}`),
    ...readAs(
      "groups",
      `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance} --query 'DBInstances[0].VpcSecurityGroups[].VpcSecurityGroupId' --output text`,
    ),
    '(for group in $(echo "$groups")',
    "do",
    `  ${rulesOf(region)} > "$saved-$group.json" && grep -q '\\[' "$saved-$group.json" || exit 1`,
    // Nothing is left to close where it was pasted before, and AWS refuses to close nothing.
    '  if grep -q IpProtocol "$saved-$group.json"',
    "  then",
    `    aws ec2 revoke-security-group-ingress --region ${region} --group-id "$group" --ip-permissions "file://$saved-$group.json" || exit 1`,
    "  fi",
    "done)",
    told(
      `What was closed stands in the files. aws ec2 authorize-security-group-ingress --region ${region} --group-id GROUP --ip-permissions file://FILE opens it again.`,
    ),
    // A loop of its own: to repeat the first would write over what it has saved.
    `(for group in $(echo "$groups"); do ${rulesOf(region)} || exit 1; done)`,
  ],
  goOn: "when each of them says [].",
});

/** An event stays; a status has passed by when somebody looks a minute late. */
export const rebootedByHand = (region: string, instance: string): ByHandBlock => ({
  before: "A reboot ends every open session.",
  commands: [
    "date -u +%Y-%m-%dT%H:%M:%SZ",
    `aws rds reboot-db-instance --region ${region} --db-instance-identifier ${instance}`,
    `aws rds describe-events --region ${region} --source-type db-instance --source-identifier ${instance} --duration 60 --query 'Events[].[Date,Message]' --output text`,
  ],
  goOn: "when that says DB instance restarted, at a time after the one that the block printed first.",
});

const rulesOf = (region: string): string =>
  `aws ec2 describe-security-groups --region ${region} --group-ids "$group" --query 'SecurityGroups[0].IpPermissions' --output json`;
