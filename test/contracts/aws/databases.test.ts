import {
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  RDSClient,
  RebootDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { factOf, guarded, HOME, mutations, PRIMARY, REPLICA, STANDBY } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

/** Machine time: a busy machine answers by then, and what hangs is not waited for much longer. */
const IMPATIENT = { patience: { connectMs: 10_000, answerMs: 3_000 } };
const KEEP = { backupRetentionDays: 7 };
const promote = () => inventory().aws.databases.promote({ region: STANDBY, instance: REPLICA, ...KEEP });
const replica = async () => factOf(await inventory().aws.databases.describe(STANDBY, REPLICA));

describe("promotion", () => {
  test("a promotion is accepted, then in flight, then done", async () => {
    expect(await replica()).toEqual({
      ...{ instance: REPLICA, status: "available", role: "replica", replicating: true, backupRetentionDays: 0 },
      source: `arn:aws:rds:${HOME}:111122223333:db:${PRIMARY}`,
      ...{ deletionProtection: true, logExports: [], parameterGroup: "default.postgres16" },
      ...{ securityGroups: ["sg-standby"], instanceClass: "db.r6g.large", engine: "postgres", engineVersion: "16.4" },
      ...{ port: 5432, vpc: "vpc-0a1b2c3d4e5f60718" },
      ...{ multiAz: false, availabilityZone: `${STANDBY}a`, encrypted: true },
      kmsKey: expect.stringMatching(`^arn:aws:kms:${STANDBY}:111122223333:key/`),
    });
    const answer = await promote();
    expect(answer).toEqual({ kind: "accepted", requestIds: [expect.any(String)] });
    expect(mutations(inventory(), "PromoteReadReplica")).toMatchObject([
      { requestId: answer.requestIds[0], input: { BackupRetentionPeriod: "7" } },
    ]);
    inventory().advance(5);
    expect(await replica()).toMatchObject({ status: "available", role: "replica" });
    inventory().advance(30);
    expect(await replica()).toMatchObject({ status: "modifying", role: "replica" });
    inventory().advance(60);
    expect(await replica()).toMatchObject({ role: "standalone", source: undefined, replicating: undefined });
    inventory().advance(30);
    expect(await replica()).toMatchObject({ status: "available", role: "standalone", backupRetentionDays: 7 });
  });

  test("a second promotion learns that it is no replica any more", async () => {
    await promote();
    inventory().advance(120);
    expect(await promote()).toEqual({ kind: "not-a-replica", requestIds: [expect.any(String)] });
  });

  test("an instance that is busy says so", async () => {
    await promote();
    inventory().advance(30);
    expect(await promote()).toMatchObject({ kind: "busy", why: expect.stringContaining("not in available state") });
  });

  test.each(["drop-after", "hang-after"] as const)(
    "a lost answer (%s) is an unknown outcome, and the call is not repeated",
    async (kind) => {
      inventory().world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect: { kind }, times: 1 });
      const { databases } = guarded(inventory().connect(IMPATIENT));
      await expect(databases.promote({ region: STANDBY, instance: REPLICA, ...KEEP })).rejects.toMatchObject({
        name: "OutcomeUnknown",
        message: expect.stringContaining(`promote ${REPLICA} in ${STANDBY}`),
      });
      expect(mutations(inventory(), "PromoteReadReplica")).toHaveLength(1);
      expect(inventory().world.log.read(0, "rds.promotion-accepted")).toHaveLength(1);
    },
  );

  test("a throttled promotion is repeated until it is accepted, and every request id is kept", async () => {
    const effect = { kind: "error", status: 400, code: "Throttling", message: "Rate exceeded" } as const;
    inventory().world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect, times: 2 });
    const answer = await promote();
    expect(answer.kind).toBe("accepted");
    expect(new Set(answer.requestIds).size).toBe(3);
    expect(mutations(inventory(), "PromoteReadReplica")).toHaveLength(1);
  });

  test("a server error leaves the outcome open, a refusal does not", async () => {
    const fail = (code: string, status: number) =>
      inventory().world.faults.plan({
        vendor: "aws",
        effect: { kind: "error", status, code, message: "No" },
        times: 1,
      });
    fail("InternalFailure", 500);
    await expect(promote()).rejects.toMatchObject({ name: "OutcomeUnknown" });
    fail("KMSKeyNotAccessibleFault", 400);
    await expect(promote()).rejects.toMatchObject({
      ...{ name: "StepFailed", code: "aws-refused" },
      message: `Could not promote ${REPLICA} in ${STANDBY}: AWS refuses it (AWS said “KMSKeyNotAccessibleFault: No”)`,
      facts: { region: STANDBY, requestIds: expect.stringMatching(/^\S+$/) },
    });
    fail("AccessDenied", 403);
    await expect(promote()).rejects.toMatchObject({ name: "StepFailed", code: "aws-denied" });
    const wrong = inventory().aws.databases.promote({ region: STANDBY, instance: "nobody", ...KEEP });
    await expect(wrong).rejects.toMatchObject({ name: "StepFailed", code: "aws-absent" });
  });

  test("an abort while the call is under way leaves the outcome open, before it nothing is sent", async () => {
    inventory().world.faults.plan({ vendor: "aws", effect: { kind: "hang-after" }, times: 1 });
    const stopping = new AbortController();
    const promoted = inventory().aws.databases.promote(
      { region: STANDBY, instance: REPLICA, ...KEEP },
      stopping.signal,
    );
    inventory().world.log.follow(({ kind }) => kind === "rds.promotion-accepted" && stopping.abort());
    await expect(promoted).rejects.toMatchObject({ name: "OutcomeUnknown" });
    const late = inventory().aws.databases.promote(
      { region: HOME, instance: REPLICA, ...KEEP },
      AbortSignal.abort(new Error("stopping")),
    );
    await expect(late).rejects.toThrow("stopping");
    expect(mutations(inventory(), "PromoteReadReplica")).toHaveLength(1);
  });
});

