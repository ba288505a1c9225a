import { CreateDBInstanceReadReplicaCommand, RestoreDBInstanceToPointInTimeCommand } from "@aws-sdk/client-rds";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type AwsWorld, HOME, PRIMARY, startAwsWorld } from "./aws-world.ts";

/** More than a call takes arguments; a service that is checked every ten seconds commits as many in weeks. */
const ROWS = 150_000;

let aws: AwsWorld;
beforeEach(async () => {
  aws = await startAwsWorld({ isStill: true });
});
afterEach(() => aws.stop());

test("what months have written is copied to a new replica, and to what is restored", async () => {
  const { engine } = aws.rds;
  for (let id = 0; id < ROWS; id += 1) engine.write(PRIMARY, { id: `${id}`, writer: "test" });
  const { rdsHome } = aws.clients;
  await rdsHome.send(
    new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier: "app-new", SourceDBInstanceIdentifier: "app" }),
  );
  aws.world.clock.jump(600_000);
  await rdsHome.send(
    new RestoreDBInstanceToPointInTimeCommand({
      ...{ SourceDBInstanceIdentifier: "app", TargetDBInstanceIdentifier: "app-clean", UseLatestRestorableTime: true },
    }),
  );
  aws.world.clock.jump(600_000);

  const sizes = ["app-new", "app-clean"].map((instance) => engine.rows({ region: HOME, instance }).size);
  expect(sizes).toEqual([ROWS, ROWS]);
});
