import type { DatabaseFleet } from "./database-fleet.ts";
import { databaseArn, type Instance, parseDatabaseArn } from "./database-instance.ts";
import { page } from "./paging.ts";
import { DescribeMaintenance } from "./rds-input.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

const FILTER = "db-instance-id";

/** What AWS is going to do to instances by itself. Those to which nothing is to be done are not listed. */
export function maintenanceOperations(fleet: DatabaseFleet): Record<string, AwsOperation> {
  return {
    DescribePendingMaintenanceActions: { mutates: false, handle: (call) => describeMaintenance(fleet, call) },
  };
}

function describeMaintenance(fleet: DatabaseFleet, { input, region }: AwsCall) {
  const wanted = DescribeMaintenance.parse(input);
  for (const { Name } of wanted.Filters) {
    if (Name !== FILTER) throw new AwsError("InvalidParameterValue", `Unrecognized filter name: ${Name}`);
  }
  const nameOf = (given: string): string => (parseDatabaseArn(given)?.instance ?? given).toLowerCase();
  const found = fleet.instances.filter(
    (instance) =>
      instance.region === region &&
      instance.maintenance.length > 0 &&
      (wanted.ResourceIdentifier === undefined || nameOf(wanted.ResourceIdentifier) === instance.identifier) &&
      wanted.Filters.every(({ Values }) => Values.map(nameOf).includes(instance.identifier)),
  );
  const { entries, marker } = page(found, ({ identifier }) => identifier, {
    size: wanted.MaxRecords,
    marker: wanted.Marker,
  });
  return {
    Marker: marker,
    PendingMaintenanceActions: new XmlList("ResourcePendingMaintenanceActions", entries.map(maintenanceView)),
  };
}

const maintenanceView = ({ region, identifier, maintenance }: Instance) => ({
  ResourceIdentifier: databaseArn({ region, instance: identifier }),
  PendingMaintenanceActionDetails: new XmlList(
    "PendingMaintenanceAction",
    maintenance.map(({ action, description, dueMs }) => ({
      Action: action,
      Description: description,
      ...(dueMs !== undefined && { CurrentApplyDate: new Date(dueMs), AutoAppliedAfterDate: new Date(dueMs) }),
    })),
  ),
});
