import { afterEach, describe, expect, test } from "@jest/globals";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { type Decided, decide } from "../../../src/engine/approvals/decisions.ts";
import { driveRun } from "../../../src/engine/runs/executor.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { who } from "../../harness/fakes/index.ts";
import { databaseRecordOf, siteOf, standbyOf, trafficOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";

const SPEED = 60;
/** From the moment at which a step can only wait for its deadline. */
const SPEED_TO_DEADLINE = 1_500;
/** A task takes longer to start than a decision takes to be read, on a busy machine too. */
const SLOW_TASKS = { speed: 20, startSeconds: [100, 120] } as const;
const nothing = async () => undefined;
const WAKE = {
  ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
  card: nothing,
};
/** One person's decision is not proven by the chat. */
const unasked = () => Promise.reject(new Error("nobody is looked up for an abort"));

let at: FailoverWorld;
afterEach(() => at.stop());

const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));

async function say(decision: Decided["decision"], ...people: readonly string[]): Promise<void> {
  const ledger = await openLedger(at, "people");
  const { clock, inventory, memory } = at;
  for (const id of people) {
    const deps = { runs: memory.runs, clock, wake: WAKE, ledger, inventory: () => inventory };
    await decide("F-1", { decision, who: who(id), words: "" }, deps);
  }
  await ledger.close();
}

const denied = (operation: string) =>
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation, effect: { kind: "error", status: 400, code: "AccessDenied" } },
  });

