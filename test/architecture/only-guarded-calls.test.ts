import { DescribeImagesCommand, PutImageCommand } from "@aws-sdk/client-ecr";
import { DescribeServicesCommand, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import {
  DescribeDBInstancesCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { ChangeResourceRecordSetsCommand, ListResourceRecordSetsCommand } from "@aws-sdk/client-route-53";
import { GetServiceQuotaCommand, RequestServiceQuotaIncreaseCommand } from "@aws-sdk/client-service-quotas";
import { expect, test } from "@jest/globals";
import { Caller, type CallerOptions } from "../../src/integrations/aws/caller.ts";
import type { Clients } from "../../src/integrations/aws/clients.ts";
import type { CloudReads, GuardedCloud, LookContext } from "../../src/ports/step.ts";

/**
 * Never run: `npm run types` fails where one of these lines compiles, for then something that only looks could change the
 * cloud without a guard (G18).
 */
async function changes(looks: CloudReads, engine: GuardedCloud, { cloud }: LookContext): Promise<void> {
  // @ts-expect-error A look cannot promote.
  await looks.databases.promote({ region: "r", instance: "i", backupRetentionDays: 1 });
  // @ts-expect-error Nor by another role.
  await looks.through("arn").databases.reboot({ region: "r", instance: "i", forceFailover: true });
  // @ts-expect-error The engine acts only through the guard of a hold.
  await engine.firewall.close({ region: "r", securityGroup: "sg", rules: [] });
  // @ts-expect-error A step that waits for its effect changes nothing more.
  await cloud.compute.stop("r", { cluster: "c", service: "s", tasks: 1 });
  // @ts-expect-error Records are changed by steps alone.
  await looks.traffic.upsert({ zone: "z", records: [], comment: "" });
}

const DB = { DBInstanceIdentifier: "i" };
const SERVICE = { cluster: "c", service: "s" };
const QUOTA = { ServiceCode: "s", QuotaCode: "q", DesiredValue: 1 };
const BATCH = { HostedZoneId: "z", ChangeBatch: { Changes: [] } };

/** The same inside the one place that speaks to AWS. */
async function sends(looks: Clients, caller: Caller): Promise<void> {
  const ask = { api: "rds", region: "r", doing: "look" };
  const rds = looks.rds.in("r");
  await rds.send(new DescribeDBInstancesCommand({}));
  // @ts-expect-error What looks has no promotion, although all that a description may ask for is in it.
  await rds.send(new PromoteReadReplicaCommand(DB));
  // @ts-expect-error Nor through the caller's look.
  await caller.read(ask, (options) => rds.send(new PromoteReadReplicaCommand(DB), options));
  // @ts-expect-error Nor a reboot.
  await rds.send(new RebootDBInstanceCommand(DB));
  // @ts-expect-error Nor what starts something.
  await rds.send(new StartDBInstanceCommand(DB));
  await looks.ecs.in("r").send(new DescribeServicesCommand({ services: [] }));
  // @ts-expect-error Nor a new number of tasks.
  await looks.ecs.in("r").send(new UpdateServiceCommand(SERVICE));
  await looks.route53.client().send(new ListResourceRecordSetsCommand({ HostedZoneId: "z" }));
  // @ts-expect-error Nor a change of records.
  await looks.route53.client().send(new ChangeResourceRecordSetsCommand(BATCH));
  await looks.ecr.in("r").send(new DescribeImagesCommand({ repositoryName: "n" }));
  // @ts-expect-error Nor an image.
  await looks.ecr.in("r").send(new PutImageCommand({ repositoryName: "n", imageManifest: "m" }));
  await looks.serviceQuotas.in("r").send(new GetServiceQuotaCommand({ ServiceCode: "s", QuotaCode: "q" }));
  // @ts-expect-error Nor a request for a larger quota.
  await looks.serviceQuotas.in("r").send(new RequestServiceQuotaIncreaseCommand(QUOTA));
  // @ts-expect-error A command of another service is none of this one's looks.
  await rds.send(new DescribeServicesCommand({ services: [] }));
  // @ts-expect-error The write of a caller takes what a guard lets leave, and nothing of what looks.
  await caller.write(ask, [], (_acting: Clients, options) => rds.send(new PromoteReadReplicaCommand(DB), options));
}

/** A caller without a guard cannot be made. */
function unguarded(options: Omit<CallerOptions, "guard">): Caller {
  // @ts-expect-error The guard is missing.
  return new Caller(options);
}

test("a call that changes the cloud compiles only behind a guard (checked by the types)", () => {
  expect([changes, sends, unguarded].map(({ length }) => length)).toEqual([3, 2, 1]);
});
