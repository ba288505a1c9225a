import {
  DescribeEventsCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { z } from "zod";
import type { DatabaseEvent, Databases, EventsWish } from "../../ports/databases.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { CallFailed } from "./errors.ts";
import type { By, Lookups } from "./lookups.ts";
import { factsOf, readInstance, readInstanceNow } from "./rds-instances.ts";
import { readMaintenance } from "./rds-maintenance.ts";
import { readNetTimeout } from "./rds-parameters.ts";
import { replicationLag } from "./replication-lag.ts";

const API = "rds";

/** RDS instances and read replicas, and their lag in CloudWatch, each in the instance's own region. */
export function awsDatabases({ caller, clients, lookups }: By, now: () => number): Databases {
  return {
    describe: (region, instance, signal) =>
      caller.known(async () => factsOf(await readInstance(lookups, { region, instance, signal }))),
    lag: replicationLag(caller, lookups, now),
    maintenance: (region, instance, signal) =>
      caller.known(() => readMaintenance(lookups, { region, instance, signal })),
    noticesSilence: async (region, group, signal) => {
      const seconds = await caller.known(() => readNetTimeout(lookups, { region, group, signal }));
      if (!seconds.known) return seconds;
      if (!Number.isNaN(seconds.value)) return { ...seconds, value: seconds.value * 1_000 };
      const why = `replica_net_timeout in parameter group ${group} is no number`;
      return { known: false, cause: "failed", why, atMs: seconds.atMs };
    },
    promote: ({ region, instance, backupRetentionDays }, signal) =>
      caller.act(async (requestIds) => {
        const ask = { api: API, region, doing: `promote ${instance}`, signal };
        // Left out, the retention becomes one day.
        const wanted = { DBInstanceIdentifier: instance, BackupRetentionPeriod: backupRetentionDays };
        try {
          await caller.write(ask, requestIds, (acting, options) =>
            acting.rds.in(region).send(new PromoteReadReplicaCommand(wanted), options),
          );
          return { kind: "accepted" as const };
        } catch (error) {
          if (!(error instanceof CallFailed)) throw error;
          if (error.failure.kind === "alreadyDone") return { kind: "not-a-replica" as const };
          if (error.failure.kind === "inFlight") return { kind: "busy" as const, why: error.message };
          throw error;
        }
      }),
    reboot: rebootCall(caller, lookups),
    forbidDeletion: forbidDeletionCall(caller),
    events: (wish, signal) => caller.known(() => readEvents(caller, clients, { ...wish, signal })),
  };
}

function rebootCall(caller: Caller, lookups: Lookups): Databases["reboot"] {
  return ({ region, instance, forceFailover }, signal) =>
    caller.act(async (requestIds) => {
      if (forceFailover) {
        // RDS reboots a single instance just as well; the code of its refusal is not documented.
        const { MultiAZ } = await readInstanceNow(lookups, { region, instance, signal });
        if (!MultiAZ) return { kind: "not-multi-az" as const };
      }
      const doing = forceFailover ? `fail ${instance} over to its standby` : `reboot ${instance}`;
      const ask = { api: API, region, doing, signal };
      const command = new RebootDBInstanceCommand({ DBInstanceIdentifier: instance, ForceFailover: forceFailover });
      try {
        await caller.write(ask, requestIds, (acting, options) => acting.rds.in(region).send(command, options));
        return { kind: "accepted" as const };
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        if (error.failure.code === "InvalidParameterCombination") return { kind: "not-multi-az" as const };
        if (error.failure.kind === "inFlight") return { kind: "busy" as const, why: error.message };
        throw error;
      }
    });
}

/** RDS takes it at once. With `ApplyImmediately` it would also do what others left for the maintenance window, a restart perhaps. */
function forbidDeletionCall(caller: Caller): Databases["forbidDeletion"] {
  return (region, instance, signal) =>
    caller.act(async (requestIds) => {
      const ask = { api: API, region, doing: `switch on deletion protection of ${instance}`, signal };
      const command = new ModifyDBInstanceCommand({ DBInstanceIdentifier: instance, DeletionProtection: true });
      try {
        await caller.write(ask, requestIds, (acting, options) => acting.rds.in(region).send(command, options));
        return { kind: "accepted" as const };
      } catch (error) {
        if (!(error instanceof CallFailed) || error.failure.kind !== "inFlight") throw error;
        return { kind: "busy" as const, why: error.message };
      }
    });
}

const Events = z
  .array(
    z.object({ Date: z.date(), Message: z.string().default(""), EventCategories: z.array(z.string()).default([]) }),
  )
  .default([]);

async function readEvents(
  caller: Caller,
  clients: Clients,
  { region, instance, sinceMs, signal }: EventsWish & { readonly signal: AbortSignal | undefined },
): Promise<readonly DatabaseEvent[]> {
  const ask = { api: API, region, doing: `read the events of ${instance}`, signal };
  const found: DatabaseEvent[] = [];
  for (let marker: string | undefined, page = 0; page === 0 || marker !== undefined; page++) {
    const command = new DescribeEventsCommand({
      SourceIdentifier: instance,
      SourceType: "db-instance",
      StartTime: new Date(sinceMs),
      ...(marker !== undefined && { Marker: marker }),
    });
    const answer = await caller.read(ask, (options) => clients.rds.in(region).send(command, options));
    found.push(
      ...Events.parse(answer.Events).map(({ Date: at, Message: says, EventCategories: [category = ""] }) => {
        return { atMs: at.getTime(), category, says };
      }),
    );
    marker = answer.Marker || undefined;
  }
  return found.toSorted((one, other) => one.atMs - other.atMs);
}
