import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { failover } from "../../../../src/flows/runbooks/failover/failover.ts";
import { drive } from "../../../harness/drive.ts";
import { reopenOldSide, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";

const SPEED = 60;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, sessionSeconds: 1 });
});
afterEach(() => at.stop());

const measuring = { firstSeenAtMs: 0, read: async () => undefined };

test("a planned move whose old side stayed fenced lost nothing, and says so only where no open session was left to be signed for", async () => {
  await startRun(at, { mode: "planned" });

  const run = await drive(at);

  expect([run.state, run.plan.dataLoss.kind]).toEqual(["verified", "none"]);
  expect(run.plan.acceptances.map(({ id }) => id)).toEqual(["sessions-not-proven"]);
  expect((await failover.measure(run, measuring)).dataLossMs).toBeUndefined();
  const proven = { ...run, plan: { ...run.plan, acceptances: [] } };
  expect(await failover.measure(proven, measuring)).toMatchObject({ dataLossMs: 0 });
});

test("one whose old side was opened again after it was fenced never says that it lost nothing (G19)", async () => {
  await startRun(at, { mode: "planned" });

  const run = await drive(at, { onIntent: (step) => void (step === "point-application" && reopenOldSide(at)) });

  expect([run.state, run.watch.state]).toEqual(["verified", "fenced"]);
  const { lastCommitMs } = stateOf(run, "record-position").output;
  const lateMs = (run.watch.endedAtMs ?? Number.NaN) - Number(lastCommitMs);
  expect(await failover.measure(run, measuring)).toMatchObject({ dataLossMs: lateMs });
  const open = { ...run, watch: { ...run.watch, state: "waiting" as const } };
  expect((await failover.measure(open, measuring)).dataLossMs).toBeUndefined();
});
