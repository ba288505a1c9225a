import { z } from "zod";
import { canonicalName } from "../dns/names.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { applyChanges, type ChangeChecks } from "./route53-changes.ts";
import { createHealthChecks, type HealthChecks } from "./route53-health.ts";
import { listRecords } from "./route53-list.ts";
import type { OutsideProbe } from "./route53-observed.ts";
import { pageOf } from "./route53-paging.ts";
import { routeRequest } from "./route53-route.ts";
import { Change, type RecordSet, type Route53Spec, type Zone } from "./route53-spec.ts";
import { listByName } from "./route53-zones.ts";
import { type AwsCall, AwsError, type AwsOperation, type AwsService, XmlList } from "./service.ts";

export interface Route53Deps {
  /** Health checks reach the world from outside through this. */
  readonly probe: OutsideProbe;
  /** How an alias relates to the canonical zones of load balancers. */
  readonly aliasTarget: ChangeChecks["aliasTarget"];
}

export interface Route53 {
  readonly service: AwsService;
  readonly zones: readonly Zone[];
  readonly healthChecks: HealthChecks;
  /** Of one location of a CIDR collection; none where there is no such location. */
  blocksOf(collection: string, location: string): readonly string[];
  stop(): void;
}

interface ZoneState extends Zone {
  records: readonly RecordSet[];
  inSync: readonly RecordSet[];
  busyUntilMs: number;
  insyncMs: number;
  /** Sets that the next change of one of them leaves the name servers without, once it is INSYNC. */
  loses: readonly Loss[];
  /** Sets that they are without until somebody changes those. */
  lost: readonly Loss[];
}

const Loss = z.strictObject({ name: z.string().transform(canonicalName), type: z.string().default("A") });
type Loss = z.infer<typeof Loss>;
const Losing = z.strictObject({ zone: z.string(), sets: z.array(Loss).min(1) });

interface ChangeState {
  readonly Id: string;
  Status: "PENDING" | "INSYNC";
  readonly SubmittedAt: string;
  readonly Comment?: string;
}

const ChangeInput = z.looseObject({
  HostedZoneId: z.string(),
  ChangeBatch: z.looseObject({ Comment: z.string().optional(), Changes: z.array(Change).min(1) }),
});

/** The account-wide control plane of Route 53. It lives in us-east-1; DNS answers and health checks do not need it. */
export function createRoute53(world: World, spec: Route53Spec, deps: Route53Deps): Route53 {
  const healthChecks = createHealthChecks(
    world,
    { specs: spec.healthChecks, routingControlsOn: spec.routingControlsOn },
    deps.probe,
  );
  const blocksOf = (collection: string, location: string) => {
    const found = spec.cidrCollections.find(({ id }) => id === collection)?.locations;
    return found && (Object.hasOwn(found, location) ? found[location] : []);
  };
  const checks = { hasHealthCheck: (id: string) => healthChecks.has(id), blocksOf, aliasTarget: deps.aliasTarget };
  const plane: ControlPlane = {
    ...{ world, spec, checks, healthChecks, changes: new Map(), random: world.random.fork("route53") },
    zones: new Map(spec.zones.map((zone) => [zone.id, openZone(zone, checks)])),
  };
  const zones = [...plane.zones.values()];
  // Its own automation has overwritten a plan with an older one: the lists go on showing what name servers have lost.
  world.control.on("POST /route53/lose", (body) => {
    const { zone, sets } = Losing.parse(body);
    findZone(plane, zone).loses = sets;
    return {};
  });
  const throttle = createThrottle(() => world.clock.now(), spec.requestsPerSecond);
  const limited = ([name, { mutates, handle }]: [string, AwsOperation]): [string, AwsOperation] => [
    name,
    {
      mutates,
      handle: (call) => {
        throttle();
        return handle(call);
      },
    },
  ];
  return {
    zones,
    healthChecks,
    blocksOf: (collection, location) => blocksOf(collection, location) ?? [],
    stop: () => healthChecks.stop(),
    service: {
      name: "route53",
      protocol: "rest-xml",
      controlPlaneRegion: "us-east-1",
      namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
      route: routeRequest,
      operations: Object.fromEntries(Object.entries(operationsOf(plane)).map(limited)),
    },
  };
}

interface ControlPlane {
  readonly world: World;
  readonly spec: Route53Spec;
  readonly checks: ChangeChecks;
  readonly healthChecks: HealthChecks;
  readonly zones: ReadonlyMap<string, ZoneState>;
  readonly changes: Map<string, ChangeState>;
  readonly random: Random;
}

function operationsOf(plane: ControlPlane): Record<string, AwsOperation> {
  const zones = [...plane.zones.values()];
  const recordsOf = (call: AwsCall) => findZone(plane, call.input["HostedZoneId"]).records;
  return {
    ChangeResourceRecordSets: { mutates: true, handle: (call) => changeRecords(plane, call) },
    GetChange: { mutates: false, handle: (call) => getChange(plane, call) },
    ListResourceRecordSets: { mutates: false, handle: (call) => listRecords(recordsOf(call), call.input) },
    ListHostedZones: {
      mutates: false,
      handle: (call) => pageOf("HostedZone", { all: zones, shown: shownZone }, call.input),
    },
    ListHostedZonesByName: { mutates: false, handle: (call) => listByName(zones, call.input, shownZone) },
    GetHostedZone: { mutates: false, handle: (call) => describeZone(findZone(plane, call.input["Id"])) },
    ...plane.healthChecks.operations,
  };
}

