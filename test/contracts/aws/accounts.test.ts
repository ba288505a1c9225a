import { expect, test } from "@jest/globals";
import { promoting } from "../../../src/flows/resources/stores/rds-replica/permissions.ts";
import { UNASKED } from "../../harness/fakes/index.ts";
import {
  HOME,
  NAME,
  NEIGHBOUR_ROLE,
  OBSERVE_ROLE,
  PRIMARY,
  REPLICA,
  ROLE,
  STANDBY,
  sessionsIn,
  ZONE,
} from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const assumed = () => sessionsIn(inventory()).map(({ region, role, session }) => [region, role, session]);

test("another account is entered by its own role, through the same STS, and once", async () => {
  const aws = inventory().connect({ role: { arn: OBSERVE_ROLE, sessionName: "bot-1" }, stsRegion: STANDBY });
  const access = { role: { arn: NEIGHBOUR_ROLE, sessionName: "bot-1" } };
  expect((await aws.inAccount(access).databases.describe(HOME, PRIMARY)).known).toBe(true);
  await aws.inAccount(access).databases.describe(STANDBY, REPLICA);
  await aws.databases.describe(HOME, PRIMARY);
  expect(assumed()).toEqual([
    [STANDBY, NEIGHBOUR_ROLE, "bot-1"],
    [STANDBY, OBSERVE_ROLE, "bot-1"],
  ]);
});

test("a run acts in another account by the role that acts there, in a session of its own name", async () => {
  const aws = inventory().connect({ executeRole: ROLE });
  const there = aws.inAccount({ executeRole: NEIGHBOUR_ROLE }).as({ sessionName: "dr-F-1" });
  // This world has one account.
  const on = [{ service: "rds", region: STANDBY, account: "111122223333", resource: `db:${REPLICA}` }];
  const promotion = { ...promoting(STANDBY, REPLICA), on };
  await there
    .guardedBy(UNASKED, [promotion])
    .databases.promote({ region: STANDBY, instance: REPLICA, backupRetentionDays: 7 });
  expect(assumed()).toEqual([[HOME, NEIGHBOUR_ROLE, "dr-F-1"]]);
});

test("silence that one account met counts for all of them", async () => {
  const aws = inventory().connect();
  inventory().world.regions.set(HOME, "refusing");
  await aws.databases.describe(HOME, PRIMARY);
  const there = aws.inAccount({ role: { arn: NEIGHBOUR_ROLE, sessionName: "bot-1" } });
  expect(await there.databases.describe(HOME, PRIMARY)).toMatchObject({
    ...{ known: false, cause: "unreachable", why: expect.stringContaining("no answer for") },
  });
});

test.each([
  ["us-gov-east-1", "us-gov-west-1"],
  ["cn-north-1", "cn-northwest-1"],
  ["xx-newplace-7", "us-east-1"],
])("from %s Route 53 is asked in %s, where its partition has it", async (stsRegion, route53) => {
  await inventory().connect({ stsRegion }).traffic.records(ZONE, NAME);
  expect(await inventory().reads("ListResourceRecordSets", route53)).toBe(1);
});
