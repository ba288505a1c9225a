import { describe, expect, test } from "@jest/globals";
import { OutcomeUnknown, StepFailed, Superseded, TransientError } from "../../../src/domain/errors.ts";
import type { Proof } from "../../../src/ports/guard.ts";
import { CLUSTER, HASTY, HOME, mutations, NAME, REPLICA, STANDBY, siteIn, ZONE } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const VALID: Proof = { holds: () => true };
const promote = (prove: () => Promise<Proof>, aws = inventory().aws) =>
  aws.guardedBy({ prove }, []).databases.promote({ region: STANDBY, instance: REPLICA, backupRetentionDays: 7 });

const RULE = {
  ...{ protocol: "tcp", fromPort: 5432, toPort: 5432 },
  source: { kind: "ipv4", cidr: "10.0.0.0/8" },
} as const;
const TEXT = { name: NAME, type: "TXT", ttlSeconds: 60, values: ['"moved"'] } as const;

describe("a mutation that is guarded", () => {
  test("leaves on a proof, and a look needs none", async () => {
    let proofs = 0;
    const prove = async () => {
      proofs += 1;
      return VALID;
    };

    await inventory().aws.guardedBy({ prove }, []).databases.describe(STANDBY, REPLICA);
    expect(proofs).toBe(0);
    expect(await promote(prove)).toMatchObject({ kind: "accepted" });
    expect(proofs).toBe(1);
  });

  test("guard unguarded call: leaves by no port that only looks, whatever it is", async () => {
    const { databases, clusters, snapshots, firewall, compute, traffic } = inventory().unguarded;
    const snapshot = { of: "instance", id: "s", source: REPLICA, tags: {} } as const;
    const calls = [
      databases.promote({ region: STANDBY, instance: REPLICA, backupRetentionDays: 7 }),
      databases.reboot({ region: STANDBY, instance: REPLICA, forceFailover: false }),
      databases.forbidDeletion(STANDBY, REPLICA),
      clusters.failover({ region: HOME, cluster: CLUSTER, target: "orders-2" }),
      snapshots.create({ region: STANDBY, ...snapshot }),
      firewall.close({ region: HOME, securityGroup: "sg-home", rules: [RULE] }),
      firewall.open({ region: HOME, securityGroup: "sg-home", rules: [RULE] }),
      compute.scaleOut({ region: STANDBY, site: siteIn(STANDBY), tasks: 5 }),
      compute.stop(HOME, siteIn(HOME)),
      compute.restore({ region: HOME, site: siteIn(HOME), saved: { desired: 9, scaling: undefined } }),
      traffic.upsert({ zone: ZONE, records: [TEXT], comment: "" }),
    ];

    const ends = await Promise.allSettled(calls);

    const reasons = ends.map((end): unknown => (end.status === "rejected" ? end.reason : end.value));
    expect(reasons).toEqual(calls.map(() => expect.objectContaining({ name: "Bug", code: "unguarded" })));
    expect(inventory().world.log.read(0, "aws.mutation")).toEqual([]);
  });

  test("never leaves without one", async () => {
    const prove = async () => {
      throw new Superseded("run-taken-over", "somebody else has it");
    };

    await expect(promote(prove)).rejects.toThrow(Superseded);
    expect(mutations(inventory(), "PromoteReadReplica")).toEqual([]);
  });

  test("does not leave on a proof that runs out while it is signed, and says that nothing happened", async () => {
    const prove = async () => {
      let asked = 0;
      return { holds: () => asked++ === 0 };
    };

    await expect(promote(prove)).rejects.toThrow(TransientError);
    expect(mutations(inventory(), "PromoteReadReplica")).toEqual([]);
  });

  test("is proven again where a proof does not hold any more when it comes", async () => {
    let proofs = 0;
    const prove = async () => {
      proofs += 1;
      const isFresh = proofs > 1;
      return { holds: () => isFresh };
    };

    expect(await promote(prove)).toMatchObject({ kind: "accepted" });
    expect(proofs).toBe(2);
  });

  test("guard departure: what has left is never said to have done nothing, although its proof runs out while no answer comes", async () => {
    inventory().world.faults.plan({
      ...{ vendor: "aws", operation: "PromoteReadReplica", times: 1 },
      effect: { kind: "hang-after" },
    });
    const prove = async () => ({ holds: () => mutations(inventory(), "PromoteReadReplica").length === 0 });

    await expect(promote(prove, inventory().connect(HASTY))).rejects.toThrow(OutcomeUnknown);
    expect(mutations(inventory(), "PromoteReadReplica")).toHaveLength(1);
  });

  test("that was denied is denied, although its proof has run out by the time that AWS says so", async () => {
    inventory().world.faults.plan({
      ...{ vendor: "aws", operation: "PromoteReadReplica", times: 1 },
      effect: { kind: "error", status: 400, code: "AccessDenied" },
    });
    const hasArrived = () =>
      inventory()
        .world.log.read(0, "aws.refused")
        .some(({ facts }) => facts["operation"] === "PromoteReadReplica");

    await expect(promote(async () => ({ holds: () => !hasArrived() }))).rejects.toThrow(StepFailed);
    expect(hasArrived()).toBe(true);
  });

  test("is proven anew before each attempt", async () => {
    inventory().world.faults.plan({
      ...{ vendor: "aws", operation: "PromoteReadReplica", times: 1 },
      effect: { kind: "error", status: 400, code: "ThrottlingException" },
    });
    let proofs = 0;
    const prove = async () => {
      proofs += 1;
      if (proofs > 1) throw new Superseded("run-taken-over", "somebody else has it by now");
      return VALID;
    };

    await expect(promote(prove)).rejects.toThrow(Superseded);
    expect(proofs).toBe(2);
    expect(mutations(inventory(), "PromoteReadReplica")).toEqual([]);
  });
});
