import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { drive } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { mutationsOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";

const SPEED = 60;
/** Database of the desk. Its fence reboots it, to end the sessions that are open. */
const ROOMS = "desk-rooms";
/** World seconds: longer than all that a run does between the fence and the promotion. */
const RESTART_SECONDS = 240;

let at: FailoverWorld;
beforeEach(async () => {
  const desk = { example: "every-kind", service: "desk", speed: SPEED, lagSeconds: 1 } as const;
  at = await startFailoverWorld({ ...desk, rebootSeconds: RESTART_SECONDS });
  await startRun(at, { mode: "unplanned" });
});
afterEach(() => at.stop());

const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));
const restartedMs = () =>
  at.whole.world.log
    .read(0, "rds.restarted")
    .filter(({ facts }) => facts["region"] === at.service.home)
    .map(({ worldMs }) => worldMs);

async function restarts(): Promise<void> {
  const reboot = () => at.client.click("rds:RebootDBInstance", at.service.home, { DBInstanceIdentifier: ROOMS });
  // The end of the last restart may show a moment later.
  await eventually("reboot", () =>
    reboot().then(
      () => true,
      () => undefined,
    ),
  );
  await eventually("restart", async () => {
    const now = await at.others.databases.describe(at.service.home, ROOMS);
    return (now.known && now.value.status === "rebooting") || undefined;
  });
}

/** The steps, of which one begins while somebody restarts the old database, which is fenced. */
function whileRestarting(name: string, isWanted: (tries: number) => boolean) {
  const step = STEPS[name];
  if (!step) throw new Error(`there is no ${name}`);
  const late: StoredStep = {
    ...step,
    async run(input, context) {
      if (isWanted(context.tries)) await restarts();
      return step.run(input, context);
    },
  };
  return { ...STEPS, [name]: late };
}

describe("an old side that is fenced, and that somebody restarts", () => {
  test("guard under way: is waited for before the promotion, and the keys stand", async () => {
    const run = await drive(at, { steps: whileRestarting("record-data-position", (tries) => tries === 1) });

    expect([run.state, run.why, run.voided]).toEqual(["verified", "", false]);
    expect([stateOf(run, "fence").attempt, promotions().length]).toEqual([1, 1]);
    const [, restarted = Number.NaN] = restartedMs();
    expect(stateOf(run, "promote").startedAtMs).toBeGreaterThanOrEqual(restarted);
  });

  test("is waited for no longer than a fence may take: then the keys are void, and people look", async () => {
    const { "fence-primary": fence } = STEPS;
    if (!fence) throw new Error("there is no fence");
    let isDone = false;
    const verify: StoredStep["verify"] = async (...asked) => {
      if (isDone) return { done: false, says: `not over yet: ${ROOMS} is rebooting`, isUnderWay: true };
      const verdict = await fence.verify(...asked);
      isDone = verdict.done;
      return verdict;
    };

    const run = await drive(at, { steps: { ...STEPS, "fence-primary": { ...fence, verify } } });

    expect([run.state, run.voided, run.pastNoReturn]).toEqual(["paused", true, false]);
    expect(run.why).toMatch(/eu-west-1 was fenced, and nobody can prove it now: .*desk-rooms is rebooting/);
    expect(at.clock.now() - (stateOf(run, "fence").endedAtMs ?? 0)).toBeGreaterThan(15 * 60_000);
    expect(promotions()).toEqual([]);
  });

  test("is waited for as well where a promotion that was refused is asked for again", async () => {
    const refused = { kind: "error", status: 400, code: "Throttling" } as const;
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", times: 3, effect: refused });

    const run = await drive(at, { steps: whileRestarting("promote-replica", (tries) => tries === 1) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(promotions()).toHaveLength(1);
  });
});