function findZone({ zones }: ControlPlane, id: unknown): ZoneState {
  const zone = zones.get(String(id).replace(/^\/?hostedzone\//, ""));
  if (!zone) throw new AwsError("NoSuchHostedZone", `No hosted zone found with ID: ${String(id)}`, 404);
  return zone;
}

function changeRecords(plane: ControlPlane, call: AwsCall): Record<string, unknown> {
  const zone = findZone(plane, call.input["HostedZoneId"]);
  const parsed = ChangeInput.safeParse(call.input);
  if (!parsed.success) throw new AwsError("InvalidInput", z.prettifyError(parsed.error));
  const { Changes, Comment } = parsed.data.ChangeBatch;
  const now = plane.world.clock.now();
  if (now < zone.busyUntilMs) {
    const message = "The request was rejected because Route 53 was still processing a prior request.";
    throw new AwsError("PriorRequestNotComplete", message);
  }
  const records = applyChanges(zone, Changes, plane.checks);
  const state: ChangeState = {
    Id: `/change/C${plane.random.hex(20).toUpperCase()}`,
    Status: "PENDING",
    SubmittedAt: new Date(now).toISOString(),
    ...(Comment !== undefined && { Comment }),
  };
  plane.changes.set(state.Id, state);
  const names = [...new Set(Changes.map(({ ResourceRecordSet: set }) => `${set.Name} ${set.Type}`))];
  publish(plane, zone, {
    records,
    changed: Changes.map(({ ResourceRecordSet: set }) => set),
    state,
    facts: { zone: zone.id, change: state.Id, requestId: call.requestId, names },
  });
  return { ChangeInfo: { ...state } };
}

interface Publication {
  readonly records: readonly RecordSet[];
  readonly changed: readonly Pick<RecordSet, "Name" | "Type">[];
  readonly state: ChangeState;
  readonly facts: Record<string, unknown>;
}

/** Lists show the change at once, name servers when it is INSYNC. */
function publish({ world, spec, random }: ControlPlane, zone: ZoneState, publication: Publication): void {
  const { records, changed, state, facts } = publication;
  const now = world.clock.now();
  zone.records = records;
  // A later change of the zone never becomes visible before an earlier one.
  zone.insyncMs = Math.max(zone.insyncMs, now + random.between(...spec.insyncSeconds) * 1_000);
  zone.busyUntilMs = spec.busySeconds === undefined ? zone.insyncMs : now + spec.busySeconds * 1_000;
  world.log.append("route53.change-accepted", facts);
  world.clock.at(zone.insyncMs, () => {
    const isAmong = ({ Name, Type }: Pick<RecordSet, "Name" | "Type">, sets: readonly Loss[]) =>
      sets.some(({ name, type }) => Name === name && Type === type);
    const isMet = changed.some((set) => isAmong(set, zone.loses));
    const stillLost = zone.lost.filter((loss) => !changed.some((set) => isAmong(set, [loss])));
    zone.lost = isMet ? [...stillLost, ...zone.loses] : stillLost;
    if (isMet) zone.loses = [];
    zone.inSync = records.filter((set) => !isAmong(set, zone.lost));
    state.Status = "INSYNC";
    world.log.append("route53.change-insync", facts);
  });
}

function getChange({ changes }: ControlPlane, call: AwsCall): Record<string, unknown> {
  const id = String(call.input["Id"]).replace(/^\/?change\//, "");
  const state = changes.get(`/change/${id}`);
  if (!state) throw new AwsError("NoSuchChange", `Could not find resource with ID: ${id}`, 404);
  return { ChangeInfo: { ...state } };
}

/** A token bucket of one second's requests. Throws Throttling when it is empty. */
function createThrottle(now: () => number, perSecond: number): () => void {
  let tokens = perSecond;
  let filledMs = now();
  return () => {
    tokens = Math.min(perSecond, tokens + ((now() - filledMs) / 1_000) * perSecond);
    filledMs = now();
    if (tokens < 1) throw new AwsError("Throttling", "Rate exceeded");
    tokens -= 1;
  };
}

/** Every zone has its NS and SOA records at the apex; a spec need not write them. Throws what Route 53 would refuse. */
function openZone(
  { id, name, private: isPrivate, records: wanted }: Route53Spec["zones"][number],
  checks: ChangeChecks,
): ZoneState {
  const hosts = ["ns-1.awsdns-00.com.", "ns-2.awsdns-00.net.", "ns-3.awsdns-00.org.", "ns-4.awsdns-00.co.uk."];
  const soa = "ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400";
  const apex: RecordSet[] = [
    { Name: name, Type: "NS", TTL: 172_800, ResourceRecords: hosts.map((Value) => ({ Value })) },
    { Name: name, Type: "SOA", TTL: 900, ResourceRecords: [{ Value: soa }] },
  ];
  const zone: ZoneState = {
    id,
    name,
    isPrivate,
    records: apex,
    inSync: apex,
    busyUntilMs: 0,
    insyncMs: 0,
    loses: [],
    lost: [],
  };
  zone.records = applyChanges(
    zone,
    wanted.map((set) => ({ Action: "CREATE", ResourceRecordSet: set })),
    checks,
  );
  zone.inSync = zone.records;
  return zone;
}

function shownZone(zone: Zone): Record<string, unknown> {
  return {
    Id: `/hostedzone/${zone.id}`,
    Name: zone.name,
    CallerReference: zone.id,
    Config: { PrivateZone: zone.isPrivate },
    ResourceRecordSetCount: zone.records.length,
  };
}

function describeZone(zone: Zone): Record<string, unknown> {
  const servers = zone.records.find((set) => set.Type === "NS" && set.Name === zone.name)?.ResourceRecords ?? [];
  const values = servers.map((record) => record.Value.replace(/\.$/, ""));
  return {
    HostedZone: shownZone(zone),
    ...(!zone.isPrivate && { DelegationSet: { NameServers: new XmlList("NameServer", values) } }),
  };
}
