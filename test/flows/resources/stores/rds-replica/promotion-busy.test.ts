import {
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RDSClient,
  RebootDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { STEPS } from "../../../../../src/flows/index.ts";
import {
  HOME,
  type InventoryWorld,
  mutations,
  PRIMARY,
  REPLICA,
  STANDBY,
  startInventoryWorld,
} from "../../../../contracts/aws/inventory-world.ts";
import { fakeCloud } from "../../../../harness/fakes/index.ts";

let inventory: InventoryWorld;
let somebodyElse: RDSClient;
beforeEach(async () => {
  inventory = await startInventoryWorld();
  const credentials = { accessKeyId: "AKIASOMEBODYELSE0000", secretAccessKey: "not-a-secret" };
  somebodyElse = new RDSClient({ region: STANDBY, endpoint: inventory.endpoint, credentials, maxAttempts: 1 });
});
afterEach(async () => {
  somebodyElse.destroy();
  await inventory.stop();
});

const INPUT = {
  ...{ region: STANDBY, instance: REPLICA, backupRetentionDays: 7 },
  source: { region: HOME, instance: PRIMARY },
};
const THEIRS = { DBInstanceIdentifier: REPLICA };
const OTHERS = {
  modification: () => somebodyElse.send(new ModifyDBInstanceCommand({ ...THEIRS, DeletionProtection: true })),
  reboot: () => somebodyElse.send(new RebootDBInstanceCommand(THEIRS)),
};

/** As the engine does it: a call that could not be made, or whose answer was lost, is looked after and asked again. */
async function ask(mayHaveAsked = false) {
  const cloud = fakeCloud({ databases: inventory.aws.databases });
  const hold = { run: "F-1", epoch: 1 };
  const context = {
    cloud,
    signal: new AbortController().signal,
    hold,
    tries: 1,
    mayHaveAsked,
    outputOf: () => undefined,
  };
  return STEPS["promote-replica"]?.run(INPUT, context);
}

test.each(["modification", "reboot"] as const)(
  "somebody else's %s is not taken for the promotion: it is asked for once the replica can take it",
  async (kind) => {
    await OTHERS[kind]();
    for (const seconds of [0, 11]) {
      inventory.advance(seconds);
      await expect(ask()).rejects.toMatchObject({ name: "TransientError", code: "replica-busy" });
    }
    inventory.advance(120);

    expect(await ask()).toMatchObject({ data: { found: "asked" }, requestIds: [expect.any(String)] });
    expect(mutations(inventory, "PromoteReadReplica")).toHaveLength(1);
  },
);

test("a promotion whose answer was lost is looked after until it shows, and is made once", async () => {
  inventory.world.faults.plan({
    ...{ vendor: "aws", operation: "PromoteReadReplica", times: 1 },
    effect: { kind: "drop-after" },
  });
  await expect(ask()).rejects.toMatchObject({ name: "OutcomeUnknown" });
  inventory.advance(30);
  await expect(ask(true)).rejects.toMatchObject({ name: "TransientError", code: "replica-busy" });
  inventory.advance(120);

  expect(await ask(true)).toMatchObject({ data: { found: "already-promoted" } });
  expect(mutations(inventory, "PromoteReadReplica")).toHaveLength(1);
});

test("guard whose promotion: one that somebody else asked for is never said to be this run's: people are asked", async () => {
  await somebodyElse.send(new PromoteReadReplicaCommand(THEIRS));
  inventory.advance(30);
  await expect(ask()).rejects.toMatchObject({ name: "TransientError" });
  inventory.advance(120);

  await expect(ask()).rejects.toMatchObject({
    ...{ name: "StepFailed", code: "promoted-by-others", facts: { mustAsk: true } },
    message: expect.stringContaining("no answer says that this run did it"),
  });
});
