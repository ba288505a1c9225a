import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../../src/flows/index.ts";
import type { StoredStep } from "../../../../src/ports/stored-step.ts";
import { drive } from "../../../harness/drive.ts";
import { eventually } from "../../../harness/eventually.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { standingOf } from "../../../harness/standing.ts";

const SPEED = 60;
/** Database of the desk. */
const ROOMS = "desk-rooms";

let at: FailoverWorld;
beforeEach(async () => {
  // The replica is a second behind: nothing but the fence makes the promotion wait for tasks that drain.
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 1 });
});
afterEach(() => at.stop());

const atHome = () => {
  const scheduler = at.whole.traffic.ecs.schedulers.find(({ spec }) => spec.region === at.service.home);
  if (!scheduler) throw new Error("nothing runs at home");
  return scheduler;
};
const acknowledgedAtHome = () =>
  at.whole.world.log
    .read(0, "app.write-acknowledged")
    .filter(({ facts }) => facts["region"] === at.service.home && facts["application"] === at.service.name)
    .map(({ worldMs }) => worldMs);

/** The step, begun while the reboot that somebody else asked for is under way. */
function onceRebooted(step: StoredStep | undefined): StoredStep {
  if (!step) throw new Error("there is no such step");
  return {
    ...step,
    async run(input, context) {
      const { home } = at.service;
      if (context.tries > 1) return step.run(input, context);
      await at.client.click("rds:RebootDBInstance", home, { DBInstanceIdentifier: ROOMS });
      await eventually("reboot", async () => {
        const now = await at.others.databases.describe(home, ROOMS);
        return (now.known && now.value.status === "rebooting") || undefined;
      });
      return step.run(input, context);
    },
  };
}

test.each(["planned", "unplanned"] as const)("a %s move waits until the tasks that drain are gone", async (mode) => {
  await startRun(at, { mode });

  const run = await drive(at);

  expect([run.state, run.why]).toEqual(["verified", ""]);
  const stopped = atHome().tasks.map(({ status, stoppedMs }) => [status, stoppedMs ?? Number.NaN] as const);
  expect(stopped.map(([status]) => status)).toEqual(stopped.map(() => "STOPPED"));
  const fencedAtMs = stateOf(run, "fence").endedAtMs ?? 0;
  expect(fencedAtMs).toBeGreaterThanOrEqual(Math.max(...stopped.map(([, ms]) => ms)));
  expect(Math.max(...acknowledgedAtHome())).toBeLessThan(fencedAtMs);
  expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
});

describe("a planned move whose tasks work off their last jobs while they drain", () => {
  const closedMs = () =>
    at.whole.world.log
      .read(0, "aws.mutation")
      .filter(({ facts }) => facts["operation"] === "RevokeSecurityGroupIngress")
      .map(({ worldMs }) => worldMs);

  beforeEach(async () => {
    await at.stop();
    at = await startFailoverWorld({
      ...{ example: "inventory", speed: SPEED, lagSeconds: 1 },
      ...{ jobSeconds: 2, sessionSeconds: 5, stopSeconds: 60 },
    });
  });

  test("guard planned order: closes the database only when the last of them has ended, so no job fails", async () => {
    await startRun(at, { mode: "planned" });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const ended = atHome().tasks.map(({ stoppedMs }) => stoppedMs ?? Number.NaN);
    expect(Math.min(...closedMs())).toBeGreaterThanOrEqual(Math.max(...ended));
    const failed = at.whole.world.log.read(0, "app.job-failed");
    expect(failed.filter(({ facts }) => facts["servedIn"] === at.service.home)).toEqual([]);
    expect(stateOf(run, "fence")).toMatchObject({ state: "done", attempt: 1, tries: 1 });
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });

  test("goes on with the closing where a worker was stopped while they drained", async () => {
    await startRun(at, { mode: "planned" });
    const dies = new AbortController();
    const draining = drive(at, { signal: dies.signal });
    await eventually("the tasks drain", async () => stateOf(await runOf(at), "fence").state === "asked" || undefined);
    dies.abort(new Error("the worker was stopped"));
    await expect(draining).rejects.toThrow("the worker was stopped");
    expect(closedMs()).toEqual([]);

    const run = await drive(at, { worker: "another" });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(closedMs()).not.toEqual([]);
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });

  test("an unplanned one does not wait for them: it closes at once", async () => {
    await startRun(at, { mode: "unplanned" });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const ended = atHome().tasks.map(({ stoppedMs }) => stoppedMs ?? Number.NaN);
    expect(Math.max(...closedMs())).toBeLessThan(Math.min(...ended));
  });

  test("gives the tasks back where somebody aborts while they drain, and the database was never closed", async () => {
    const before = await standingOf(at);
    await startRun(at, { mode: "planned" });
    const draining = drive(at);
    await eventually("the tasks drain", async () => stateOf(await runOf(at), "fence").state === "asked" || undefined);
    const abort = { kind: "aborted", atMs: at.clock.now(), by: "chloe", door: "slack" } as const;
    const appended = await at.memory.runs.append(await runOf(at), { entries: [abort], events: [] });
    expect(appended.kind).toBe("appended");

    const run = await draining;

    expect(run.state).toBe("unwound");
    expect(closedMs()).toEqual([]);
    expect(await standingOf(at)).toEqual(before);
  });
});

describe("machines that nobody stops", () => {
  const DESK = { example: "every-kind", service: "desk", speed: SPEED, lagSeconds: 1, sessionSeconds: 86_400 } as const;

  beforeEach(async () => {
    await at.stop();
    at = await startFailoverWorld(DESK);
  });

  test("are shut out by a reboot of the old database, and a write over an earlier session proves it", async () => {
    const { plan } = await startRun(at, { mode: "planned" });
    expect(plan.acceptances.map(({ id }) => id)).not.toContain("sessions-not-proven");

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence").says).toMatch(/fails over a new session \(.+\), and over an earlier one \(.+\)/);
    expect(mutationsOf(at).filter((call) => call.startsWith("RebootDBInstance eu-west-1"))).toHaveLength(1);
    const fencedAtMs = stateOf(run, "fence").endedAtMs ?? 0;
    expect(Math.max(...acknowledgedAtHome())).toBeLessThan(fencedAtMs);
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });

  test("are not proven to be shut out where somebody else's reboot hid what was open: nothing is promoted, people look", async () => {
    await at.stop();
    at = await startFailoverWorld({ ...DESK, rebootSeconds: 300 });
    await startRun(at, { mode: "planned" });

    const run = await drive(at, { steps: { ...STEPS, "fence-primary": onceRebooted(STEPS["fence-primary"]) } });

    expect([run.state, run.why]).toEqual(["stopped", expect.stringContaining("had no session open before")]);
    expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toEqual([]);
  });
});
