import type { DatabaseFacts, Known, LagFacts, Observation, SiteFacts } from "../domain/service/observed.ts";
import type { Region, Service } from "../domain/service/service.ts";
import type { Cloud } from "../ports/step.ts";
import { Patience } from "./patience.ts";
import { databaseRecordOf, siteOf, trafficOf } from "./resources/site.ts";

export interface Look {
  readonly signal?: AbortSignal;
  /** The newest look that was stored: what it knew of the replica's position is not forgotten. */
  readonly lastLook?: Observation | undefined;
  /** Somebody waits: what the last look found silent is asked again, but not waited for as long. Such a look is not stored. */
  readonly isHurried?: boolean;
}

/** The one reader of the world for planner, preflight, drift and status. Every part that did not answer says why. */
export async function observe(service: Service, cloud: Cloud, look: Look = {}): Promise<Observation> {
  const { signal, lastLook } = look;
  const { traffic, probe, clock } = cloud;
  const patience = new Patience(clock, look.isHurried ? lastLook : undefined);
  const asking = { service, cloud, signal, patience };
  const atMs = clock.now();
  const regions = [service.home, service.standby];
  const [sites, trafficRecords, databaseRecord, publicHealth] = await Promise.all([
    Promise.all(regions.map((region) => observeSite(region, asking))),
    patience.records(traffic.records(trafficOf(service).zone, trafficOf(service).name, signal)),
    patience.records(observeDatabaseRecord(service, cloud, signal)),
    patience.publicHealth(probe.health(deepHealthUrl(service, service.home), signal ? { signal } : {})),
  ]);
  const byRegion = Object.fromEntries(sites.map((site) => [site.region, remembering(site, lastLook)]));
  return {
    service: service.name,
    atMs,
    sites: byRegion,
    trafficRecords,
    databaseRecord,
    publicHealth,
    activeRegion: activeRegion(service, byRegion, atMs),
  };
}

/** What the assumptions of a plan are about, seen again: the new side and the records. The old side may be dark, and nobody waits for it. */
export type TargetObservation = Pick<Observation, "trafficRecords" | "databaseRecord" | "sites">;

export async function observeTarget(
  service: Service,
  to: Region,
  cloud: Cloud,
  signal?: AbortSignal,
): Promise<TargetObservation> {
  const [site, trafficRecords, databaseRecord] = await Promise.all([
    observeSite(to, { service, cloud, signal, patience: new Patience(cloud.clock, undefined) }),
    cloud.traffic.records(trafficOf(service).zone, trafficOf(service).name, signal),
    observeDatabaseRecord(service, cloud, signal),
  ]);
  return { sites: { [to]: site }, trafficRecords, databaseRecord };
}

/** The deep health question under the public name: what users' requests need. */
export function deepHealthUrl(service: Service, region: Region): string {
  return new URL(siteOf(service, region).deep_health.path, service.url).href;
}

interface Asking {
  readonly service: Service;
  readonly cloud: Cloud;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
}

async function observeSite(region: Region, { service, cloud, signal, patience }: Asking): Promise<SiteFacts> {
  const { database, compute, load_balancer } = siteOf(service, region);
  const direct = { via: load_balancer.dns_name, ...(signal ? { signal } : {}) };
  const [databaseFacts, computeFacts, firewall, deepHealth, lag] = await Promise.all([
    patience.of(region, cloud.databases.describe(region, database.instance, signal)),
    patience.of(region, cloud.compute.describe(region, compute, signal)),
    patience.of(region, cloud.firewall.rules(region, database.security_group, signal)),
    patience.healthOf(region, cloud.probe.health(deepHealthUrl(service, region), direct)),
    patience.of(region, cloud.databases.lag(region, database.instance, signal)),
  ]);
  return { region, database: databaseFacts, compute: computeFacts, firewall, deepHealth, lag };
}

/** A lag that is not known now, with the newest good sample that anybody saw of this very replica. */
function remembering(site: SiteFacts, lastLook: Observation | undefined): SiteFacts {
  const before = lastLook?.sites[site.region];
  if (site.lag.known || !before || !isSameReplica(site.database, before.database)) return site;
  const { lastGood: now } = site.lag;
  const then = before.lag.known ? before.lag.value : before.lag.lastGood;
  if (!then || (now && now.measuredAtMs >= then.measuredAtMs)) return site;
  const lag: LagFacts = { ...site.lag, lastGood: then };
  return { ...site, lag };
}

function isSameReplica(now: Known<DatabaseFacts>, then: Known<DatabaseFacts>): boolean {
  if (!now.known || !then.known || now.value.role !== "replica") return false;
  return now.value.instance === then.value.instance && now.value.source === then.value.source;
}

async function observeDatabaseRecord(service: Service, { traffic, clock }: Cloud, signal: AbortSignal | undefined) {
  const record = databaseRecordOf(service);
  if (!record) return { known: true as const, value: undefined, atMs: clock.now() };
  const found = await traffic.records(record.zone, record.name, signal);
  if (!found.known) return found;
  return { ...found, value: found.value.find((set) => set.type === "CNAME") };
}

/**
 * Which site's database is the writer. A replica names its source, which is enough even when the source's region is dark;
 * two standalone instances are two writers, and nobody but a person can say which one is right.
 */
function activeRegion(service: Service, sites: Readonly<Record<Region, SiteFacts>>, atMs: number): Known<Region> {
  const facts = (region: Region): DatabaseFacts | undefined => {
    const database = sites[region]?.database;
    return database?.known ? database.value : undefined;
  };
  const [home, standby] = [facts(service.home), facts(service.standby)];
  if (standby?.role === "replica" && home?.role !== "replica") return { known: true, value: service.home, atMs };
  if (home?.role === "replica" && standby?.role !== "replica") return { known: true, value: service.standby, atMs };
  if (home?.role === "standalone" && standby?.role === "standalone") {
    return { known: false, cause: "failed", why: "both databases accept writes: neither follows the other", atMs };
  }
  return {
    known: false,
    cause: "unreachable",
    why: "the databases could not be seen well enough to tell the writer",
    atMs,
  };
}
