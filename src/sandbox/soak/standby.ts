import { z } from "zod";
import type { Region } from "../../domain/service/service.ts";
import { isLookedAt } from "../../engine/runs/watch-due.ts";
import type { DatabaseSite } from "../../flows/resources/parts.ts";
import { storesIn } from "../../flows/resources/site.ts";
import { ACCOUNT_ID } from "../../simulators/aws/specs.ts";
import { DATABASE_RULE } from "../derive-data-plane.ts";
import type { WorldClient } from "../world-client.ts";
import { type Move, type Playing, SOON_MS, type Standby, soon } from "./playing.ts";

/** Machine time. A replica is built in six hours of the world at most. */
const BUILT_WITHIN_MS = 240_000;

type Hands = Pick<Playing, "stage" | "stores" | "cast">;

export function standbyOf(hands: Hands): Standby {
  let unbuilt: Move | undefined;
  let shut: Move | undefined;
  return {
    lost(move) {
      unbuilt = move;
      shut = move;
    },
    async tend(isNeeded, passing) {
      if (unbuilt) await build(placesBeside(unbuilt.to, hands), { world: hands.stage.world, passing });
      unbuilt = undefined;
      if (!shut) return;
      const run = await hands.stores.runs.read(shut.id);
      if (run && isLookedAt(run)) {
        if (!isNeeded) return;
        await endLooks(shut, hands);
      }
      await openDoors(placesBeside(shut.to, hands), hands.stage.world);
      shut = undefined;
    },
  };
}

async function endLooks({ id }: Move, { stage, stores, cast }: Hands): Promise<void> {
  const channel = stage.inventory.file.alerts.channel;
  for (const approver of cast.approvers)
    await stage.world.people.as(approver).types(`/dr stop-watch ${id}`, { in: channel });
  await soon(`end of the looks of ${id}`, { withinMs: SOON_MS }, async () => {
    const run = await stores.runs.read(id);
    return (run && !isLookedAt(run)) || undefined;
  });
}

interface Place {
  readonly region: Region;
  readonly database: DatabaseSite;
  /** The writer of the same store. */
  readonly source: DatabaseSite;
  readonly writing: Region;
}

/** Every database of the service beside those in the region that has the writers now. */
function placesBeside(writing: Region, { stage, cast }: Hands): Place[] {
  const service = stage.inventory.services.find(({ name }) => name === cast.service);
  if (!service) return [];
  const writers = storesIn(service, writing);
  const others = service.regions.filter((region) => region !== writing);
  return others.flatMap((region) =>
    storesIn(service, region).flatMap(({ name, database }) => {
      const source = writers.find((writer) => writer.name === name)?.database;
      return source ? [{ region, database, source, writing }] : [];
    }),
  );
}

async function openDoors(places: readonly Place[], world: WorldClient): Promise<void> {
  const { fromPort: FromPort, toPort: ToPort, source: CidrIp } = DATABASE_RULE;
  const doors = new Map(places.map(({ region, database }) => [`${region} ${database.security_group}`, region]));
  for (const [door, region] of doors)
    await world.click("ec2:AuthorizeSecurityGroupIngress", region, {
      GroupId: door.slice(region.length + 1),
      IpPermissions: [{ IpProtocol: "tcp", FromPort, ToPort, IpRanges: [{ CidrIp }] }],
    });
}

interface AtConsole {
  readonly world: WorldClient;
  readonly passing: () => Promise<void>;
}

async function build(places: readonly Place[], at: AtConsole): Promise<void> {
  for (const place of places) await replace(place, at);
}

/** The new instance is as large and as well protected as the old one, and is found under its name. */
async function replace({ region, database, source, writing }: Place, { world, passing }: AtConsole): Promise<void> {
  const DBInstanceIdentifier = database.instance;
  const patience = { withinMs: BUILT_WITHIN_MS, passing };
  const { DBInstanceClass, MultiAZ, KmsKeyId, DeletionProtection } = await shown(database.instance, region, world);
  if (DeletionProtection)
    await world.click("rds:ModifyDBInstance", region, { DBInstanceIdentifier, DeletionProtection: "false" });
  await soon(`end of the old ${database.instance}`, patience, () =>
    world.click("rds:DeleteDBInstance", region, { DBInstanceIdentifier, SkipFinalSnapshot: "true" }).then(
      () => true,
      // While RDS is still at the change before it takes no other.
      () => undefined,
    ),
  );
  const wanted = {
    ...{ DBInstanceIdentifier, DBInstanceClass, KmsKeyId, VpcSecurityGroupIds: [database.security_group] },
    ...{ MultiAZ: String(MultiAZ), DeletionProtection: String(DeletionProtection) },
    SourceDBInstanceIdentifier: `arn:aws:rds:${writing}:${ACCOUNT_ID}:db:${source.instance}`,
  };
  await soon(`name of the old ${database.instance}, for a new one`, patience, () =>
    world.click("rds:CreateDBInstanceReadReplica", region, wanted).then(
      () => true,
      // The old one has its name until it is gone.
      () => undefined,
    ),
  );
  await soon(`new replica ${database.instance}`, patience, async () => {
    const { DBInstanceStatus } = await shown(database.instance, region, world);
    return DBInstanceStatus === "available" || undefined;
  });
}

const Shown = z.looseObject({
  DBInstanceStatus: z.string(),
  DBInstanceClass: z.string(),
  MultiAZ: z.boolean(),
  KmsKeyId: z.string().optional(),
  DeletionProtection: z.boolean(),
});
const Described = z.looseObject({ DBInstances: z.looseObject({ entries: z.tuple([Shown]) }) });

async function shown(DBInstanceIdentifier: string, region: Region, world: WorldClient): Promise<z.infer<typeof Shown>> {
  const call = { service: "rds", operation: "DescribeDBInstances", region, input: { DBInstanceIdentifier } };
  return Described.parse(await world.post("/aws/console", call)).DBInstances.entries[0];
}
