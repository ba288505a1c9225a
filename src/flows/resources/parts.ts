import type { Region } from "../../domain/service/region.ts";
import type { Write } from "../../domain/service/resource.ts";

/** One RDS instance of one site. Source: RDS API names; a read replica is promoted by its own region's control plane. */
export interface DatabaseSite {
  readonly instance: string;
  /** Host name of the instance's own endpoint; it does not change at promotion. */
  readonly endpoint: string;
  readonly security_group: string;
  readonly write_check: string;
  readonly backup_retention_days: number;
}

/** One Aurora cluster inside one region. */
export interface ClusterSite {
  readonly cluster: string;
  readonly write_check: string;
}

/** What users of one region reach first: the balancer's own name, and the hosted zone that an alias to it has to name. */
export interface LoadBalancer {
  readonly dns_name: string;
  readonly zone: string;
}

/** The CNAME by which the application finds its writer. */
export interface DatabaseRecord {
  readonly zone: string;
  readonly name: string;
  readonly ttl_seconds: number;
  readonly write: Write;
}

interface TrafficName {
  readonly zone: string;
  readonly name: string;
  /** Only networks that the zone is associated with can ask for it. */
  readonly isPrivate?: true;
}

/** The record set that users resolve. */
export type Traffic =
  | (TrafficName & { readonly routing: "weighted"; readonly set_identifiers: Readonly<Record<Region, string>> })
  | (TrafficName & { readonly routing: "failover"; readonly primary: string; readonly secondary: string })
  | (TrafficName & {
      readonly routing: "simple";
      readonly ttl_seconds: number;
      readonly values: Readonly<Record<Region, string>>;
    });

/** A name outside Route 53, with the host name that it leads to while a region serves. */
export interface FixedName {
  readonly name: string;
  readonly ttl_seconds: number;
  readonly in: Readonly<Record<Region, string>>;
}
