import { UserError } from "../../domain/errors.ts";
import type { Region } from "../../domain/service/region.ts";
import { resourcesOf, type Service, type ServiceFile } from "../../domain/service/service.ts";
import type { ComputeSite } from "../../ports/compute.ts";
import { kindOf } from "./index.ts";
import type { ClusterSite, DatabaseRecord, DatabaseSite, FixedName, LoadBalancer, Traffic } from "./parts.ts";
import { settled } from "./settle.ts";

export interface StoreSite {
  /** Its name in the file. */
  readonly name: string;
  readonly database: DatabaseSite;
  /** The name by which applications find its writer. */
  readonly record: DatabaseRecord | undefined;
}

/**
 * What stands in a region, by role, to build a world like it from or to look from outside. All throw UserError where a
 * value is neither written nor discovered.
 */
export function storesIn(service: Service, region: Region): StoreSite[] {
  return partsOf(service).flatMap(({ kind: { parts }, resource, name }) => {
    const database = parts.database?.(resource, region);
    return database ? [{ name, database, record: parts.databaseRecord?.(resource) }] : [];
  });
}

export interface ComputeAt {
  /** Its name in the file. */
  readonly name: string;
  readonly compute: ComputeSite;
  readonly balancer: LoadBalancer | undefined;
}

export function computesIn(service: Service, region: Region): ComputeAt[] {
  return partsOf(service).flatMap(({ kind: { parts }, resource, name }) => {
    const compute = parts.compute?.(resource, region);
    return compute ? [{ name, compute, balancer: parts.balancer?.(resource, region) }] : [];
  });
}

/** The records that users resolve. */
export function namesOf(service: Service): Traffic[] {
  return partsOf(service).flatMap(({ kind, resource }) => kind.parts.names?.(resource, service.regions) ?? []);
}

export const fixedNamesOf = (service: Service): FixedName[] =>
  partsOf(service).flatMap(({ kind, resource }) => kind.parts.fixedNames?.(resource) ?? []);

export interface ClusterAt extends ClusterSite {
  /** Its name in the file. */
  readonly name: string;
}

export const clustersIn = (service: Service, region: Region): ClusterAt[] =>
  partsOf(service).flatMap(({ kind, resource, name }) => {
    const cluster = kind.parts.cluster?.(resource, region);
    return cluster ? [{ name, ...cluster }] : [];
  });

const partsOf = (service: Service) =>
  resourcesOf(service).map((placed) => ({
    ...{ ...settled(service, placed), role: placed.role },
    name: placed.path.at(-1) ?? placed.id,
  }));

/** What users of a region reach first: the load balancer of the compute that the entrance leads to. Undefined while it is not known. */
export function frontOf(service: Service, region: Region): LoadBalancer | undefined {
  try {
    const front = partsOf(service).find(({ role, name }) => role === "compute" && name === servingUsers(service));
    return front?.kind.parts.balancer?.(front.resource, region);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Name of the compute that users are led to: the one that the entrance names, else the first that has a load balancer. */
export function servingUsers(service: ServiceFile): string | undefined {
  const placed = resourcesOf(service).map(({ role, resource, path }) => {
    return { resource, name: path.at(-1), kind: kindOf(role, resource) };
  });
  const [named] = placed.flatMap(({ kind, resource }) => kind.entrance?.to(resource) ?? []);
  const first = placed.find(({ kind, resource }) => kind.compute?.reachedBy(resource) === "load-balancer");
  return named ?? first?.name;
}
