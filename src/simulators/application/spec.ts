import { z } from "zod";
import { canonicalName } from "../dns/names.ts";

/** A database as the application of a region has it. */
const StoreSpec = z.strictObject({
  name: z.string(),
  databaseHost: z.string(),
  instance: z.string().optional(),
});
export type StoreSpec = z.infer<typeof StoreSpec>;

const RegionalSpec = z.strictObject({
  region: z.string(),
  /** The ECS service whose tasks run the application here; absent where `host` runs it. */
  cluster: z.string().optional(),
  service: z.string().optional(),
  /** Host name of a machine of somebody else that runs the application here at all times. */
  host: z.string().transform(canonicalName).optional(),
  /** Host name through which the application finds its database: an RDS endpoint, or a name in a private zone. */
  databaseHost: z.string(),
  /** This region's own database instance, for the write check; absent: whichever one `databaseHost` leads to. */
  instance: z.string().optional(),
  /** Security groups of its tasks, and of the function that tries a write. */
  securityGroups: z.array(z.string()).default([]),
  /** Where that function runs, or the machine; tasks have addresses of their own. */
  address: z.union([z.ipv4(), z.ipv6()]).default("10.0.255.10"),
  /** Further databases that every order is written to as well; an order counts when all of them have it. */
  more: z.array(StoreSpec).default([]),
});
export type RegionalSpec = z.infer<typeof RegionalSpec>;

export const ApplicationSpec = z.strictObject({
  name: z.string(),
  /** Where users find it. */
  publicName: z.string().transform(canonicalName),
  regions: z.array(RegionalSpec).min(1),
  /** World seconds for which a task keeps a session to its database open, wherever the name leads meanwhile. */
  sessionSeconds: z.number().min(0).default(60),
  /** What tasks do that nobody asks for, such as the work of a queue; 0: nothing. Tasks that drain go on with it. */
  jobs: z.strictObject({ intervalSeconds: z.number().min(0).default(0) }).prefault({}),
  /** Simulated users outside the regions, each posting one order an interval. */
  writers: z
    .strictObject({
      count: z.number().int().min(0).default(1),
      intervalSeconds: z.number().positive().default(2),
      timeoutSeconds: z.number().positive().default(5),
      /** Tries of one order, with the same id, before its user gives up. */
      attempts: z.number().int().min(1).default(2),
    })
    .prefault({}),
});
export type ApplicationSpec = z.infer<typeof ApplicationSpec>;
