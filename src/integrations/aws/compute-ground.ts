import { DescribeClustersCommand } from "@aws-sdk/client-ecs";
import { z } from "zod";
import type { ComputeGround, GroundWish } from "../../ports/compute.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";

const Clusters = z
  .array(
    z.object({
      status: z.string(),
      registeredContainerInstancesCount: z.number().default(0),
      capacityProviders: z.array(z.string()).default([]),
    }),
  )
  .max(1)
  .default([]);

interface Wanted extends GroundWish {
  readonly signal: AbortSignal | undefined;
}

/** What a service's tasks would start on. Throws CallFailed. */
export async function readGround(caller: Caller, clients: Clients, wanted: Wanted): Promise<ComputeGround> {
  const cluster = dependsOnCluster(wanted.facts) ? await readCluster(caller, clients, wanted) : undefined;
  return { ...(cluster && { cluster }) };
}

/** Fargate asks nothing of the cluster. */
const dependsOnCluster = ({ launchType, capacityProviders = [] }: Wanted["facts"]): boolean =>
  capacityProviders.length > 0 || (launchType !== undefined && launchType !== "FARGATE");

async function readCluster(caller: Caller, clients: Clients, { region, site, signal }: Wanted) {
  const ask = { api: "ecs", region, doing: `describe cluster ${site.cluster}`, signal };
  const command = new DescribeClustersCommand({ clusters: [site.cluster] });
  const answer = await caller.read(ask, (options) => clients.ecs.in(region).send(command, options));
  const [found] = Clusters.parse(answer.clusters);
  if (!found) return undefined;
  const { status, registeredContainerInstancesCount: machines, capacityProviders } = found;
  return { status, machines, capacityProviders };
}
