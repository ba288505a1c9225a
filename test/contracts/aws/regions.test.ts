import { afterEach, expect, test } from "@jest/globals";
import { cutOffFor } from "../../../src/app/cut-off.ts";
import { until } from "../../simulators/aws/aws-world.ts";
import { factOf, guarded, HASTY, HOME, NAME, PRIMARY, REPLICA, STANDBY, ZONE } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();
let passing: NodeJS.Timeout | undefined;
afterEach(() => clearInterval(passing));

const primary = (aws = inventory().aws) => aws.databases.describe(HOME, PRIMARY);
const noRegion = { known: false, cause: "unreachable" };

test("a dark region is unreachable, at once the second time, and others are not touched", async () => {
  const hasty = inventory().connect({ ...HASTY, rememberSilenceMs: 60_000 });
  inventory().world.regions.set(HOME, "dark");
  expect(await primary(hasty)).toMatchObject(noRegion);
  const asked = await inventory().reads("DescribeDBInstances");
  expect(await primary(hasty)).toMatchObject({ ...noRegion, why: expect.stringContaining("no answer for") });
  expect(await inventory().reads("DescribeDBInstances")).toBe(asked);
  expect(factOf(await inventory().aws.databases.describe(STANDBY, REPLICA)).status).toBe("available");
});

test("a region that comes back is noticed after a short time, by one look", async () => {
  const aws = inventory().connect({ rememberSilenceMs: 200 });
  inventory().world.regions.set(HOME, "refusing");
  expect(await primary(aws)).toMatchObject(noRegion);
  inventory().world.regions.set(HOME, "up");
  const asked = await inventory().reads("DescribeDBInstances");
  await until(async () => (await primary(aws)).known || undefined);
  expect(await inventory().reads("DescribeDBInstances")).toBe(asked + 1);
});

test("guard own silence: what gave no answer while this process was cut off is asked again as soon as it is back", async () => {
  const hasty = inventory().connect({ ...HASTY, rememberSilenceMs: 60_000 });
  inventory().world.regions.set(HOME, "refusing");
  expect(await primary(hasty)).toMatchObject(noRegion);
  hasty.reach.cutOff(true);
  inventory().world.regions.set(HOME, "up");
  await hasty.databases.describe(STANDBY, REPLICA);

  expect(factOf(await primary(hasty)).status).toBe("available");
});

test("a process is cut off while no region answers it and no vendor, and not any more at the first read that is answered", async () => {
  const { world, connect } = inventory();
  const hasty = connect(HASTY);
  const isCut = cutOffFor({ vendors: () => [], aws: hasty.reach });
  const look = () => Promise.all([primary(hasty), hasty.databases.describe(STANDBY, REPLICA)]);
  world.regions.set(HOME, "refusing");
  await look();
  await hasty.databases.describe(STANDBY, REPLICA);
  expect(await isCut("now")).toBeUndefined();
  world.regions.set(STANDBY, "refusing");
  await look();
  expect(await isCut("now")).toEqual(expect.any(Number));
  world.regions.set(STANDBY, "up");

  await until(async () => {
    await hasty.databases.describe(STANDBY, REPLICA);
    return (await isCut("now")) === undefined || undefined;
  });
});

test.each(["refusing", "control-plane-down"] as const)(
  "guard asks again: home is dark, no vendor answers and the other side is %s: it is cut off only where no region answers",
  async (standby) => {
    const { world, connect } = inventory();
    const hasty = connect(HASTY);
    const isCut = cutOffFor({ vendors: () => [], aws: hasty.reach });
    await hasty.databases.describe(STANDBY, REPLICA);
    world.regions.set(HOME, "refusing");
    await primary(hasty);

    expect(await isCut("now")).toBeUndefined();
    expect(await primary(hasty)).toMatchObject({ why: expect.stringContaining("no answer for") });
    world.regions.set(STANDBY, standby);
    await hasty.databases.describe(STANDBY, REPLICA);
    expect((await isCut("now")) !== undefined).toBe(standby === "refusing");
  },
);

