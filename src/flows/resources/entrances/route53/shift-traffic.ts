import { changeRecords } from "../../../steps/change-records.ts";
import { MINUTE } from "../../../steps/schemas.ts";

export const shiftTraffic = changeRecords({
  name: "shift-traffic",
  role: "moves-users",
  comment: "TwoKey: users to the standby",
  isPublic: true,
  deadlineMs: 20 * MINUTE,
  title: ({ name, region }) => `Point ${name} at ${region}`,
});
