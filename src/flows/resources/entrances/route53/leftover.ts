import type { RecordSet } from "../../../../domain/service/observed.ts";

/** What stays although users move: no client finds an address of the service in a set of these types. */
const LEADS_NOBODY: Readonly<Record<string, string>> = {
  TXT: "text",
  SPF: "text",
  CAA: "who may issue certificates",
  MX: "where mail goes",
  SOA: "the zone's own",
  DS: "a signature",
};

/** NS beside SOA names the zone's own servers; anywhere else it gives the name away to another zone. */
function staysBecause({ type }: RecordSet, all: readonly RecordSet[]): string | undefined {
  if (type === "NS") return all.some((set) => set.type === "SOA") ? "the zone's own" : undefined;
  return Object.hasOwn(LEADS_NOBODY, type) ? LEADS_NOBODY[type] : undefined;
}

/** What is not led to the new side and could lead users to the old one, by name; undefined when every set is accounted for. */
export function leftoverOf(all: readonly RecordSet[], moved: readonly RecordSet[]): string | undefined {
  const left = all.filter((set) => !moved.includes(set) && staysBecause(set, all) === undefined);
  return left.length === 0 ? undefined : left.map(sayLeft).join(" and ");
}

function sayLeft({ type, setIdentifier, alias, values = [] }: RecordSet): string {
  const which = setIdentifier === undefined ? type : `${type} “${setIdentifier}”`;
  return `${which} → ${alias?.dnsName ?? values.join(", ")}`;
}

/** For people, beside a set that a plan leaves as it is. */
export function sayStays(set: RecordSet, all: readonly RecordSet[]): string {
  const why = staysBecause(set, all);
  return why === undefined ? "" : ` (stays: ${why})`;
}
