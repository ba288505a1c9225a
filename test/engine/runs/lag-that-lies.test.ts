import { afterEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { drive } from "../../harness/drive.ts";
import { runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import type { FailoverWorldOptions } from "../../harness/failover-spec.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../harness/site.ts";

const SPEED = 200;
/** While a plan is made, and until its run begins: the replica notices a dead link within a minute, however busy the machine is. */
const SLOWLY = 5;

let at: FailoverWorld;
afterEach(() => at.stop());

const opened = async (options: Partial<FailoverWorldOptions> = {}) => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 0, ...options });
};

const replica = () => ({
  region: standbyOf(at.service),
  instance: siteOf(at.service, standbyOf(at.service)).database.instance,
});

/** CloudWatch takes in no sample any more. Resolves to the time of that. */
async function freezeLag(): Promise<number> {
  const { region, instance } = replica();
  const metric = { namespace: "AWS/RDS", metric: "ReplicaLag", of: instance, isFrozen: true };
  await at.client.post("/cloudwatch/metric", { region, ...metric });
  return at.whole.world.clock.now();
}

/** Nothing arrives at the replica any more, and it has not noticed. Resolves to the time of that. */
async function silenceLink(): Promise<number> {
  await at.client.post("/rds/lag", { ...replica(), seconds: "silent" });
  return at.whole.world.clock.now();
}

async function pass(worldMs: number, speed = SPEED): Promise<void> {
  at.whole.world.clock.jump(worldMs);
  await at.setSpeed(speed);
}

const recorded = async (): Promise<unknown> => {
  const run = await runOf(at);
  const step = run.plan.steps.find(({ does }) => does === "record-data-position");
  return step && stateOf(run, step.id).output;
};

describe("a replication lag that CloudWatch has stopped to take in", () => {
  test("is unknown to a plan, which states the loss from the last sample that was true", async () => {
    await opened();
    const frozenMs = await freezeLag();
    await pass(600_000);

    const { plan } = await startRun(at);

    expect(plan.dataLoss).toMatchObject({ kind: "after", why: expect.stringContaining("too old to count") });
    expect(plan.dataLoss).toHaveProperty("atMs", expect.any(Number));
    expect("atMs" in plan.dataLoss && plan.dataLoss.atMs).toBeLessThanOrEqual(frozenMs);
    expect(plan.acceptances.map(({ words }) => words).join()).toMatch(/I accept that writes after .* may be lost/);
    expect((await drive(at)).state).toBe("verified");
    expect(await recorded()).toEqual({ lastCommitMs: expect.any(Number) });
    expect(Object(await recorded()).lastCommitMs).toBeLessThanOrEqual(frozenMs);
  });

  test("is no proof to a planned run, which gives the old side back", async () => {
    await opened();
    await startRun(at, { mode: "planned" });
    await freezeLag();

    const run = await drive(at);

    expect(run).toMatchObject({
      state: "unwound",
      pastNoReturn: false,
      why: expect.stringContaining("lag is unknown"),
    });
    expect((await verdictOf(at)).lostWrites).toBe(0);
  });
});

describe("a lag of 0 that MySQL reports over a dead link", () => {
  test("counts for nothing in a plan: every commit since the silence is among what may be lost", async () => {
    await opened({ engine: "mysql" });
    await at.setSpeed(SLOWLY);
    const silentMs = await silenceLink();
    await pass(20_000, SLOWLY);

    const { plan } = await startRun(at);
    await at.setSpeed(SPEED);
    const run = await drive(at);

    expect(plan.dataLoss).toHaveProperty("atMs", expect.any(Number));
    expect("atMs" in plan.dataLoss && plan.dataLoss.atMs).toBeLessThanOrEqual(silentMs);
    expect(run.state).toBe("verified");
    const { lostWrites, oldestLostMs } = await verdictOf(at);
    expect(lostWrites).toBeGreaterThan(0);
    expect(Object(await recorded()).lastCommitMs).toBeLessThanOrEqual(oldestLostMs ?? 0);
  });

  test("is no proof to a planned run, which gives the old side back", async () => {
    await opened({ engine: "mysql" });
    await startRun(at, { mode: "planned" });
    await at.setSpeed(SLOWLY);
    await silenceLink();

    const run = await drive(at, { onIntent: (step) => void (step === "fence" && at.setSpeed(SPEED)) });

    expect([run.state, run.pastNoReturn, run.why]).toEqual(["unwound", false, expect.any(String)]);
    expect((await verdictOf(at)).lostWrites).toBe(0);
  });
});
