import { liesWithin } from "../dns/names.ts";
import type { Change, RecordSet, Zone } from "./route53-spec.ts";
import { nameProblems, valueProblems } from "./route53-values.ts";
import { AwsError } from "./service.ts";

export interface ChangeChecks {
  hasHealthCheck(id: string): boolean;
  /** Blocks of one location of a CIDR collection; undefined: there is no such collection; empty: no such location. */
  blocksOf(collection: string, location: string): readonly string[] | undefined;
  /** How a name outside the zone relates to a canonical zone of AWS's own (load balancers). */
  aliasTarget(name: string, hostedZoneId: string): "found" | "not-found" | "outside-zone";
}

const MAX_BATCH_RECORDS = 1_000;
const MAX_BATCH_CHARACTERS = 32_000;

/**
 * The zone's records after the batch, or the error of the whole batch: InvalidInput for a malformed set,
 * NoSuchHealthCheck, InvalidChangeBatch with the bracketed list of everything that is wrong. The message texts follow
 * what Route 53 is known to answer; those of mixed routing kinds are approximations.
 */
export function applyChanges(zone: Zone, changes: readonly Change[], checks: ChangeChecks): RecordSet[] {
  refuseOversize(changes);
  for (const change of changes) refuseMalformed(change, checks);
  const problems: string[] = [...repeatedSets(changes)];
  let records = [...zone.records];
  for (const { Action, ResourceRecordSet: set } of changes) {
    const current = records.find((other) => keyOf(other) === keyOf(set));
    const problem = placeProblem(zone, set) ?? actionProblem(Action, set, current);
    if (problem) problems.push(problem);
    records = records.filter((other) => other !== current);
    if (Action !== "DELETE") records.push(set);
  }
  const written = changes.filter((change) => change.Action !== "DELETE").map((change) => change.ResourceRecordSet);
  for (const set of written) {
    problems.push(...nameProblems(set.Name), ...valueProblems(set));
    problems.push(...companionProblems(zone, set, records), ...aliasProblems(zone, set, { records, checks }));
  }
  problems.push(...apexProblems(zone, records));
  if (problems.length > 0) throw new AwsError("InvalidChangeBatch", `[${[...new Set(problems)].join(", ")}]`);
  return records;
}

export function keyOf(set: RecordSet): string {
  return `${set.Name} ${set.Type} ${set.SetIdentifier ?? ""}`;
}

function refuseOversize(changes: readonly Change[]): void {
  let records = 0;
  let characters = 0;
  for (const { Action, ResourceRecordSet: set } of changes) {
    const values = set.ResourceRecords ?? [];
    const factor = Action === "UPSERT" ? 2 : 1;
    records += factor * Math.max(1, values.length);
    characters += factor * values.reduce((sum, record) => sum + record.Value.length, 0);
  }
  if (records > MAX_BATCH_RECORDS) {
    throw new AwsError("InvalidChangeBatch", `[Number of records limit of ${MAX_BATCH_RECORDS} exceeded.]`);
  }
  if (characters > MAX_BATCH_CHARACTERS) {
    throw new AwsError("InvalidChangeBatch", `[Number of characters limit of ${MAX_BATCH_CHARACTERS} exceeded.]`);
  }
}

function refuseMalformed({ Action, ResourceRecordSet: set }: Change, checks: ChangeChecks): void {
  const where = `in Change with [Action=${Action}, Name=${set.Name}, Type=${set.Type}, SetIdentifier=${set.SetIdentifier ?? "null"}]`;
  const refuse = (what: string) => {
    throw new AwsError("InvalidInput", `Invalid request: ${what} ${where}`);
  };
  const forms = [set.AliasTarget !== undefined, set.TTL !== undefined && set.ResourceRecords !== undefined];
  const found = forms.filter(Boolean).length;
  const expected =
    "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]";
  if (found !== 1) refuse(`${expected}, but found ${found === 0 ? "none" : "more than one"}`);
  if (set.AliasTarget && (set.TTL !== undefined || set.ResourceRecords)) refuse(`${expected}, but found more than one`);
  const kinds = routingKinds(set);
  if (kinds.length > 1) refuse(`Expected at most one of [${kinds.join(", ")}], but found more than one`);
  if (kinds.length === 1 && !set.SetIdentifier) refuse("Missing field 'SetIdentifier'");
  const routes = "[Weight, Region, Failover, GeoLocation, GeoProximityLocation, CidrRoutingConfig, MultiValueAnswer]";
  if (kinds.length === 0 && set.SetIdentifier) refuse(`Expected exactly one of ${routes}, but found none`);
  if (set.HealthCheckId !== undefined && Action !== "DELETE" && !checks.hasHealthCheck(set.HealthCheckId)) {
    throw new AwsError("NoSuchHealthCheck", `No health check exists with the ID ${set.HealthCheckId}`, 404);
  }
  if (set.CidrRoutingConfig && Action !== "DELETE") requireLocation(set.CidrRoutingConfig, checks);
}

