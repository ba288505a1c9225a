import type { Region } from "../../../../domain/service/region.ts";
import type { Permission } from "../../../../ports/permission.ts";
import { rds } from "../../../steps/permissions.ts";

export const failingOver = (region: Region, cluster: string): Permission => ({
  actions: ["rds:FailoverDBCluster"],
  on: [rds(region, `cluster:${cluster}`)],
});
