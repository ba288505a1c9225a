import { type ByHandBlock, quoted, told } from "../../domain/plan-run/by-hand.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import { keptIn, readAs, savedAs } from "./by-hand.ts";

/** A change of records as AWS CLI commands: what stands there is saved first. */
export const recordsByHand = (zone: string, after: readonly RecordSet[]): ByHandBlock[] => [
  written(zone, after, after.some(({ weight }) => weight === 0) ? [UNWEIGHTED] : []),
];

interface Changed {
  readonly name: string;
  readonly zone: string;
  readonly before: readonly RecordSet[];
}

/** As they stood when the plan was made. */
export const recordsBackByHand = ({ name, zone, before }: Changed): ByHandBlock[] => [
  {
    before: `Only if ${name} stands as this plan made it: do not write over what somebody changed since.`,
    commands: recordsListed({ zone, name }),
    goOn: "when those are the sets that the plan wrote. Old values already: skip the next block.",
  },
  written(zone, before, []),
];

function written(zone: string, sets: readonly RecordSet[], said: readonly string[]): ByHandBlock {
  const changes = sets.map((record) => ({ Action: "UPSERT", ResourceRecordSet: awsForm(record) }));
  const names = [...new Set(sets.map(({ name }) => name))];
  const commands = [
    ...names.flatMap((name) => [
      savedAs(name),
      ...recordsListed({ zone, name }).flatMap((line) => keptIn("$saved.json", line)),
    ]),
    ...readAs(
      "change",
      `aws route53 change-resource-record-sets --hosted-zone-id ${zone} --change-batch ${quoted(JSON.stringify({ Changes: changes }))} --query ChangeInfo.Id --output text`,
    ),
    ...said,
    'aws route53 get-change --id "$change" --query ChangeInfo.Status --output text',
  ];
  return { commands, goOn: "when that says INSYNC." };
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
