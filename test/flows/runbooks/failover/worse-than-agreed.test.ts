import { afterEach, describe, expect, test } from "@jest/globals";
import { atMost, downTo, isWorse, upTo } from "../../../../src/domain/plan-run/bound.ts";
import type { Acceptance } from "../../../../src/domain/plan-run/plan.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { placesOf, seenOf } from "../../../../src/flows/resources/places.ts";
import { steadiness } from "../../../../src/flows/runbooks/failover/steadiness.ts";
import { drive } from "../../../harness/drive.ts";
import { eventually } from "../../../harness/eventually.ts";
import { mutationsOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

const SPEED = 150;
const HOUR_S = 3_600;

let at: FailoverWorld;

const standby = () => ({ region: standbyOf(at.service), ...siteOf(at.service, standbyOf(at.service)) });

const setQuota = (tasks: number) =>
  at.client.post("/ecs/quota", { region: standby().region, provider: "FARGATE", vcpus: tasks / 4 });

const setFree = (addresses: number) =>
  at.client.post("/ec2/subnet", { region: standby().region, id: "subnet-0a1b2c3d4e5f60718", addresses });

async function setMachines(containerInstances: number): Promise<void> {
  const { region, compute } = standby();
  const { cluster, service } = compute;
  await at.client.post("/ecs/service", { ...{ region, cluster, service }, launchType: "EC2" });
  await at.client.post("/ecs/cluster", { region, name: cluster, containerInstances });
}

const setMaintenance = (inSeconds: number) => {
  const { region, database } = standby();
  return at.client.post("/rds/instance", {
    ...{ region, instance: database.instance },
    maintenance: [{ action: "system-update", description: "New OS", inSeconds }],
  });
};

/** What would have to be signed of that now. */
async function agreedNow(id: string): Promise<Acceptance | undefined> {
  const place = placesOf(at.service).find(({ kind }) => kind.compute);
  if (!place) throw new Error("the example has a compute");
  const seen = seenOf(place, await observe(at.service, at.cloud));
  const judging = { from: at.service.home, to: standbyOf(at.service) };
  return seen.kind.compute?.acceptances?.(seen, judging).find((acceptance) => acceptance.id === id);
}

type Set = (value: number) => Promise<unknown>;

describe("what people agreed to up to a bound is held against it at the second look", () => {
  afterEach(() => at.stop());

  test.each<[string, { id: string; set: Set; signed: number; now: number }, RegExp]>([
    [
      "a quota that has room for fewer tasks",
      { id: "quota-too-small", set: setQuota, signed: 4, now: 1 },
      /The account's quota allows 1 of 5 tasks/,
    ],
    [
      "a subnet that has fewer addresses",
      { id: "few-addresses", set: setFree, signed: 3, now: 1 },
      /has addresses for 1 of 5 tasks/,
    ],
    [
      "a cluster that has fewer machines",
      { id: "fixed-machines", set: setMachines, signed: 3, now: 1 },
      /starts on 1 machine, and no more are added/,
    ],
    [
      "maintenance that comes earlier",
      { id: "maintenance-due", set: setMaintenance, signed: 20 * HOUR_S, now: 60 },
      /is due from (?:\S+ )?\S+ on: system-update/,
    ],
  ])("guard worse than agreed: %s than was signed voids the keys, and nothing is touched", async (_what, told, why) => {
    const { id, set, signed, now } = told;
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await set(signed);
    const { plan } = await startRun(at);
    await set(now);
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(plan.acceptances.map((acceptance) => acceptance.id)).toContain(id);
    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toMatch(/^facts changed: what people agreed to is worse than it was in the plan: /);
    expect(run.why).toMatch(why);
    expect(mutationsOf(at)).toEqual(before);
  });

  test("guard replaced task: one that is replaced has an address and gives one back, so that no fewer are counted, and one that somebody else takes is", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const { region, compute } = standby();
    const { cluster, service } = compute;
    const runs = (desiredCount: number) =>
      at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount });
    const seen = async () => {
      const facts = await at.cloud.compute.service(region, compute);
      if (!facts.known) throw new Error(facts.why);
      return { ...facts.value, few: await agreedNow("few-addresses") };
    };
    await runs(2);
    await eventually("two tasks", async () => (await seen()).running === 2);
    await setFree(1);
    const signed = await seen();
    expect(signed.few?.words).toMatch(/have addresses for 3 of the 5 tasks that are wanted$/);
    await at.setSpeed(1);

    await runs(1);
    await runs(2);

    const during = await seen();
    expect([during.running, during.pending]).toEqual([1, 1]);
    expect([during.few?.words, isWorse(during.few?.bound, signed.few?.bound)]).toEqual([signed.few?.words, false]);
    await at.setSpeed(SPEED);
    await eventually("end of the one that drains", async () => {
      const left = await at.cloud.compute.tasksLeft(region, compute);
      return left.known && left.value === 2;
    });
    expect((await seen()).few).toEqual(signed.few);
    await setFree(0);
    expect(isWorse((await seen()).few?.bound, signed.few?.bound)).toBe(true);
  });

  test("guard replaced machine: one that is replaced voids nothing where more are left, and a second one does", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const signedFor = async (machines: number) => {
      await setMachines(machines);
      return agreedNow("fixed-machines");
    };
    const signed = await signedFor(3);

    expect(signed?.words).toContain(
      "on the 3 machines that its cluster has now, or on 2 while one of them is replaced,",
    );
    expect(isWorse((await signedFor(2))?.bound, signed?.bound)).toBe(false);
    expect(isWorse((await signedFor(1))?.bound, signed?.bound)).toBe(true);
    const last = await signedFor(1);
    expect(last?.words).toContain("on the 1 machine that its cluster has now and that");
    expect(last?.bound).toEqual(downTo(1, 1));
  });

  test("what is as bad as it was signed, or better, voids nothing", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await setFree(3);
    await setMaintenance(HOUR_S);
    const { plan } = await startRun(at);
    await setFree(4);
    await setMaintenance(2 * HOUR_S);

    const run = await drive(at);

    const ids = plan.acceptances.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["few-addresses", "maintenance-due"]));
    expect([run.voided, run.why]).toEqual([false, expect.not.stringContaining("facts changed")]);
  });
});

