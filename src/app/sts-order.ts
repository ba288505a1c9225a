import type { Plan } from "../domain/plan-run/plan.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { partitionOf, type Region } from "../domain/service/region.ts";

/** The run that a session is for, and where it leads. */
export type RunPlace = Pick<Plan, "id" | "from" | "to">;
export type RunOfService = RunPlace & Pick<Plan, "service">;

/** Whose STS is asked after TwoKey's own, in the order in which the file names the sites. */
export function otherSts({ file, services }: Pick<Inventory, "file" | "services">): readonly Region[] {
  const all = services.flatMap(({ regions }) => regions);
  // Credentials end at the border of a partition.
  const reachable = all.filter((region) => partitionOf(region) === partitionOf(file.aws.sts));
  return [...new Set(reachable)].filter((region) => region !== file.aws.sts);
}

/** The region that a run leads to has to answer anyway, so it is asked first; the one that it leaves is never asked. */
export function stsOf({ from, to }: RunPlace, inventory: Pick<Inventory, "file" | "services">): readonly Region[] {
  const regions = [to, inventory.file.aws.sts, ...otherSts(inventory)];
  return [...new Set(regions)].filter((region) => region !== from || region === to);
}
