import { expect, test } from "@jest/globals";
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

test("a call that changes the cloud compiles only behind a guard (checked by the types)", () => {
  expect(changes).toHaveLength(3);
});