describe("what people are asked about", () => {
  test("records that somebody changed between the keys and the start void the keys, and nothing is touched (G3)", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { zone, name } = trafficOf(at.service);
    const found = await at.cloud.traffic.records(zone, name);
    if (!found.known) throw new Error(found.why);
    await at.others.traffic.upsert({
      zone,
      records: found.value.map((record) => ({ ...record, weight: 50 })),
      comment: "somebody else",
    });
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain(name);
    expect(mutationsOf(at)).toEqual(before);
  });

  test("keys authorise nothing after the end date of their plan, whatever is left to do (G1)", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const ledger = await openLedger(at);
    const { authorisesUntilMs } = (await runOf(at)).plan;
    const clock = { speed: at.clock.speed, now: () => authorisesUntilMs, sleep: at.clock.sleep.bind(at.clock) };
    const deps = { ...executorDeps(at, ledger), clock };
    await driveRun("F-1", deps, AbortSignal.timeout(20_000));
    await ledger.close();

    const run = await runOf(at);
    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain("end date");
    expect(mutationsOf(at)).toEqual([]);
  });

  test("a fence that cannot be made and was not accepted stops before the promotion, and asks", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    at.whole.world.regions.set(at.service.home, "refusing");

    const run = await drive(at);

    expect(run).toMatchObject({ state: "stopped", pastNoReturn: false });
    expect(run.why).toMatch(/not fenced/);
    expect(promotions()).toEqual([]);
    expect(await at.memory.runs.holderOf(at.service.name)).toBe("F-1");
  });

  test("a name that name servers have lost although Route 53 counts it as published stops the run and calls people at once", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { zone, name } = trafficOf(at.service);
    await at.client.post("/route53/lose", { zone, sets: [{ name }] });

    const run = await drive(at);

    const lost = run.plan.steps.find(({ does }) => does === "shift-traffic")?.id ?? "";
    expect(run.state).toBe("stopped");
    expect(stateOf(run, lost).says).toMatch(/gives no A record for it: users may reach nothing/);
  });

  test("so does one whose change had no answer: all name servers have it before they are asked", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { zone, name } = trafficOf(at.service);
    await at.client.post("/route53/lose", { zone, sets: [{ name }] });
    const effect = { kind: "drop-after" } as const;

    const run = await drive(at, {
      onIntent: (id) => {
        if (id !== "shift-traffic") return;
        at.whole.world.faults.plan({ vendor: "aws", operation: "ChangeResourceRecordSets", times: 1, effect });
      },
    });

    expect([run.state, stateOf(run, "shift-traffic").state]).toEqual(["stopped", "failed"]);
    expect(run.why).toMatch(/gives no A record for it: users may reach nothing/);
  });

  test("the database's name that a private zone has lost is named where the application stays unwell: nobody here could see it", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const record = databaseRecordOf(at.service);
    if (!record) throw new Error("The example has a name for its database");
    await at.client.post("/route53/lose", { zone: record.zone, sets: [{ name: record.name, type: "CNAME" }] });

    const run = await drive(at, {
      onIntent: (id) => {
        if (id === "check-direct") void at.setSpeed(SPEED_TO_DEADLINE);
      },
    });

    expect([run.state, stateOf(run, "check-direct").state]).toEqual(["stopped", "failed"]);
    expect(run.why).toContain(`The application finds its database by ${record.name}`);
  });

  test("guard kept empty: a resolver that keeps an empty answer from before the change is waited for, and nothing counts as lost", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { zone, name } = trafficOf(at.service);
    const rewritten = async () => {
      const found = await at.others.traffic.records(zone, name);
      if (!found.known) throw new Error(found.why);
      const wish = { zone, records: found.value, comment: "somebody else" };
      const { changeId } = await at.others.traffic.upsert(wish);
      const isThere = async () => (await at.others.traffic.changeState(changeId)) === "in-sync" || undefined;
      await eventually("records on all name servers", isThere);
    };
    // For a moment name servers had lost the set, and resolvers asked just then.
    await at.client.post("/route53/lose", { zone, sets: [{ name }] });
    await rewritten();
    await eventually("empty answer of each resolver", async () => {
      const answers = await at.cloud.probe.resolve(name, undefined, "A");
      return answers.every(({ values }) => values.length === 0) || undefined;
    });
    await rewritten();

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const shift = run.plan.steps.find(({ does }) => does === "shift-traffic")?.id ?? "";
    expect(stateOf(run, shift).says).toContain("still keeps that it has no A record");
  }, 60_000);

  test("a name that is lost while old answers run out stops the run at its last check, and at once", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { zone, name } = trafficOf(at.service);
    let losing: Promise<unknown> | undefined;
    const lose = async () => {
      await at.client.post("/route53/lose", { zone, sets: [{ name }] });
      const found = await at.others.traffic.records(zone, name);
      if (!found.known) throw new Error(found.why);
      await at.others.traffic.upsert({ zone, records: found.value, comment: "somebody else" });
    };

    const run = await drive(at, {
      onIntent: (id) => {
        if (id === "settle-dns") losing = lose();
      },
    });
    await losing;

    const { says, startedAtMs = 0, endedAtMs = 0 } = stateOf(run, "check-public");
    expect([run.state, says]).toEqual(["stopped", expect.stringContaining(`gives no address for ${name}`)]);
    expect(endedAtMs - startedAtMs).toBeLessThan(stepOf(run.plan, "check-public").deadlineMs / 2);
  });

  test.each<[string, "run" | "verify"]>([
    ["when it is to ask", "run"],
    ["when it is to look", "verify"],
  ])("a step that is broken %s stops the run for people, and is not begun again by itself", async (_when, method) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const name = stepOf((await runOf(at)).plan, "record-position").does;
    const step = STEPS[name];
    if (!step) throw new Error("the step is in the table");
    const broken = {
      ...step,
      [method]: () =>
        Promise.reject(new TypeError("x is not a function", { cause: new Error("the input was read twice") })),
    };

    const run = await drive(at, { steps: { ...STEPS, [name]: broken } });

    expect(run.state).toBe("stopped");
    expect(stateOf(run, "record-position").says).toMatch(
      /^TwoKey itself failed here, .*x is not a function ← the input was read twice/,
    );
    expect(promotions()).toEqual([]);
  });

  test("an abort before the point of no return gives everything back", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const before = await standingOf(at);
    await startRun(at, { mode: "planned" });
    const standby = standbyOf(at.service);
    await at.client.post("/rds/lag", {
      region: standby,
      instance: siteOf(at.service, standby).database.instance,
      seconds: 600,
    });
    const ledger = await openLedger(at, "people");
    let aborted: Promise<unknown> = Promise.resolve();

    const run = await drive(at, {
      onIntent: (step) => {
        if (step !== "record-position") return;
        const wanted = { decision: "abort" as const, who: who("farid", unasked), words: "" };
        const { clock, inventory, memory } = at;
        aborted = decide("F-1", wanted, {
          ...{ runs: memory.runs, clock, wake: WAKE, ledger },
          inventory: () => inventory,
        });
      },
    });
    await aborted;
    await ledger.close();

    expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
    expect(await standingOf(at)).toEqual(before);
    expect(promotions()).toEqual([]);
    expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
  });

  test.each<[string, (room: number) => Promise<unknown>, string]>([
    [
      "a standby region with room for some of the tasks",
      (capacityTasks) => {
        const { cluster, service } = siteOf(at.service, standbyOf(at.service)).compute;
        return at.client.post("/ecs/capacity", { region: standbyOf(at.service), cluster, service, capacityTasks });
      },
      "Capacity is unavailable",
    ],
    [
      "a quota of the account for some of the tasks",
      (tasks) => {
        const quota = { region: standbyOf(at.service), provider: "FARGATE", vcpus: tasks / 4 };
        return at.client.post("/ecs/quota", quota);
      },
      "reached the limit on the number of vCPUs",
    ],
  ])("%s: people hear how many, and choose before anything is promoted", async (_what, leave, says) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const { compute } = siteOf(at.service, standbyOf(at.service));
    const room = Math.floor(0.6 * compute.tasks);
    await leave(room);
    await startRun(at);

    const stopped = await drive(at);

    expect([stopped.state, stopped.pastNoReturn, promotions()]).toEqual(["stopped", false, []]);
    expect(stopped.why).toMatch(new RegExp(`^${room} of ${compute.tasks} tasks .* 60 % .*unable to place a task`));
    expect(stopped.why).toContain(says);
    await say("skip", "ana", "ben");
    const run = await drive(at);
    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(promotions()).toHaveLength(1);
  });

  test("an abort does not wait for what still goes on at the standby", async () => {
    at = await startFailoverWorld({ example: "inventory", ...SLOW_TASKS });
    await startRun(at, { mode: "planned" });
    let aborted: Promise<unknown> = Promise.resolve();
    const abortOnceAsked = async () => {
      await eventually("scale-out that was asked for", async () => {
        const { state } = stateOf(await runOf(at), "scale-out");
        return state === "asked" || undefined;
      });
      await say("abort", "farid");
    };

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "scale-out") aborted = abortOnceAsked();
      },
    });
    await aborted;

    expect(run.state).toBe("unwound");
    expect(stateOf(run, "scale-out").state).toBe("asked");
  });

  test("guard no way back: once the standby is promoted nobody reopens the old side, not even with two keys (G7)", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    denied("ChangeResourceRecordSets");
    expect(await drive(at)).toMatchObject({ state: "stopped", pastNoReturn: true });
    at.whole.world.faults.clear();
    const before = mutationsOf(at);

    await say("unwind", "ana", "ben");
    const run = await drive(at);

    expect(run.state).toBe("stopped");
    expect(run.why).toContain("would make two");
    expect(mutationsOf(at)).toEqual(before);
    expect((await verdictOf(at)).splitBrain).toEqual([]);
    expect(await at.memory.runs.holderOf(at.service.name)).toBe("F-1");

    await say("retry", "farid");
    expect(await drive(at)).toMatchObject({ state: "verified" });
  });

  test("after a promotion that AWS refused two people can have the old side back", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const before = await standingOf(at);
    await startRun(at);
    denied("PromoteReadReplica");
    expect(await drive(at)).toMatchObject({ state: "stopped", pastNoReturn: true });

    await say("unwind", "ana", "ben");

    expect(await drive(at)).toMatchObject({ state: "unwound", pastNoReturn: true });
    expect(await standingOf(at)).toEqual(before);
    expect(promotions()).toEqual([]);
  });

  test("guard doubted promotion: while nobody can say whether it happened the old side stays closed (G7)", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    denied("PromoteReadReplica");
    expect(await drive(at)).toMatchObject({ state: "stopped", pastNoReturn: true });
    const before = mutationsOf(at);
    denied("DescribeDBInstances");

    await say("unwind", "ana", "ben");

    expect(await drive(at)).toMatchObject({
      state: "stopped",
      why: expect.stringContaining("is, or may be, the writer"),
    });
    expect(mutationsOf(at)).toEqual(before);
  });
});