function requireLocation(
  { CollectionId, LocationName }: NonNullable<RecordSet["CidrRoutingConfig"]>,
  checks: ChangeChecks,
) {
  const blocks = checks.blocksOf(CollectionId, LocationName);
  if (blocks === undefined)
    throw new AwsError("NoSuchCidrCollectionException", `No CIDR collection exists with the ID ${CollectionId}`, 404);
  if (LocationName !== "*" && blocks.length === 0)
    throw new AwsError(
      "NoSuchCidrLocationException",
      `No CIDR location ${LocationName} exists in ${CollectionId}`,
      404,
    );
}

const KIND_MEMBERS = [
  ...(["Weight", "Region", "Failover", "GeoLocation"] as const),
  ...(["GeoProximityLocation", "CidrRoutingConfig", "MultiValueAnswer"] as const),
];

function routingKinds(set: RecordSet): string[] {
  return KIND_MEMBERS.filter((member) => set[member] !== undefined && set[member] !== false);
}

function named(set: RecordSet): string {
  const identifier = set.SetIdentifier ? `, set identifier='${set.SetIdentifier}'` : "";
  return `[name='${set.Name}', type='${set.Type}'${identifier}]`;
}

/** Twice the same set in one batch is only possible as DELETE followed by CREATE. */
function repeatedSets(changes: readonly Change[]): string[] {
  const actions = new Map<string, { set: RecordSet; actions: string }>();
  for (const { Action, ResourceRecordSet: set } of changes) {
    const before = actions.get(keyOf(set))?.actions;
    actions.set(keyOf(set), { set, actions: before === undefined ? Action : `${before}+${Action}` });
  }
  return [...actions.values()]
    .filter((entry) => entry.actions.includes("+") && entry.actions !== "DELETE+CREATE")
    .map(
      ({ set }) => `The request contains an invalid set of changes for a resource record set '${set.Type} ${set.Name}'`,
    );
}

function placeProblem(zone: Zone, set: RecordSet): string | undefined {
  if (!liesWithin(set.Name, zone.name)) return `RRSet with DNS name ${set.Name} is not permitted in zone ${zone.name}`;
  if (set.Type === "CNAME" && set.Name === zone.name) {
    return `RRSet of type CNAME with DNS name ${set.Name} is not permitted at apex in zone ${zone.name}`;
  }
  return undefined;
}

/** What every zone has to have, whatever a batch does. */
function apexProblems(zone: Zone, records: readonly RecordSet[]): string[] {
  const has = (type: RecordSet["Type"]) => records.some((set) => set.Name === zone.name && set.Type === type);
  return [
    ...(has("SOA") ? [] : ["A HostedZone must contain exactly one SOA record."]),
    ...(has("NS") ? [] : ["A HostedZone must contain at least one NS record for the zone itself."]),
  ];
}

function actionProblem(action: Change["Action"], set: RecordSet, current: RecordSet | undefined): string | undefined {
  if (action === "CREATE" && current) return `Tried to create resource record set ${named(set)} but it already exists`;
  if (action !== "DELETE") return undefined;
  if (!current) return `Tried to delete resource record set ${named(set)} but it was not found`;
  return sameContent(set, current)
    ? undefined
    : `Tried to delete resource record set ${named(set)} but the values provided do not match the current values`;
}

