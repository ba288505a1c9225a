import { z } from "zod";
import { canonicalName, listedName, reversedLabels } from "../dns/names.ts";
import type { RecordSet } from "./route53-spec.ts";
import { AwsError, XmlList } from "./service.ts";

const ListInput = z.looseObject({
  StartRecordName: z.string().optional(),
  StartRecordType: z.string().optional(),
  StartRecordIdentifier: z.string().optional(),
  MaxItems: z.coerce.number().int().min(1).optional(),
});

const LARGEST_PAGE = 300;

/** One page in Route 53's order: labels from the right, then type, then identifier; the start is included. */
export function listRecords(
  records: readonly RecordSet[],
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const wanted = ListInput.parse(input);
  const { StartRecordName: name, StartRecordType: type, StartRecordIdentifier: identifier } = wanted;
  if (type && !name) throw new AwsError("InvalidInput", "Record type is specified without a record name.");
  if (identifier && !type) throw new AwsError("InvalidInput", "Record identifier is specified without a record type.");
  const start = name ? [reversedLabels(canonicalName(name)), type ?? "", identifier ?? ""] : ["", "", ""];
  const ordered = records.map((set) => ({ set, key: sortKey(set) })).toSorted((a, b) => compare(a.key, b.key));
  const rest = ordered.filter((entry) => compare(entry.key, start) >= 0);
  const maxItems = Math.min(wanted.MaxItems ?? LARGEST_PAGE, LARGEST_PAGE);
  const next = rest[maxItems]?.set;
  return {
    ResourceRecordSets: new XmlList(
      "ResourceRecordSet",
      rest.slice(0, maxItems).map((entry) => shownRecord(entry.set)),
    ),
    IsTruncated: next !== undefined,
    ...(next && { NextRecordName: listedName(next.Name), NextRecordType: next.Type }),
    ...(next?.SetIdentifier !== undefined && { NextRecordIdentifier: next.SetIdentifier }),
    MaxItems: String(maxItems),
  };
}

function sortKey(set: RecordSet): string[] {
  return [reversedLabels(set.Name), set.Type, set.SetIdentifier ?? ""];
}

function compare(one: readonly string[], other: readonly string[]): number {
  for (const [index, part] of one.entries()) {
    const against = other[index] ?? "";
    if (part !== against) return part < against ? -1 : 1;
  }
  return 0;
}

function shownRecord(set: RecordSet): Record<string, unknown> {
  const { ResourceRecords, AliasTarget, ...rest } = set;
  return {
    ...rest,
    Name: listedName(set.Name),
    ...(ResourceRecords && { ResourceRecords: new XmlList("ResourceRecord", ResourceRecords) }),
    ...(AliasTarget && { AliasTarget: { ...AliasTarget, DNSName: listedName(AliasTarget.DNSName) } }),
  };
}
