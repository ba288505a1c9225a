import { DescribePendingMaintenanceActionsCommand } from "@aws-sdk/client-rds";
import { z } from "zod";
import type { Maintenance } from "../../ports/databases.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import type { Wanted } from "./rds-instances.ts";

const Pending = z
  .array(
    z.object({
      PendingMaintenanceActionDetails: z
        .array(
          z.object({
            Action: z.string().default(""),
            Description: z.string().default(""),
            CurrentApplyDate: z.date().optional(),
          }),
        )
        .default([]),
    }),
  )
  .default([]);

/** One instance has few enough for one page. Throws CallFailed. */
export async function readMaintenance(
  caller: Caller,
  clients: Clients,
  { region, instance, signal }: Wanted,
): Promise<readonly Maintenance[]> {
  const ask = { api: "rds", region, doing: `read the pending maintenance of ${instance}`, signal };
  const command = new DescribePendingMaintenanceActionsCommand({
    Filters: [{ Name: "db-instance-id", Values: [instance] }],
  });
  const answer = await caller.read(ask, (options) => clients.rds.in(region).send(command, options));
  return Pending.parse(answer.PendingMaintenanceActions)
    .flatMap(({ PendingMaintenanceActionDetails: actions }) => actions)
    .map(({ Action: action, Description: says, CurrentApplyDate: due }) => ({
      ...{ action, says },
      ...(due && { dueMs: due.getTime() }),
    }));
}