describe("deletion protection", () => {
  const forbid = () => inventory().aws.databases.forbidDeletion(STANDBY, REPLICA);
  let somebodyElse: RDSClient;
  beforeEach(() => {
    const credentials = { accessKeyId: "AKIASOMEBODYELSE0000", secretAccessKey: "not-a-secret" };
    somebodyElse = new RDSClient({ region: STANDBY, endpoint: inventory().endpoint, credentials, maxAttempts: 1 });
  });
  afterEach(() => somebodyElse.destroy());
  const modify = async (change: object) => {
    const answer = await somebodyElse.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, ...change }));
    inventory().advance(60);
    return answer.DBInstance;
  };

  test("is switched on at once, and what others left for the maintenance window stays there", async () => {
    await modify({ DeletionProtection: false });
    await modify({ BackupRetentionPeriod: 7 });

    const answer = await forbid();

    expect(answer).toEqual({ kind: "accepted", requestIds: [expect.any(String)] });
    expect(await replica()).toMatchObject({ deletionProtection: true });
    expect(mutations(inventory(), "ModifyDBInstance").at(-1)).toMatchObject({
      requestId: answer.requestIds[0],
      input: { DBInstanceIdentifier: REPLICA, DeletionProtection: "true" },
    });
    inventory().advance(60);
    expect((await modify({}))?.PendingModifiedValues?.BackupRetentionPeriod).toBe(7);
    await modify({ ApplyImmediately: true });
    expect(await replica()).toMatchObject({ backupRetentionDays: 7 });
  });

  test("of a database that is busy is asked for again later", async () => {
    await promote();
    inventory().advance(30);

    expect(await forbid()).toMatchObject({ kind: "busy", why: expect.stringContaining("not in available state") });
  });
});

