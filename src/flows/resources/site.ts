import { UserError } from "../../domain/errors.ts";
import type { Region } from "../../domain/service/region.ts";
import type { Resource, Role } from "../../domain/service/resource.ts";
import { resourcesOf, type Service } from "../../domain/service/service.ts";
import type { DatabaseRecord, LoadBalancer, Site, Traffic } from "../../domain/service/site.ts";
import type { Kind } from "./kind.ts";
import { settled } from "./settle.ts";

/** Everything of a service that stands in one region. Throws UserError where a value is neither written nor discovered. */
export function siteOf(service: Service, region: Region): Site {
  if (!service.regions.includes(region)) throw new RangeError(`Service ${service.name} has no site in ${region}`);
  const store = only(service, "stores");
  const compute = only(service, "compute");
  return {
    database: part(store.kind, "database")(store.resource, region),
    compute: part(compute.kind, "compute")(compute.resource, region),
    load_balancer: part(compute.kind, "balancer")(compute.resource, region),
    deep_health: { path: service.deep_health },
  };
}

/** The CNAME of the writable database; undefined where every site uses its own instance's endpoint. */
export function databaseRecordOf(service: Service): DatabaseRecord | undefined {
  const { kind, resource } = only(service, "stores");
  return kind.parts.databaseRecord?.(resource);
}

/** The record set that users resolve. */
export function trafficOf(service: Service): Traffic {
  const { kind, resource } = only(service, "entrances");
  return part(kind, "traffic")(resource, service.regions);
}

/** What users of a region reach first; undefined while it is not known, or where no compute says it. */
export function balancerOf(service: Service, region: Region): LoadBalancer | undefined {
  try {
    const { kind, resource } = only(service, "compute");
    return kind.parts.balancer?.(resource, region);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function part<Name extends keyof Kind["parts"]>(kind: Kind, name: Name): NonNullable<Kind["parts"][Name]> {
  const found = kind.parts[name];
  if (!found) throw new TypeError(`The kind ${kind.kind} has no ${name}`);
  return found;
}

/** The one resource of a role. Today's runbooks move exactly one of each. */
function only(service: Service, role: Role): { readonly kind: Kind; readonly resource: Resource } {
  const [first, second] = resourcesOf(service).filter((placed) => placed.role === role);
  if (!first || second)
    throw new UserError("one-of-each", `${service.name} needs exactly one resource among its ${role}.`);
  return settled(service, first);
}
