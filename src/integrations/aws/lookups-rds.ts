import {
  type DBCluster,
  type DBInstance,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  DescribePendingMaintenanceActionsCommand,
  type Parameter,
  type ResourcePendingMaintenanceActions,
} from "@aws-sdk/client-rds";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

/** A page of RDS. */
const MOST = 100;
const API = "rds";

const among = (Name: string, ids: readonly string[]) => ({ Filters: [{ Name, Values: [...ids] }] });
const at = (from: string | undefined) => from !== undefined && { Marker: from };

export const instances = (clients: Clients, region: Region): Kind<DBInstance> => ({
  ...{ api: API, region, most: MOST },
  async page(ids, from, options) {
    const [id] = ids;
    const command = new DescribeDBInstancesCommand({
      ...(ids.length === 1 ? { DBInstanceIdentifier: id } : among("db-instance-id", ids)),
      ...at(from),
    });
    const { DBInstances: items, Marker: next } = await clients.rds.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ DBInstanceIdentifier }, id) => isSame(DBInstanceIdentifier, id),
});

/** All of the region, whatever the id. */
export const allInstances = (clients: Clients, region: Region): Kind<readonly DBInstance[]> => ({
  ...{ api: API, region, most: 1 },
  async page(_ids, from, options) {
    const command = new DescribeDBInstancesCommand({ ...at(from) });
    const { DBInstances: found = [], Marker: next } = await clients.rds.in(region).send(command, options);
    return { items: [found], next };
  },
  isOf: () => true,
  join: (pages) => pages.flat(),
});

export const clusters = (clients: Clients, region: Region): Kind<DBCluster> => ({
  ...{ api: API, region, most: MOST },
  async page(ids, from, options) {
    const [id] = ids;
    const command = new DescribeDBClustersCommand({
      ...(ids.length === 1 ? { DBClusterIdentifier: id } : among("db-cluster-id", ids)),
      ...at(from),
    });
    const { DBClusters: items, Marker: next } = await clients.rds.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ DBClusterIdentifier }, id) => isSame(DBClusterIdentifier, id),
});

/** The instances of each cluster. */
export const members = (clients: Clients, region: Region): Kind<readonly DBInstance[]> => ({
  ...{ api: API, region, most: MOST, isSilentOfAbsent: true },
  async page(ids, from, options) {
    const command = new DescribeDBInstancesCommand({ ...among("db-cluster-id", ids), ...at(from) });
    const { DBInstances: found = [], Marker: next } = await clients.rds.in(region).send(command, options);
    return { items: found.map((instance) => [instance]), next };
  },
  isOf: ([instance], id) => isSame(instance?.DBClusterIdentifier, id),
  join: (each) => each.flat(),
});

/** Of instances; those to which nothing is to be done are left out. */
export const maintenance = (clients: Clients, region: Region): Kind<ResourcePendingMaintenanceActions> => ({
  ...{ api: API, region, most: MOST, isSilentOfAbsent: true },
  async page(ids, from, options) {
    const command = new DescribePendingMaintenanceActionsCommand({ ...among("db-instance-id", ids), ...at(from) });
    const { PendingMaintenanceActions: items, Marker: next } = await clients.rds.in(region).send(command, options);
    return { items, next };
  },
  // An ARN ends in the name.
  isOf: ({ ResourceIdentifier }, id) => isSame(ResourceIdentifier?.split(":").at(-1), id),
});

/** Of parameter groups: what somebody has set there. */
export const setParameters = (clients: Clients, region: Region): Kind<readonly Parameter[]> => ({
  ...{ api: API, region, most: 1 },
  async page([DBParameterGroupName], from, options) {
    const command = new DescribeDBParametersCommand({ DBParameterGroupName, Source: "user", ...at(from) });
    const { Parameters: found = [], Marker: next } = await clients.rds.in(region).send(command, options);
    return { items: [found], next };
  },
  isOf: () => true,
  join: (pages) => pages.flat(),
});

/** RDS keeps names in lower case. */
const isSame = (name: string | undefined, id: string): boolean => name?.toLowerCase() === id.toLowerCase();
