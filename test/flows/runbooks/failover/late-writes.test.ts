import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type RunState, stateOf } from "../../../../src/domain/plan-run/run.ts";
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

const lostIn = async (run: RunState) => (await failover.measure(run, { read: async () => undefined })).lost;

test("a planned move whose old side stayed fenced lost nothing, and says so only where no open session was left to be signed for", async () => {
  await startRun(at, { mode: "planned" });

  const run = await drive(at);

  expect([run.state, run.plan.dataLoss.kind]).toEqual(["verified", "none"]);
  expect(run.plan.acceptances.map(({ id }) => id)).toEqual(["sessions-not-proven"]);
  expect(await lostIn(run)).toMatchObject({ kind: "after", ofOthers: true });
  const fence = { ...stateOf(run, "fence"), output: { fence: "fenced", ended: { "stores.stock": "none is open" } } };
  expect(await lostIn({ ...run, steps: { ...run.steps, fence } })).toEqual({ kind: "nothing" });
});

test("one whose old side was opened again after it was fenced never says that it lost nothing (G19)", async () => {
  await startRun(at, { mode: "planned" });

  const run = await drive(at, { onIntent: (step) => void (step === "point-application" && reopenOldSide(at)) });

  expect([run.state, run.watch.state]).toEqual(["verified", "fenced"]);
  const { seenClosedMs = Number.NaN } = run.watch;
  const lost = await lostIn(run);
  expect(lost).toMatchObject({ kind: "after", region: "eu-west-1" });
  expect(lost?.kind === "after" && lost.fromMs <= seenClosedMs).toBe(true);
});