test("a mutation is tried whatever is remembered", async () => {
  inventory().world.regions.set(HOME, "refusing");
  await primary();
  inventory().world.regions.set(HOME, "up");
  const promoted = inventory().aws.databases.promote({
    region: HOME,
    instance: PRIMARY,
    backupRetentionDays: 7,
  });
  expect(await promoted).toMatchObject({ kind: "not-a-replica" });
  expect((await primary()).known).toBe(true);
});

test("a mutation in a dark region has an unknown outcome; one whose connection is refused did nothing", async () => {
  inventory().world.regions.set(STANDBY, "dark");
  const promote = (aws = guarded(inventory().connect(HASTY))) =>
    aws.databases.promote({ region: STANDBY, instance: REPLICA, backupRetentionDays: 7 });
  await expect(promote()).rejects.toMatchObject({ name: "OutcomeUnknown" });
  // Port 9 of this machine: nobody listens there.
  const nowhere = guarded(inventory().connect({ endpoint: "http://127.0.0.1:9" }));
  await expect(promote(nowhere)).rejects.toMatchObject({ name: "TransientError", code: "aws-unreachable" });
  expect(await nowhere.databases.describe(STANDBY, REPLICA)).toMatchObject(noRegion);
});

test("a region that cuts connections is unreachable, one that is slow is not", async () => {
  inventory().world.regions.set(HOME, "refusing");
  expect(await primary()).toMatchObject(noRegion);
  inventory().world.regions.set(STANDBY, "slow");
  inventory().world.regions.slowMs = 100;
  expect((await inventory().aws.databases.describe(STANDBY, REPLICA)).known).toBe(true);
});

test("denied is not dark", async () => {
  const message = "User: arn:aws:iam::1:user/x is not authorized";
  const notLet = "AWS does not let TwoKey do that; look at the policy of its role";
  const codes = {
    ...{ AccessDenied: notLet, UnauthorizedOperation: notLet },
    ExpiredToken: "AWS does not accept the credentials of TwoKey; they are wrong or have ended",
  };
  for (const [code, means] of Object.entries(codes)) {
    const effect = { kind: "error", status: 403, code, message } as const;
    inventory().world.faults.plan({ vendor: "aws", region: HOME, effect, times: 1 });
    expect(await primary()).toMatchObject({
      ...{ known: false, cause: "denied" },
      why: `Could not describe ${PRIMARY} in ${HOME}: ${means} (AWS said “${code}: ${message}”)`,
    });
  }
  expect((await primary()).known).toBe(true);
});

test("a control plane that answers with errors has failed, it is not dark", async () => {
  inventory().world.regions.set(HOME, "control-plane-down");
  expect(await primary()).toMatchObject({ known: false, cause: "failed" });
  inventory().world.regions.set(HOME, "up");
  expect((await primary()).known).toBe(true);
});

test("throttled and broken-off reads are repeated", async () => {
  const throttled = { kind: "error", status: 400, code: "Throttling" } as const;
  // Who was throttled waits for the budget, which is filled in world time.
  passing = setInterval(() => inventory().advance(1), 50);
  inventory().world.faults.plan({ vendor: "aws", operation: "DescribeDBInstances", effect: throttled, times: 1 });
  expect((await primary()).known).toBe(true);
  inventory().world.faults.plan({ vendor: "aws", effect: { kind: "drop-before" }, times: 2 });
  expect((await primary()).known).toBe(true);
  const broken = { kind: "error", status: 500, code: "InternalFailure" } as const;
  inventory().world.faults.plan({ vendor: "aws", effect: broken, times: 3 });
  expect((await primary()).known).toBe(true);
});

test("without us-east-1 records can neither be read nor changed, while the standby is at hand", async () => {
  inventory().world.regions.set("us-east-1", "dark");
  const { traffic } = inventory().connect(HASTY);
  expect(await traffic.records(ZONE, NAME)).toMatchObject(noRegion);
  await expect(traffic.changeState("C1")).rejects.toMatchObject({ name: "TransientError" });
  expect((await inventory().aws.databases.describe(STANDBY, REPLICA)).known).toBe(true);
});

test("a read that is given up throws the reason", async () => {
  inventory().world.regions.set(HOME, "dark");
  const stopping = new AbortController();
  const read = inventory().aws.databases.describe(HOME, PRIMARY, stopping.signal);
  stopping.abort(new Error("stopping"));
  await expect(read).rejects.toThrow("stopping");
});