describe("replication lag", () => {
  const lag = () => inventory().aws.databases.lag(STANDBY, REPLICA);

  test("the newest sample counts, with the time it was measured", async () => {
    inventory().advance(61);
    const sample = factOf(await lag());
    expect(sample.seconds).toBeCloseTo(3, 0);
    expect(inventory().world.clock.now() - sample.measuredAtMs).toBeLessThanOrEqual(61_000);
  });

  test("the samples of the last minutes come with it, newest first, also those of a link that was broken", async () => {
    inventory().advance(121);
    inventory().world.regions.set(HOME, "dark");
    inventory().advance(61);
    inventory().world.regions.set(HOME, "up");
    inventory().advance(61);

    const { recent = [], ...now } = await lag();

    expect(recent[0]).toEqual(factOf(now));
    const ages = recent.map(({ measuredAtMs }) => inventory().world.clock.now() - measuredAtMs);
    expect(ages).toEqual(ages.toSorted((one, other) => one - other));
    expect(recent.some(({ seconds }) => seconds < 0)).toBe(true);
    expect(Math.max(...ages)).toBeLessThanOrEqual(15 * 60_000);
  });

  /** To half a second: the sample of the full minute is measured, and then the region goes dark. */
  const darkAfterASample = () => {
    inventory().advance(60);
    inventory().world.clock.jump(100);
    inventory().world.regions.set(HOME, "dark");
  };
  const aboutMs = (atMs: number) => expect.closeTo(atMs, -3);

  test("a broken replication is not known, and the last good sample is kept", async () => {
    darkAfterASample();
    const darkAtMs = Math.round(inventory().world.clock.now());
    inventory().advance(90);
    expect(await lag()).toMatchObject({
      ...{ known: false, cause: "failed", why: expect.stringMatching(/no replication: ReplicaLag -1/) },
      lastGood: { seconds: 3, measuredAtMs: aboutMs(darkAtMs) },
    });
  });

  test("hours later the last good sample is still found, also by a process that has just started", async () => {
    darkAfterASample();
    const lastGood = { seconds: 3, measuredAtMs: aboutMs(inventory().world.clock.now()) };
    inventory().world.clock.jump(90_000);
    expect(await lag()).toMatchObject({ known: false, lastGood });
    inventory().world.clock.jump(9 * 3_600_000);
    expect(await lag()).toMatchObject({ known: false, lastGood });
    expect(await inventory().connect().databases.lag(STANDBY, REPLICA)).toMatchObject({ known: false, lastGood });
  });

  test("what was seen is not forgotten while CloudWatch refuses", async () => {
    inventory().advance(60);
    const { seconds, measuredAtMs } = factOf(await lag());
    inventory().world.faults.plan({
      vendor: "aws",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
      times: 1,
    });
    expect(await lag()).toMatchObject({ known: false, cause: "denied", lastGood: { seconds, measuredAtMs } });
  });

  test("samples that come in pages are all read, and each page goes on with the same window", async () => {
    inventory().advance(301);
    const whole = await inventory().connect().databases.lag(STANDBY, REPLICA);
    await inventory().control("/cloudwatch/answers", { mostSamples: 2 });
    const before = await inventory().reads("GetMetricData");

    // The world's clock goes on between the two, by fractions of a millisecond.
    const atMs: unknown = expect.closeTo(whole.atMs, 0);
    expect(await inventory().connect().databases.lag(STANDBY, REPLICA)).toEqual({ ...whole, atMs });
    expect(whole).toMatchObject({ known: true });
    expect((await inventory().reads("GetMetricData")) - before).toBeGreaterThanOrEqual(3);
  });

  test.each(["InternalError", "PartialData", "Forbidden"])(
    "of which CloudWatch does not tell all (%s) is not known, has not stopped, and is asked for again from where it was",
    async (status) => {
      inventory().advance(61);
      await inventory().control("/cloudwatch/answers", { status });
      const seen = await lag();
      expect(seen).toMatchObject({ known: false, cause: "failed", why: expect.stringContaining(status) });
      expect(seen).not.toHaveProperty("isStopped");
      // Hours later the good sample of before is still found: what was not told was not learned.
      inventory().world.regions.set(HOME, "dark");
      inventory().world.clock.jump(9 * 3_600_000);
      await inventory().control("/cloudwatch/answers", {});
      expect(await lag()).toMatchObject({ known: false, isStopped: true, lastGood: { seconds: 3 } });
    },
  );

  test("no sample is not known, and an old one neither", async () => {
    const never = await inventory().aws.databases.lag(HOME, PRIMARY);
    expect(never).toMatchObject({
      ...{ known: false, cause: "failed" },
      why: expect.stringContaining("has no recent replication lag"),
    });
    expect(never.lastGood).toBeUndefined();
    await promote();
    // Replication ends ten seconds later, and with it the samples.
    inventory().advance(11 + 4 * 60);
    expect(await lag()).toMatchObject({ known: false, why: expect.stringContaining("too old to count") });
  });
});

