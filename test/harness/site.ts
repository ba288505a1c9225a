import type { Region, Service } from "../../src/domain/service/service.ts";
import type { DatabaseRecord, DatabaseSite, LoadBalancer, Traffic } from "../../src/flows/resources/parts.ts";
import { computesIn, frontOf, namesOf, storesIn } from "../../src/flows/resources/site.ts";
import type { ComputeSite } from "../../src/ports/compute.ts";

/** What stands in one region of a service that has one resource of each role. */
export interface Site {
  readonly database: DatabaseSite;
  readonly compute: ComputeSite;
  readonly load_balancer: LoadBalancer;
}

function only<T>([one, another]: readonly T[], what: string): T {
  if (one === undefined || another !== undefined) throw new Error(`this helper is for a service with one ${what}`);
  return one;
}

/** The other region of a service that has two. */
export function standbyOf({ name, regions: [, standby] }: Pick<Service, "name" | "regions">): Region {
  if (standby === undefined) throw new Error(`${name} has one region`);
  return standby;
}

export function siteOf(service: Service, region: Region): Site {
  const { database } = only(storesIn(service, region), "store");
  const { compute } = only(computesIn(service, region), "compute");
  const balancer = frontOf(service, region);
  if (!balancer) throw new Error(`${service.name} has no load balancer in ${region}`);
  return { database, compute, load_balancer: balancer };
}

export const trafficOf = (service: Service): Traffic => only(namesOf(service), "name");

export const databaseRecordOf = (service: Service): DatabaseRecord | undefined =>
  only(storesIn(service, service.home), "store").record;
