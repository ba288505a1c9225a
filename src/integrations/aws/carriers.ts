import { z } from "zod";
import type { Carrier } from "../../domain/service/firewall.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Lookups } from "./lookups.ts";
import { Instance, securityGroupsOf } from "./rds-instances.ts";

const Interface = z.object({
  NetworkInterfaceId: z.string(),
  Description: z.string().default(""),
  RequesterId: z.string().optional(),
  Attachment: z.object({ InstanceId: z.string().optional() }).optional(),
});
type Interface = z.infer<typeof Interface>;

/** What RDS calls the interfaces of its instances; they say no more, so the instances are asked for themselves. */
const OF_AN_INSTANCE = "RDSNetworkInterface";

interface Asked {
  readonly region: Region;
  readonly groups: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Every network interface that carries one of the groups, but for those of databases. */
export async function readInterfaces(
  { networkInterfaces }: Lookups,
  { region, groups, signal }: Asked,
): Promise<readonly Carrier[]> {
  const doing = `describe the network interfaces of ${groups.join(", ")}`;
  const found = await networkInterfaces(region).askEach([...new Set(groups)], { doing, signal });
  return found.flatMap(({ group, interfaces }) =>
    z
      .array(Interface)
      .parse(interfaces)
      .filter(({ Description }) => Description !== OF_AN_INSTANCE)
      .map((each) => ({ group, says: sayInterface(each) })),
  );
}

function sayInterface({ NetworkInterfaceId: id, Description, RequesterId, Attachment }: Interface): string {
  const whose = [Attachment?.InstanceId, Description || RequesterId].filter(
    (word) => word !== undefined && word !== "",
  );
  return whose.length === 0 ? id : `${id} (${whose.join(", ")})`;
}

/** Every database instance that carries one of the groups. */
export async function readDatabases(
  { allInstances }: Lookups,
  { region, groups, signal }: Asked,
): Promise<readonly Carrier[]> {
  const wish = { id: "all", doing: "describe all database instances", signal };
  const instances = z.array(Instance).parse(await allInstances(region).ask(wish));
  return instances.flatMap((found) => {
    const instance = found.DBInstanceIdentifier;
    return securityGroupsOf(found)
      .filter((group) => groups.includes(group))
      .map((group) => ({ group, instance, says: `database ${instance}` }));
  });
}
