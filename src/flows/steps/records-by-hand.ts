import { type ByHandBlock, quoted, told } from "../../domain/plan-run/by-hand.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import { keptIn, readAs, savedAs } from "./by-hand.ts";

/** A change of records as AWS CLI commands: what stands there is saved first. */
export function recordsByHand(zone: string, after: readonly RecordSet[]): ByHandBlock[] {
  const changes = after.map((record) => ({ Action: "UPSERT", ResourceRecordSet: awsForm(record) }));
  const names = [...new Set(after.map(({ name }) => name))];
  const commands = [
    ...names.flatMap((name) => [
      savedAs(name),
      ...recordsListed({ zone, name }).flatMap((line) => keptIn("$saved.json", line)),
    ]),
    ...readAs(
      "change",
      `aws route53 change-resource-record-sets --hosted-zone-id ${zone} --change-batch ${quoted(JSON.stringify({ Changes: changes }))} --query ChangeInfo.Id --output text`,
    ),
    ...(after.some(({ weight }) => weight === 0) ? [UNWEIGHTED] : []),
    'aws route53 get-change --id "$change" --query ChangeInfo.Status --output text',
  ];
  return [{ commands, goOn: "when that says INSYNC." }];
}

/** Beside what looks like a slip at three in the morning. */
const UNWEIGHTED = told("Sets of weight 0 lead to the new side too, so that no weight leads anybody back.");

/** What stands under a name and right behind it. */
export const recordsListed = ({ zone, name }: { readonly zone: string; readonly name: string }): string[] => [
  `aws route53 list-resource-record-sets --hosted-zone-id ${zone} --start-record-name ${quoted(name)} --max-items 4`,
];

function awsForm(record: RecordSet) {
  return {
    Name: record.name,
    Type: record.type,
    ...(record.setIdentifier === undefined ? {} : { SetIdentifier: record.setIdentifier }),
    ...(record.weight === undefined ? {} : { Weight: record.weight }),
    ...(record.failover === undefined ? {} : { Failover: record.failover }),
    ...(record.ttlSeconds === undefined ? {} : { TTL: record.ttlSeconds }),
    ...(record.values === undefined ? {} : { ResourceRecords: record.values.map((value) => ({ Value: value })) }),
    ...(record.alias === undefined
      ? {}
      : {
          AliasTarget: {
            HostedZoneId: record.alias.zone,
            DNSName: record.alias.dnsName,
            EvaluateTargetHealth: record.alias.evaluateTargetHealth,
          },
        }),
    ...(record.healthCheck === undefined ? {} : { HealthCheckId: record.healthCheck }),
  };
}
