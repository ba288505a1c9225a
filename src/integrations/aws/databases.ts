import { DescribeDBInstancesCommand, PromoteReadReplicaCommand } from "@aws-sdk/client-rds";
import { z } from "zod";
import type { DatabaseFacts } from "../../domain/service/observed.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { CallFailed } from "./errors.ts";
import { replicationLag } from "./replication-lag.ts";

const API = "rds";

const Instance = z.object({
  DBInstanceIdentifier: z.string(),
  DBInstanceStatus: z.string(),
  DBInstanceClass: z.string(),
  Engine: z.string().optional(),
  BackupRetentionPeriod: z.number(),
  ReadReplicaSourceDBInstanceIdentifier: z.string().optional(),
  StatusInfos: z
    .array(
      z.object({ StatusType: z.string().optional(), Normal: z.boolean().optional(), Status: z.string().optional() }),
    )
    .default([]),
  VpcSecurityGroups: z.array(z.object({ VpcSecurityGroupId: z.string() })).default([]),
});
const Instances = z.tuple([Instance]);

/** RDS read replicas and their lag in CloudWatch, each in the instance's own region. */
export function awsDatabases(caller: Caller, clients: Clients, now: () => number): Databases {
  return {
    describe: (region, instance, signal) =>
      caller.known(async () => {
        const ask = { api: API, region, doing: `describe ${instance}`, signal };
        const answer = await caller.read(ask, (options) =>
          clients.rds.in(region).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }), options),
        );
        return factsOf(Instances.parse(answer.DBInstances)[0]);
      }),
    lag: replicationLag(caller, clients, now),
    promote: (region, instance, { backupRetentionDays }, signal) =>
      caller.act(async (requestIds) => {
        const ask = { api: API, region, doing: `promote ${instance}`, signal };
        // Left out, the retention becomes one day.
        const wanted = { DBInstanceIdentifier: instance, BackupRetentionPeriod: backupRetentionDays };
        try {
          await caller.write(ask, requestIds, (options) =>
            clients.rds.in(region).send(new PromoteReadReplicaCommand(wanted), options),
          );
          return { kind: "accepted" as const };
        } catch (error) {
          if (!(error instanceof CallFailed)) throw error;
          if (error.failure.kind === "alreadyDone") return { kind: "not-a-replica" as const };
          if (error.failure.kind === "inFlight") return { kind: "busy" as const, why: error.message };
          throw error;
        }
      }),
  };
}

/**
 * A promotion is through when the source *and* the replication status are gone: the status alone says `available`
 * before, shortly after the call, and at the end.
 */
function factsOf(instance: z.infer<typeof Instance>): DatabaseFacts {
  const source = instance.ReadReplicaSourceDBInstanceIdentifier || undefined;
  const replication = instance.StatusInfos.find(({ StatusType }) => StatusType === "read replication");
  return {
    instance: instance.DBInstanceIdentifier,
    status: instance.DBInstanceStatus,
    role: source === undefined && !replication ? "standalone" : "replica",
    source,
    replicating: replication && replication.Status === "replicating" && replication.Normal !== false,
    backupRetentionDays: instance.BackupRetentionPeriod,
    securityGroups: instance.VpcSecurityGroups.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId),
    instanceClass: instance.DBInstanceClass,
    ...(instance.Engine !== undefined && { engine: instance.Engine }),
  };
}