describe("how badly AWS answers is signed with its numbers", () => {
  const signed = (asked: number, failed: number, typicalMs = 100) =>
    steadiness("eu-west-2", { asked, failed, typicalMs });

  test("calls that fail and calls that are slow are agreed to by themselves", () => {
    expect(signed(20, 4).map(({ id }) => id)).toEqual(["target-unsteady"]);
    expect(signed(20, 0, 2_500).map(({ id }) => id)).toEqual(["target-slow"]);
    expect(signed(20, 4, 2_500).map(({ id }) => id)).toEqual(["target-unsteady", "target-slow"]);
  });

  test("a few calls that fail are agreed to up to half of them, and what takes seconds until it takes twice as long", () => {
    const bounds = (all: readonly Acceptance[]) =>
      all.map(({ words, bound }) => [words.split(", as long as ")[1], bound]);

    expect(bounds(signed(20, 4))).toEqual([["no more than half of them fail", atMost(0.5)]]);
    expect(bounds(signed(20, 11))).toEqual([[undefined, atMost(1)]]);
    expect(bounds(signed(20, 0, 2_500))).toEqual([["that does not double", upTo(5_000, 2_500)]]);
    expect([isWorse(signed(20, 11)[0]?.bound, signed(20, 4)[0]?.bound)]).toEqual([true]);
    expect([isWorse(signed(20, 7)[0]?.bound, signed(20, 4)[0]?.bound)]).toEqual([false]);
  });
});
