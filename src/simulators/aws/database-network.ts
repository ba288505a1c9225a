import type { Instance } from "./database-instance.ts";
import type { KeyRing } from "./kms.ts";
import type { NetworkInterface } from "./network-interfaces.ts";
import type { Peer } from "./security-rules.ts";

export interface Door {
  readonly port: number;
  /** Absent: anybody. */
  readonly from?: Peer | undefined;
}

/** Whether a security group lets one connect to a port, as the network sees it now. */
export interface NetworkAccess {
  allows(region: string, groups: readonly string[], door: Door): boolean;
  /** Network interfaces of another service, as they are at any moment. */
  attach?(interfaces: () => readonly NetworkInterface[]): void;
  /** Network of a group; absent, or undefined: the ordinary one. */
  vpcOf?(region: string, group: string): string | undefined;
}

export interface RdsDeps {
  readonly network: NetworkAccess;
  readonly keys: KeyRing;
}

/** RDS says nothing of whose they are. */
export const interfaceOf = ({ region, resourceId, securityGroups }: Instance): NetworkInterface => ({
  ...{ id: `eni-${resourceId.toLowerCase()}`, region, description: "RDSNetworkInterface", requester: "amazon-rds" },
  securityGroups: [...securityGroups],
});
