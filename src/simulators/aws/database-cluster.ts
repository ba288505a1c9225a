import type { Random } from "../world/random.ts";
import { arnOf } from "./arn.ts";
import { type Instance, memberInstance, type Volume } from "./database-instance.ts";
import type { KeyRing } from "./kms.ts";
import { AwsError } from "./service.ts";
import type { ClusterSpec } from "./specs.ts";

export interface Member {
  readonly instance: Instance;
  readonly promotionTier: number;
}

/** One simulated Aurora cluster: members on one storage, one of which takes writes. */
export interface Cluster {
  readonly identifier: string;
  readonly region: string;
  readonly engine: ClusterSpec["engine"];
  readonly storageEncrypted: boolean;
  readonly kmsKeyId: string | undefined;
  readonly endpoints: ClusterSpec["endpoints"];
  readonly resourceId: string;
  readonly createdMs: number;
  readonly deletionProtection: boolean;
  readonly backupRetentionDays: number;
  readonly securityGroups: readonly string[];
  readonly members: readonly Member[];
  /** What Describe shows; it may trail `change`. */
  status: string;
  change: "failover" | undefined;
  /** The member that takes writes. */
  writer: Instance;
  /** The member that the writer's endpoint leads to: it moves a little later. */
  named: Instance;
}

const ZONES = ["a", "b", "c"];

export interface Birth {
  readonly createdMs: number;
  readonly random: Random;
  readonly keys: KeyRing;
}

export function newCluster(spec: ClusterSpec, birth: Birth): Cluster {
  const { identifier, region, engine, storageEncrypted, endpoints, deletionProtection } = spec;
  const volume: Volume = { commits: [], rows: new Set() };
  const kmsKeyId = keyFor(spec, birth.keys);
  const members = spec.instances.map((member, index): Member => {
    const zone = `${region}${member.zone ?? ZONES[index % ZONES.length]}`;
    const instance = memberInstance({ spec, member, zone, volume, kmsKeyId }, birth);
    return { instance, promotionTier: member.promotionTier };
  });
  const [first] = members;
  if (!first) throw new Error(`Cluster ${identifier} has no member`);
  return {
    ...{ identifier, region, engine, storageEncrypted, kmsKeyId, endpoints, deletionProtection, members },
    resourceId: `cluster-${birth.random.hex(26).toUpperCase()}`,
    createdMs: birth.createdMs,
    backupRetentionDays: spec.backupRetentionDays,
    securityGroups: spec.securityGroups,
    status: spec.status,
    change: undefined,
    writer: first.instance,
    named: first.instance,
  };
}

/** ARN of the key that encrypts the storage. Throws where the spec names one that the region does not have. */
export function keyFor(
  spec: { readonly region: string; readonly storageEncrypted: boolean; readonly kmsKey?: string | undefined },
  keys: KeyRing,
): string | undefined {
  if (!spec.storageEncrypted) return undefined;
  const key = spec.kmsKey === undefined ? keys.ownOf(spec.region) : keys.find(spec.region, spec.kmsKey);
  if (!key) throw new Error(`There is no KMS key ${spec.kmsKey} in ${spec.region}`);
  return key.arn;
}

export function clusterArn({ region, identifier }: Pick<Cluster, "region" | "identifier">): string {
  return arnOf("rds", region, `cluster:${identifier}`);
}

export function clusterNotFound(identifier: string): AwsError {
  return new AwsError("DBClusterNotFoundFault", `DBCluster ${identifier} not found.`, 404);
}

export function clusterBusy(message: string): AwsError {
  return new AwsError("InvalidDBClusterStateFault", message);
}