/** Everything but the order of the values has to match. */
function sameContent(one: RecordSet, other: RecordSet): boolean {
  const plain = (set: RecordSet) =>
    JSON.stringify([
      [set.Weight, set.Region, set.Failover, set.MultiValueAnswer, set.TTL, set.HealthCheckId].map((v) => v ?? null),
      sortedText(Object.entries(set.GeoLocation ?? {})),
      sortedText(Object.entries(set.GeoProximityLocation ?? {})),
      sortedText(Object.entries(set.CidrRoutingConfig ?? {})),
      (set.ResourceRecords ?? []).map((record) => record.Value).toSorted(),
      sortedText(Object.entries(set.AliasTarget ?? {})),
    ]);
  return plain(one) === plain(other);
}

function sortedText(entries: readonly unknown[]): string[] {
  return entries.map((entry) => JSON.stringify(entry)).toSorted();
}

function companionProblems(zone: Zone, set: RecordSet, records: readonly RecordSet[]): string[] {
  const problems: string[] = [];
  const sameName = records.filter((other) => other.Name === set.Name);
  if (sameName.some((other) => (other.Type === "CNAME") !== (set.Type === "CNAME"))) {
    problems.push(
      `RRSet of type ${set.Type} with DNS name ${set.Name} is not permitted as it conflicts with other records with the same DNS name in zone ${zone.name}`,
    );
  }
  const group = sameName.filter((other) => other.Type === set.Type && other !== set);
  const where = `RRSet with DNS name ${set.Name}, type ${set.Type}${set.SetIdentifier ? `, SetIdentifier ${set.SetIdentifier}` : ""}`;
  if (group.some((other) => routingKinds(other)[0] !== routingKinds(set)[0])) {
    problems.push(
      `${where} cannot be created as other RRSets exist with the same name and type but another routing policy.`,
    );
  }
  if (set.Failover && group.some((other) => other.Failover === set.Failover)) {
    problems.push(`${where} cannot be created as a ${set.Failover} failover RRSet exists with the same name and type.`);
  }
  const place = placeOf(set);
  if (place !== undefined && group.some((other) => placeOf(other) === place)) {
    problems.push(`${where} cannot be created as another RRSet exists with the same name, type and ${place}.`);
  }
  return problems;
}

/** Where the users are whom a set of latency, geolocation or IP-based routing is for, or the resource of geoproximity: one set a place. */
function placeOf({
  Region,
  GeoLocation,
  GeoProximityLocation,
  CidrRoutingConfig: cidr,
}: RecordSet): string | undefined {
  if (Region !== undefined) return `region ${Region}`;
  if (GeoProximityLocation) {
    const { Bias: _bias, ...at } = GeoProximityLocation;
    return `geoproximity location ${JSON.stringify(at)}`;
  }
  if (cidr) return `CIDR location ${cidr.LocationName} of ${cidr.CollectionId}`;
  return GeoLocation && `geolocation ${sortedText(Object.entries(GeoLocation)).join(", ")}`;
}

function aliasProblems(
  zone: Zone,
  set: RecordSet,
  { records, checks }: { readonly records: readonly RecordSet[]; readonly checks: ChangeChecks },
): string[] {
  const alias = set.AliasTarget;
  if (!alias) return [];
  if (set.MultiValueAnswer) return [`Multivalue answer routing is not allowed for the alias RRSet ${named(set)}`];
  const attempt = `Tried to create an alias that targets ${alias.DNSName}, type ${set.Type} in zone ${alias.HostedZoneId}, but`;
  const outside = `${attempt} the alias target name does not lie within the target zone`;
  const missing = `${attempt} that target was not found`;
  if (alias.HostedZoneId === zone.id) {
    if (!liesWithin(alias.DNSName, zone.name)) return [outside, missing];
    return records.some((other) => other.Name === alias.DNSName && other.Type === set.Type) ? [] : [missing];
  }
  const target = checks.aliasTarget(alias.DNSName, alias.HostedZoneId);
  if (target === "outside-zone") return [outside, missing];
  return target === "not-found" ? [missing] : [];
}
