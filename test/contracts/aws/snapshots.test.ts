import { describe, expect, test } from "@jest/globals";
import type { SnapshotName } from "../../../src/ports/snapshots.ts";
import { CLUSTER, DISABLED_KEY, factOf, HOME, KEY, mutations, PRIMARY, STANDBY } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const TAGS = { "twokey:reason": "before the release" };
const SOURCES = { instance: PRIMARY, cluster: CLUSTER } as const;
const nameOf = (of: SnapshotName["of"]): SnapshotName => ({ of, id: `${of}-now` });
const copyOf = (of: SnapshotName["of"]): SnapshotName => ({ of, id: `${of}-copy` });
const find = (region: string, name: SnapshotName) => inventory().aws.snapshots.find(region, name);
const take = (of: SnapshotName["of"]) =>
  inventory().aws.snapshots.create({ ...nameOf(of), region: HOME, source: SOURCES[of], tags: TAGS });
const copy = (of: SnapshotName["of"], kmsKey?: string) =>
  inventory().aws.snapshots.copy({
    ...{ ...nameOf(of), copyId: copyOf(of).id, from: HOME, to: STANDBY, tags: TAGS },
    ...(kmsKey !== undefined && { kmsKey }),
  });

describe.each(["instance", "cluster"] as const)("a snapshot of an %s", (of) => {
  test("is taken, then copied under a key of the other region", async () => {
    expect(await take(of)).toEqual({ kind: "accepted", requestIds: [expect.any(String)] });
    inventory().advance(20);
    const begun = factOf(await find(HOME, nameOf(of)));
    expect(begun).toMatchObject({ status: "creating", source: SOURCES[of], tags: TAGS });
    expect(begun.percent).toBeGreaterThan(0);
    expect(begun.takenAtMs).toBeUndefined();
    expect(await copy(of, KEY)).toMatchObject({ kind: "busy", why: expect.stringContaining("creating") });
    inventory().advance(60);
    const original = factOf(await find(HOME, nameOf(of)));
    expect(original).toMatchObject({ status: "available", percent: 100, encrypted: true });
    expect(await copy(of, KEY)).toEqual({ kind: "accepted", requestIds: [expect.any(String)] });
    inventory().advance(121);
    expect(factOf(await find(STANDBY, copyOf(of)))).toMatchObject({
      ...{ of, status: "available", copyOf: original.arn, takenAtMs: original.takenAtMs, tags: TAGS },
      kmsKey: expect.stringContaining(`:kms:${STANDBY}:`),
    });
  });

  test("is there once under its name", async () => {
    await take(of);
    inventory().advance(80);
    expect(await take(of)).toEqual({ kind: "already-exists", requestIds: [expect.any(String)] });
    await copy(of, KEY);
    expect(await copy(of, KEY)).toMatchObject({ kind: "already-exists" });
  });

  test("is not copied without a key that can be used over there", async () => {
    await take(of);
    inventory().advance(80);
    for (const key of [undefined, "alias/nobody", DISABLED_KEY.id]) {
      await expect(copy(of, key)).rejects.toMatchObject({ name: "StepFailed", code: "aws-refused" });
    }
    expect(await find(STANDBY, copyOf(of))).toMatchObject({ known: false, cause: "absent" });
  });

  test("whose answer is lost is an unknown outcome, and the snapshot is found", async () => {
    inventory().world.faults.plan({ vendor: "aws", effect: { kind: "drop-after" }, times: 1 });
    await expect(take(of)).rejects.toMatchObject({ name: "OutcomeUnknown" });
    expect((await find(HOME, nameOf(of))).known).toBe(true);
  });
});

test("an instance that is being backed up takes no second snapshot", async () => {
  await take("instance");
  const second = { of: "instance", id: "second", region: HOME, source: PRIMARY, tags: {} } as const;
  expect(await inventory().aws.snapshots.create(second)).toMatchObject({ kind: "busy" });
});

test("nothing can be copied out of a region that is gone", async () => {
  await take("instance");
  inventory().advance(80);
  inventory().world.regions.set(HOME, "refusing");
  await expect(copy("instance", KEY)).rejects.toMatchObject({ name: "TransientError" });
  expect(mutations(inventory(), "CopyDBSnapshot")).toEqual([]);
});

test("a key is known by alias, id and ARN, with its state", async () => {
  const keyState = (key: string) => inventory().aws.snapshots.keyState(STANDBY, key);
  const own = factOf(await keyState(KEY));
  expect(own).toMatchObject({ state: "Enabled", isUsable: true, managedBy: "customer", multiRegion: true });
  expect(factOf(await keyState(own.arn))).toEqual(own);
  expect(factOf(await keyState(DISABLED_KEY.id))).toMatchObject({ state: "Disabled", isUsable: false });
  expect(factOf(await keyState("alias/aws/rds"))).toMatchObject({ managedBy: "aws", multiRegion: false });
  expect(await keyState("alias/nobody")).toMatchObject({ known: false, cause: "absent" });
});
