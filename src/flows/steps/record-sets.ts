import type { RecordSet } from "../../ports/traffic.ts";

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

/** What a plan leaves as it is under a name, each with why that is harmless: `TXT of shop.example.com (text)`. */
export const stayingOf = (all: readonly RecordSet[]): string[] =>
  all.flatMap((set) => {
    const why = staysBecause(set, all);
    return why === undefined ? [] : [`${sayWhich(set)} of ${set.name.replace(/\.$/, "")} (${why})`];
  });

/** What is not led to the new side and could lead users to the old one, by name; undefined when every set is accounted for. */
export function leftoverOf(all: readonly RecordSet[], moved: readonly RecordSet[]): string | undefined {
  const left = all.filter((set) => !moved.includes(set) && staysBecause(set, all) === undefined);
  return left.length === 0 ? undefined : left.map(sayLeft).join(" and ");
}

/** Attributes that TwoKey does not write, in words: writing the set back would lose them. */
export function foreignTo(all: readonly RecordSet[]): string | undefined {
  const found = all.flatMap((set) =>
    set.foreign?.length ? [`${sayWhich(set)}: ${set.foreign.map(sayForeign).join(", ")}`] : [],
  );
  return found.length === 0 ? undefined : `it has settings TwoKey does not change (${found.join("; ")})`;
}

/** What people know under another name than Route 53's own. */
const MADE_BY: Readonly<Record<string, string>> = { TrafficPolicyInstanceId: "a traffic policy" };

function sayForeign(attribute: string): string {
  const what = MADE_BY[attribute];
  return what === undefined ? attribute : `${what} (${attribute})`;
}

const sayWhich = ({ type, setIdentifier }: RecordSet): string =>
  setIdentifier === undefined ? type : `${type} “${setIdentifier}”`;

function sayLeft(set: RecordSet): string {
  return `${sayWhich(set)} → ${set.alias?.dnsName ?? (set.values ?? []).join(", ")}`;
}

/** What stands under a name, for people. */
export const sayRecords = (sets: readonly RecordSet[]): string =>
  sets.map((set) => sayRecord(set) + sayStays(set, sets)).join("; ") || "none";

function sayRecord({ type, setIdentifier, weight, failover, alias, values, healthCheck }: RecordSet): string {
  const which = setIdentifier === undefined ? type : `${setIdentifier} (${failover ?? weight ?? type})`;
  const checked = healthCheck === undefined ? "" : `, health check ${healthCheck}`;
  const judged = alias?.evaluateTargetHealth === false ? ", target health not evaluated" : "";
  return `${which} → ${alias?.dnsName ?? values?.join(", ") ?? "?"}${judged}${checked}`;
}

/** Beside a set that a plan leaves as it is. */
function sayStays(set: RecordSet, all: readonly RecordSet[]): string {
  const why = staysBecause(set, all);
  return why === undefined ? "" : ` (stays: ${why})`;
}
