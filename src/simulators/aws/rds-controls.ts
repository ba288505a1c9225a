import { z } from "zod";
import type { World } from "../world/world.ts";
import type { DatabaseFleet } from "./database-fleet.ts";

const SetLag = z.strictObject({
  region: z.string(),
  instance: z.string(),
  seconds: z.union([z.number().nonnegative(), z.enum(["broken", "silent"])]),
});

const SetInstance = z.strictObject({
  ...{ region: z.string(), instance: z.string() },
  instanceClass: z.string().optional(),
  backupRetentionDays: z.number().int().optional(),
  /** Until the next change, whatever happens meanwhile. */
  status: z.string().optional(),
  /** Describe names no source, as RDS may. */
  hidesSource: z.boolean().optional(),
  maintenance: z
    .array(z.strictObject({ action: z.string(), description: z.string(), inSeconds: z.number().optional() }))
    .optional(),
});

/** Ways of the world itself to change and show its databases. */
export function addRdsControls(world: World, fleet: DatabaseFleet): void {
  world.control.on("POST /rds/lag", (body) => {
    const { region, instance, seconds } = SetLag.parse(body);
    fleet.setReplication({ region, instance }, seconds);
    world.log.append("rds.lag", { region, instance, seconds });
  });
  world.control.on("POST /rds/instance", (body) => {
    const { region, instance: name, maintenance, ...changes } = SetInstance.parse(body);
    const instance = fleet.require({ region, instance: name });
    Object.assign(instance, changes);
    const now = world.clock.now();
    if (maintenance) {
      instance.maintenance = maintenance.map(({ inSeconds, ...action }) => {
        return { ...action, dueMs: inSeconds === undefined ? undefined : now + inSeconds * 1_000 };
      });
    }
    world.log.append("rds.instance", { region, instance: name, ...changes, maintenance });
  });
  world.control.on("GET /rds/clusters", () =>
    fleet.clusters.map(({ region, identifier, status, writer, named, members }) => ({
      ...{ region, identifier, status, writer: writer.identifier, writerEndpointLeadsTo: named.identifier },
      members: members.map(({ instance }) => instance.identifier),
    })),
  );
  world.control.on("GET /rds", () =>
    fleet.instances.map(({ region, identifier, status, source, securityGroups }) => ({
      ...{ region, identifier, status, securityGroups },
      replicaOf: source,
      rows: fleet.rows({ region, instance: identifier }).size,
      writeRefusal: fleet.refusal({ region, instance: identifier }),
    })),
  );
}