describe("a failover to the standby", () => {
  const reboot = (instance: string) =>
    inventory().aws.databases.reboot({ region: HOME, instance, forceFailover: true });
  const primary = async () => factOf(await inventory().aws.databases.describe(HOME, PRIMARY));
  const zones = async () => {
    const { availabilityZone, secondaryAvailabilityZone } = await primary();
    return [availabilityZone, secondaryAvailabilityZone];
  };

  test("is accepted, and its zones are shown swapped minutes later", async () => {
    const sinceMs = inventory().world.clock.now();
    expect(await zones()).toEqual([`${HOME}a`, `${HOME}b`]);
    expect(await reboot(PRIMARY)).toEqual({ kind: "accepted", requestIds: [expect.any(String)] });
    inventory().advance(20);
    expect(await primary()).toMatchObject({ status: "rebooting", multiAz: true });
    expect(await reboot(PRIMARY)).toMatchObject({ kind: "busy" });
    inventory().advance(80);
    expect(await primary()).toMatchObject({ status: "available", availabilityZone: `${HOME}a` });
    inventory().advance(100);
    expect(await zones()).toEqual([`${HOME}b`, `${HOME}a`]);
    const events = factOf(await inventory().aws.databases.events({ region: HOME, instance: PRIMARY, sinceMs }));
    expect(events.filter(({ category }) => category === "failover").map(({ says }) => says)).toEqual([
      "Multi-AZ instance failover started.",
      "Multi-AZ instance failover completed",
    ]);
  });

  test("is not asked of an instance without one", async () => {
    const { databases } = inventory().aws;
    const wish = { region: STANDBY, instance: REPLICA, forceFailover: true } as const;
    expect(await databases.reboot(wish)).toEqual({ kind: "not-multi-az", requestIds: [] });
    expect(mutations(inventory(), "RebootDBInstance")).toEqual([]);
  });

  test("is asked for once when the answer is lost", async () => {
    inventory().world.faults.plan({ vendor: "aws", operation: "RebootDBInstance", effect: { kind: "drop-after" } });
    await expect(reboot(PRIMARY)).rejects.toMatchObject({ name: "OutcomeUnknown" });
    expect(mutations(inventory(), "RebootDBInstance")).toHaveLength(1);
  });
});

test("an instance that does not exist is absent", async () => {
  const known = await inventory().aws.databases.describe(HOME, REPLICA);
  expect(known).toMatchObject({ known: false, cause: "absent", atMs: expect.any(Number) });
});

describe("how late a replica notices that nothing arrives", () => {
  const GROUP = "tuned";
  const somebodyElse = async (work: (rds: RDSClient) => Promise<unknown>) => {
    const credentials = { accessKeyId: "AKIASOMEBODYELSE0000", secretAccessKey: "not-a-secret" };
    const rds = new RDSClient({ region: STANDBY, endpoint: inventory().endpoint, credentials, maxAttempts: 1 });
    await work(rds).finally(() => rds.destroy());
  };
  const carry = () =>
    somebodyElse((rds) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, DBParameterGroupName: GROUP })),
    );
  const set = (name: string, value: string) => {
    const Parameters = [{ ParameterName: name, ParameterValue: value, ApplyMethod: "immediate" as const }];
    return somebodyElse((rds) =>
      rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName: GROUP, Parameters })),
    );
  };
  const noticed = (group = GROUP) => inventory().aws.databases.noticesSilence(STANDBY, group);

  test("is read under both of its names, and is the engines' minute where nothing is set or less is", async () => {
    await carry();
    inventory().advance(120);
    expect(factOf(await noticed())).toBe(60_000);
    await set("replica_net_timeout", "10");
    expect(factOf(await noticed())).toBe(60_000);
    await set("slave_net_timeout", "3600");
    expect(factOf(await noticed())).toBe(3_600_000);
    await set("replica_net_timeout", "7200");
    expect(factOf(await noticed())).toBe(7_200_000);
  });

  test("is not known where it is no number, or there is no such group", async () => {
    await carry();
    inventory().advance(120);
    await set("slave_net_timeout", "{DBInstanceClassMemory/12}");

    expect(await noticed()).toMatchObject({ known: false, why: expect.stringContaining("is no number") });
    expect(await noticed("nobodys")).toMatchObject({ known: false, cause: "absent" });
  });

  test("a group counts from the next restart on, and until then its instance says so", async () => {
    await carry();
    inventory().advance(120);
    expect(await replica()).toMatchObject({ parameterGroup: GROUP, isParameterGroupPending: true });

    await somebodyElse((rds) => rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: REPLICA })));
    inventory().advance(180);
    expect(await replica()).not.toHaveProperty("isParameterGroupPending");
  });
});
