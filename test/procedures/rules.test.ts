import { describe, expect, test } from "@jest/globals";
import { faultsIn, placed } from "./read.ts";

/** What the rules find in words of other people, by kind; `-` where they must find nothing. */
const CASES: readonly (readonly [about: string, file: string, lines: readonly string[], ...faults: string[]])[] = [
  ["a call that AWS does not have", "a.sh", ["aws rds promote-replica --db-instance-identifier a"], "1 aws-has-it"],
  [
    "an option that the call does not have",
    "a.sh",
    ["aws rds promote-read-replica --db-instance-identifier a --force"],
    "1 aws-has-it",
  ],
  ["an option that the call needs", "a.sh", ["aws rds promote-read-replica --region eu-west-1"], "1 aws-has-it"],
  ["options in a variable", "a.sh", [`aws rds promote-read-replica "\${ARGS[@]}"`]],
  [
    "a waiter that is not there",
    "a.sh",
    ["aws rds wait db-instance-promoted --db-instance-identifier a"],
    "1 aws-has-it",
  ],
  ["a service that is not known here", "a.sh", ["aws backup start-anything --this that"]],
  ["a word before aws", "a.sh", ["sudo -E aws rds promote-replica --db-instance-identifier a"], "1 aws-has-it"],
  ["a call in the place of a value", "a.sh", ['x="$(aws rds describe-instances)"'], "1 aws-has-it"],
  ["words for another shell", "a.sh", ["bash -c 'aws rds describe-instances'"], "1 aws-has-it"],
  [
    "options against each other",
    "a.sh",
    ["aws rds delete-db-instance --db-instance-identifier a --skip-final-snapshot --final-db-snapshot-identifier b"],
    ...["1 data-kept-at-deletion", "1 options-agree"],
  ],
  [
    "a revision that is a word",
    "a.sh",
    ["aws ecs update-service --service a --task-definition a:latest"],
    "1 revision-is-a-number",
  ],
  ["a revision that is a number", "a.sh", ["aws ecs update-service --service a --task-definition a:12"]],
  [
    "a field by a query",
    "a.sh",
    ["aws rds describe-db-instances --query 'DBInstances[0].ReplicaLag'"],
    "1 answer-has-the-field",
  ],
  [
    "the first item by jq",
    "a.sh",
    ["aws rds describe-db-snapshots | jq -r '.DBSnapshots[0].DBSnapshotIdentifier'"],
    "1 newest-is-asked-for",
  ],
  [
    "the only item by its name",
    "a.sh",
    ["aws rds describe-db-snapshots --db-snapshot-identifier a --query 'DBSnapshots[0].Status'"],
  ],
  [
    "an alarm in the wrong direction",
    "a.sh",
    [
      "aws cloudwatch put-metric-alarm --alarm-name a --namespace AWS/RDS --metric-name FreeableMemory --threshold 1 \\",
      "  --comparison-operator GreaterThanThreshold --evaluation-periods 1 --dimensions Name=DBInstanceIdentifier,Value=a",
    ],
    "1 alarm-watches-something",
  ],
  ["a deletion of what may be empty", "a.sh", ["rm -rf $DIR/*"], "1 deletion-names-something"],
  ["a deletion in quotes of what may be unset", "a.sh", ['rm -rf "$DIR"/old'], "1 deletion-names-something"],
  ["a deletion that insists", "a.sh", [`rm -rf "\${DIR:?}"/old`]],
  ["a deletion of one word that was set", "a.sh", ["t=$(mktemp -d)", "rm -rf $t"]],
  ["a deletion below the home folder", "a.sh", ['rm -rf "$HOME/.cache/dumps"']],
  ["a deletion of a known folder", "a.sh", ["DIR=/var/dumps", "rm -rf $DIR/old"]],
  ["a deletion where unset variables end it", "a.sh", ["set -u", 'rm -rf "$DIR"/old']],
  ["a bucket that is emptied", "a.sh", ["aws s3 rm --recursive s3://dumps/$DAY"], "1 deletion-names-something"],
  [
    "a rollback in a trap",
    "a.sh",
    ["rollback() { ./back.sh; }", "trap rollback ERR", "aws rds promote-read-replica --db-instance-identifier a"],
    "2 no-rollback-after-promotion",
  ],
  [
    "a trap that ends before the promotion",
    "a.sh",
    [
      "rollback() { ./back.sh; }",
      "trap rollback ERR",
      "./prepare.sh",
      "trap - ERR",
      "aws rds promote-read-replica --db-instance-identifier a",
    ],
  ],
  [
    "users first, by scripts",
    "a.sh",
    ["./switch-dns.sh eu", "bash scripts/promote-database.sh eu"],
    "1 data-before-users",
  ],
  [
    "users first, in functions",
    "a.sh",
    ["names() { ./update_dns.sh; }", "data() { ./promote.sh; }", "names", "data"],
    "1 data-before-users",
  ],
  [
    "functions in another order than they are called",
    "a.sh",
    ["names() { ./update_dns.sh; }", "data() { ./promote.sh; }", "data", "names"],
  ],
  [
    "users first, in a list",
    "a.yaml",
    ["failover:", "  steps:", "    - update_dns", "    - promote_database"],
    "3 data-before-users",
  ],
  [
    "a target that is made or written over",
    "a.sh",
    [
      "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id a --scalable-dimension ecs:service:DesiredCount --min-capacity 0",
    ],
    "1 saved-before-it-changes",
  ],
  [
    "a target that was looked at, and not kept",
    "a.sh",
    [
      "aws application-autoscaling describe-scalable-targets --service-namespace ecs",
      "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id a --scalable-dimension ecs:service:DesiredCount --min-capacity 0",
    ],
    "2 saved-before-it-changes",
  ],
  [
    "a target that was saved",
    "a.sh",
    [
      "aws application-autoscaling describe-scalable-targets --service-namespace ecs | tee before.json",
      "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id a --scalable-dimension ecs:service:DesiredCount --min-capacity 0",
    ],
  ],
  [
    "a record that is only added",
    "a.sh",
    [`aws route53 change-resource-record-sets --hosted-zone-id Z --change-batch '{"Changes":[{"Action":"CREATE"}]}'`],
  ],
  [
    "the way back, which needs the same control plane",
    "a.md",
    [
      "Primary region: us-east-1",
      "",
      "## Failback",
      "",
      "```sh",
      "aws route53 list-resource-record-sets --hosted-zone-id Z > before.json",
      "aws route53 change-resource-record-sets --hosted-zone-id Z --change-batch file://home.json",
      "```",
    ],
  ],
  [
    "a zone in a template",
    "a.tf",
    [
      'resource "aws_route53_record" "a" {',
      "  alias {",
      '    name    = "b-1.eu-west-1.elb.amazonaws.com"',
      '    zone_id = "Z215JYRZR1TBD5"',
      "  }",
      "}",
    ],
    "4 load-balancer-zone",
  ],
  [
    "a zone in CloudFormation",
    "a.yaml",
    [
      "Record:",
      "  Type: AWS::Route53::RecordSet",
      "  Properties:",
      "    AliasTarget:",
      "      DNSName: b-1.eu-west-1.elb.amazonaws.com",
      "      HostedZoneId: Z215JYRZR1TBD5",
      "      Region: !Ref AWS::Region",
    ],
    "6 load-balancer-zone",
  ],
];

describe("what the linter says of", () => {
  test.each(CASES)("%s", async (...[, file, lines, ...faults]) => {
    expect(placed(await faultsIn({ [file]: lines.join("\n") }))).toEqual(faults);
  });
});

test("several files are one plan: a lag alarm of one is judged by the RPO of another, and so are their severities", async () => {
  const promises = ["# Objectives", "", "- **RPO:** 5 minutes", "", "Severity 1: page everybody.", ""].join("\n");
  const alarms = ["thresholds:", "  replication_lag:", "    critical: 30m", "alert: { severity: critical }"].join("\n");

  expect(placed(await faultsIn({ "alarms.yaml": alarms }))).toEqual([]);
  const faults = await faultsIn({ "plan.md": promises, "alarms.yaml": alarms });
  expect(faults.map(({ file, line, rule }) => `${file}:${line} ${rule}`)).toEqual([
    "alarms.yaml:3 lag-alarm-within-rpo",
    "alarms.yaml:4 one-severity-scale",
  ]);
});
