import type { World } from "../world/world.ts";
import { ClusterChanges } from "./cluster-changes.ts";
import { DatabaseChanges } from "./database-changes.ts";
import { DatabaseFleet } from "./database-fleet.ts";
import type { RdsDeps } from "./database-network.ts";
import { clusterSnapshotOperations } from "./rds-cluster-snapshots.ts";
import { clusterOperations } from "./rds-clusters.ts";
import { addRdsControls } from "./rds-controls.ts";
import { RdsEvents } from "./rds-events.ts";
import { instanceOperations } from "./rds-instances.ts";
import { logOperations } from "./rds-logs.ts";
import { maintenanceOperations } from "./rds-maintenance.ts";
import { parameterOperations } from "./rds-parameters.ts";
import type { RdsParts } from "./rds-parts.ts";
import { restoreOperations } from "./rds-restores.ts";
import { snapshotOperations } from "./rds-snapshots.ts";
import type { AwsService, DatabaseEngine, DatabaseRef } from "./service.ts";
import { keepingOperations, tagsOn } from "./snapshot-keeping.ts";
import { FAMILIES, SnapshotShelf } from "./snapshot-shelf.ts";
import { RdsSpec, type RdsSpecInput } from "./specs.ts";

export interface Rds {
  readonly service: AwsService;
  readonly engine: DatabaseEngine;
  /** Instances that speak PostgreSQL, each with the host name that clients find it by. */
  readonly speakPostgres: () => readonly (DatabaseRef & { readonly endpoint: string })[];
  /** Tags of the resource with this ARN; undefined where it has none. */
  readonly tagsOf: (arn: string) => Readonly<Record<string, string>> | undefined;
  /** Instances that are replicas, or were. */
  readonly replicasIn: (region: string) => readonly string[];
  /** `ReplicaLag` at a world time: seconds, -1 broken, undefined where RDS publishes no sample. */
  readonly replicaLagAt: (ref: DatabaseRef, worldMs: number) => number | undefined;
}

/**
 * Simulated RDS: instances with cross-region read replicas, Aurora clusters inside one region, and their snapshots. Logs
 * `rds.promotion-accepted`, `db.lost-rows`, `rds.promotion-observable`, and the like of failovers and snapshots; steered by
 * `POST /rds/lag` and `POST /rds/instance`, shown by `GET /rds`.
 */
export function createRds(world: World, input: RdsSpecInput, deps: RdsDeps): Rds {
  const spec = RdsSpec.parse(input);
  const fleet = new DatabaseFleet(world, deps, spec);
  const events = new RdsEvents(world);
  const changes = new DatabaseChanges(world, { fleet, events }, spec);
  const clusters = new ClusterChanges(world, { fleet, events }, spec);
  const parts: RdsParts = { world, deps, fleet, events, changes };
  const shelf = { world, keys: deps.keys, quota: spec.snapshotQuota };
  const shelves = {
    instance: new SnapshotShelf(FAMILIES.instance, shelf),
    cluster: new SnapshotShelf(FAMILIES.cluster, shelf),
  };
  addRdsControls(world, fleet);
  return {
    service: {
      name: "rds",
      protocol: "query",
      invalidParameter: "InvalidParameterValue",
      namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
      operations: {
        ...instanceOperations(parts),
        ...maintenanceOperations(fleet),
        ...parameterOperations(fleet),
        ...snapshotOperations({ world, fleet, changes, shelf: shelves.instance }),
        ...restoreOperations({ world, fleet, changes, shelf: shelves.instance }),
        ...logOperations(world, fleet),
        ...clusterOperations({ fleet, changes: clusters }),
        ...clusterSnapshotOperations({ world, fleet, changes: clusters, copies: changes, shelf: shelves.cluster }),
        ...keepingOperations({ world, changes }, shelves),
      },
    },
    engine: fleet,
    speakPostgres: () =>
      fleet.instances
        .filter(({ engine }) => engine.startsWith("postgres"))
        .map(({ region, identifier: instance, endpoint }) => ({ region, instance, endpoint })),
    tagsOf: tagsOn(Object.values(shelves)),
    replicasIn: (region) =>
      fleet.instances.filter((one) => one.region === region && one.replication).map(({ identifier }) => identifier),
    replicaLagAt: (ref, worldMs) => fleet.replicaLagAt(ref, worldMs),
  };
}
