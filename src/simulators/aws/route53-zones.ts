import { z } from "zod";
import { canonicalName, reversedLabels } from "../dns/names.ts";
import type { Zone } from "./route53-spec.ts";
import { AwsError, XmlList } from "./service.ts";

const ByNameInput = z.looseObject({
  DNSName: z.string().transform(canonicalName).optional(),
  HostedZoneId: z.string().optional(),
  MaxItems: z.coerce.number().int().min(1).optional(),
});

const LARGEST_PAGE = 100;

/** One page of the zones in the order of their reversed labels, then of their ids, from the named one on. */
export function listByName<T extends Zone>(
  zones: readonly T[],
  input: unknown,
  shown: (zone: T) => Record<string, unknown>,
): Record<string, unknown> {
  const parsed = ByNameInput.safeParse(input);
  if (!parsed.success) throw new AwsError("InvalidInput", z.prettifyError(parsed.error));
  const { DNSName, HostedZoneId, MaxItems = LARGEST_PAGE } = parsed.data;
  if (HostedZoneId !== undefined && DNSName === undefined) {
    throw new AwsError("InvalidInput", "A hosted zone id needs a DNS name.");
  }
  const start = DNSName === undefined ? "" : keyOf(DNSName, HostedZoneId ?? "");
  const rest = zones
    .map((zone) => ({ zone, key: keyOf(zone.name, zone.id) }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    .filter(({ key }) => key >= start);
  const maxItems = Math.min(MaxItems, LARGEST_PAGE);
  const next = rest[maxItems]?.zone;
  return {
    HostedZones: new XmlList(
      "HostedZone",
      rest.slice(0, maxItems).map(({ zone }) => shown(zone)),
    ),
    DNSName,
    HostedZoneId,
    IsTruncated: next !== undefined,
    NextDNSName: next?.name,
    NextHostedZoneId: next?.id,
    MaxItems: String(maxItems),
  };
}

function keyOf(name: string, id: string): string {
  return `${reversedLabels(name)} ${id}`;
}
