import { z } from "zod";
import type { Maintenance } from "../../ports/databases.ts";
import type { Lookups } from "./lookups.ts";
import type { Wanted } from "./rds-instances.ts";

const Pending = z
  .object({
    PendingMaintenanceActionDetails: z
      .array(
        z.object({
          Action: z.string().default(""),
          Description: z.string().default(""),
          CurrentApplyDate: z.date().optional(),
        }),
      )
      .default([]),
  })
  .prefault({});

/** Throws CallFailed. */
export async function readMaintenance(
  lookups: Lookups,
  { region, instance, signal }: Wanted,
): Promise<readonly Maintenance[]> {
  const wish = { id: instance, doing: `read the pending maintenance of ${instance}`, signal };
  const { PendingMaintenanceActionDetails: actions } = Pending.parse(await lookups.maintenance(region).ask(wish));
  return actions.map(({ Action: action, Description: says, CurrentApplyDate: due }) => ({
    ...{ action, says },
    ...(due && { dueMs: due.getTime() }),
  }));
}
