/** What AWS knows about a resource that the file names, and people need not write down. */
export interface FoundLoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly kind: "application" | "network" | "gateway";
  readonly dnsName: string;
  /** The hosted zone of its own name, which an alias to it has to say. */
  readonly zone: string;
}

export interface FoundService {
  readonly service: string;
  /** ARNs, in the order of the service. */
  readonly targetGroups: readonly string[];
}

export interface FoundDatabase {
  readonly instance: string;
  readonly engine: string;
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly securityGroups: readonly string[];
  /** The cluster that it is a member of. */
  readonly cluster?: string;
}

export interface FoundZone {
  readonly id: string;
  /** Lower case, no trailing dot. */
  readonly name: string;
  readonly isPrivate: boolean;
}
