import { ListResourceRecordSetsCommand, type ResourceRecordSet, type RRType } from "@aws-sdk/client-route-53";
import type { Clients } from "./clients.ts";
import { comparableName } from "./record-set.ts";
import type { Kind } from "./together.ts";

/**
 * The sets of one name, as Route 53 spells them: it lists a zone from a name on. Sets of one name follow each other, so the first
 * other name ends the search.
 */
export const recordSets = (clients: Clients, zone: string): Kind<readonly ResourceRecordSet[]> => ({
  ...{ api: "route53", region: clients.route53.region, most: 1 },
  async page([name = ""], from, options) {
    const wanted = comparableName(name);
    const command = new ListResourceRecordSetsCommand({ HostedZoneId: zone, ...startOf(from ?? name) });
    const answer = await clients.route53.client().send(command, options);
    const { ResourceRecordSets: found = [], NextRecordName, NextRecordType, NextRecordIdentifier } = answer;
    const goesOn = answer.IsTruncated === true && comparableName(NextRecordName ?? "") === wanted;
    return {
      items: [found.filter(({ Name = "" }) => comparableName(Name) === wanted)],
      next: goesOn ? [NextRecordName, NextRecordType, NextRecordIdentifier].join(BETWEEN) : undefined,
    };
  },
  isOf: () => true,
  join: (pages) => pages.flat(),
});

/** No name, type or identifier has one. */
const BETWEEN = "\n";

function startOf(from: string) {
  const [StartRecordName, type, identifier] = from.split(BETWEEN);
  return {
    StartRecordName,
    // As Route 53 said it.
    ...(type && { StartRecordType: type as RRType }),
    ...(identifier && { StartRecordIdentifier: identifier }),
  };
}
