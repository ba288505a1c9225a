import { keyFor } from "./database-cluster.ts";
import { type Instance, newInstance, parseDatabaseArn } from "./database-instance.ts";
import { CreateReplica } from "./rds-input.ts";
import type { RdsParts } from "./rds-parts.ts";
import { type AwsCall, AwsError, type DatabaseRef } from "./service.ts";
import { DatabaseSpec } from "./specs.ts";

export function createReplica(
  { fleet, changes, world, deps }: RdsParts,
  { input, region, requestId }: AwsCall,
): Instance {
  const wanted = CreateReplica.parse(input);
  const named = wanted.SourceDBInstanceIdentifier;
  const sourceRef = parseDatabaseArn(named) ?? { region, instance: named.toLowerCase() };
  const identifier = wanted.DBInstanceIdentifier;
  const source = requireSource({ fleet, world }, sourceRef, { region, kmsKeyId: wanted.KmsKeyId });
  if (wanted.KmsKeyId !== undefined && deps.keys.find(region, wanted.KmsKeyId)?.state !== "Enabled") {
    throw new AwsError("KMSKeyNotAccessibleFault", `The KMS key ${wanted.KmsKeyId} does not exist or is not enabled.`);
  }
  if (fleet.find({ region, instance: identifier })) {
    throw new AwsError("DBInstanceAlreadyExists", "DB Instance already exists");
  }
  const lagSeconds = 1;
  const spec = DatabaseSpec.parse({
    ...{ identifier, region, engine: source.engine, storageEncrypted: source.storageEncrypted, lagSeconds },
    kmsKey: wanted.KmsKeyId,
    instanceClass: wanted.DBInstanceClass ?? source.instanceClass,
    multiAz: wanted.MultiAZ,
    deletionProtection: wanted.DeletionProtection,
    backupRetentionDays: wanted.BackupRetentionPeriod,
    endpoint: fleet.endpointFor(region, identifier, `c${requestId.slice(0, 8)}.${region}.rds.amazonaws.com`),
    securityGroups: wanted.VpcSecurityGroupIds,
    replicaOf: { region: sourceRef.region, identifier: source.identifier },
  });
  const birth = { createdMs: world.clock.now(), random: world.random.fork(`rds-replica-${requestId}`) };
  const replica = newInstance(spec, keyFor(spec, deps.keys), birth);
  fleet.add(replica);
  changes.create(replica, lagSeconds * 1_000);
  return replica;
}

function requireSource(
  { fleet, world }: Pick<RdsParts, "fleet" | "world">,
  ref: DatabaseRef,
  target: { readonly region: string; readonly kmsKeyId: string | undefined },
): Instance {
  const isElsewhere = ref.region !== target.region;
  if (isElsewhere && world.regions.isUnreachable(ref.region)) {
    throw new AwsError("ServiceUnavailable", `The source region ${ref.region} does not answer.`, 503);
  }
  const source = fleet.require(ref);
  if (source.backupRetentionDays === 0) {
    throw new AwsError(
      "InvalidDBInstanceState",
      "Automated backups are not enabled for this database instance. To enable automated backups, use ModifyDBInstance " +
        "to set the backup retention period to a non-zero value.",
    );
  }
  if (isElsewhere && source.storageEncrypted && target.kmsKeyId === undefined) {
    throw new AwsError(
      "InvalidParameterCombination",
      "A replica of an encrypted source in another region needs a KmsKeyId.",
    );
  }
  return source;
}
