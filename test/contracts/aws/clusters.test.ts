import { describe, expect, test } from "@jest/globals";
import { Superseded } from "../../../src/domain/errors.ts";
import { writerOf } from "../../../src/ports/clusters.ts";
import { CLUSTER, factOf, HOME, mutations, STANDBY } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const cluster = async () => factOf(await inventory().aws.clusters.describe(HOME, CLUSTER));
const failover = (target: string, clusters = inventory().aws.clusters) =>
  clusters.failover({ region: HOME, cluster: CLUSTER, target });
const asked = () => mutations(inventory(), "FailoverDBCluster");

describe("a cluster", () => {
  test("is described with its members, and one of them writes", async () => {
    const member = { status: "available", instanceClass: "db.r6g.large", promotionTier: 1 };
    expect(await cluster()).toEqual({
      ...{ cluster: CLUSTER, status: "available", engine: "aurora-postgresql", engineVersion: "16.4", multiAz: true },
      arn: `arn:aws:rds:${HOME}:111122223333:cluster:${CLUSTER}`,
      members: [
        { instance: "orders-1", isWriter: true, availabilityZone: `${HOME}a`, ...member },
        { instance: "orders-2", isWriter: false, availabilityZone: `${HOME}b`, ...member },
      ],
      endpoints: { writer: "orders.cluster-abc.example", reader: "orders.cluster-ro-abc.example" },
      ...{ port: 5432, securityGroups: ["sg-home"], deletionProtection: true, backupRetentionDays: 7 },
      ...{ encrypted: true, kmsKey: expect.stringMatching(/^arn:aws:kms:eu-west-1:/) },
    });
    expect(writerOf(await cluster())?.instance).toBe("orders-1");
    expect(await inventory().aws.clusters.describe(STANDBY, CLUSTER)).toMatchObject({ known: false, cause: "absent" });
  });

  test("fails over to the named member: accepted, in flight, done", async () => {
    const answer = await failover("orders-2");
    expect(answer).toEqual({ kind: "accepted", requestIds: [expect.any(String)] });
    expect(asked()).toMatchObject([{ requestId: answer.requestIds[0] }]);
    expect(await cluster()).toMatchObject({ status: "available" });
    inventory().advance(20);
    expect(await cluster()).toMatchObject({ status: "failing-over" });
    expect(writerOf(await cluster())?.instance).toBe("orders-1");
    inventory().advance(40);
    expect(await cluster()).toMatchObject({ status: "available" });
    expect(writerOf(await cluster())?.instance).toBe("orders-2");
  });

  test("that is failing over is busy; the same call afterwards asks for nothing", async () => {
    await failover("orders-2");
    expect(await failover("orders-2")).toMatchObject({ kind: "busy", why: expect.stringContaining("available state") });
    inventory().advance(60);
    expect(await failover("orders-2")).toEqual({ kind: "already-writer", requestIds: [] });
    expect(asked()).toHaveLength(1);
  });

  test("knows its members, and nobody else's", async () => {
    expect(await failover("inventory-db")).toEqual({ kind: "not-a-member", requestIds: [] });
    expect(await failover("orders-1")).toEqual({ kind: "already-writer", requestIds: [] });
    expect(asked()).toEqual([]);
  });

  test("fails over once when the answer is lost, and nobody knows before having looked", async () => {
    inventory().world.faults.plan({ vendor: "aws", operation: "FailoverDBCluster", effect: { kind: "drop-after" } });
    await expect(failover("orders-2")).rejects.toMatchObject({ name: "OutcomeUnknown" });
    expect(asked()).toHaveLength(1);
    inventory().advance(60);
    expect(writerOf(await cluster())?.instance).toBe("orders-2");
  });

  test("is left alone without a fresh proof", async () => {
    const prove = async () => {
      throw new Superseded("run-taken-over", "somebody else has it");
    };
    await expect(failover("orders-2", inventory().aws.guardedBy({ prove }, []).clusters)).rejects.toThrow(Superseded);
    expect(asked()).toEqual([]);
  });
});
