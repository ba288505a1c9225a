import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { storesIn } from "../../../../src/flows/resources/site.ts";
import { failover } from "../../../../src/flows/runbooks/failover/failover.ts";
import { drive } from "../../../harness/drive.ts";
import { type FailoverWorld, startFailoverWorld, startRun } from "../../../harness/failover-world.ts";

const SPEED = 60;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, sessionSeconds: 1 });
});
afterEach(() => at.stop());

/** Somebody opens the old database again in the console. */
async function reopen(): Promise<void> {
  const { home } = at.service;
  const [store] = storesIn(at.service, home);
  await at.client.click("ec2:AuthorizeSecurityGroupIngress", home, {
    GroupId: store?.database.security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
  });
}
const measuring = { firstSeenAtMs: 0, read: async () => undefined };

test("a planned move whose old side stayed fenced lost nothing", async () => {
  await startRun(at, { mode: "planned" });

  const run = await drive(at);

  expect([run.state, run.plan.dataLoss.kind]).toEqual(["verified", "none"]);
  expect(await failover.measure(run, measuring)).toMatchObject({ dataLossMs: 0 });
});

test("one whose old side was opened again after it was fenced never says that it lost nothing (G19)", async () => {
  await startRun(at, { mode: "planned" });

  const run = await drive(at, { onIntent: (step) => void (step === "point-application" && reopen()) });

  expect([run.state, run.watch.state]).toEqual(["verified", "fenced"]);
  const { lastCommitMs } = stateOf(run, "record-position").output;
  const lateMs = (run.watch.endedAtMs ?? Number.NaN) - Number(lastCommitMs);
  expect(await failover.measure(run, measuring)).toMatchObject({ dataLossMs: lateMs });
  const open = { ...run, watch: { ...run.watch, state: "waiting" as const } };
  expect((await failover.measure(open, measuring)).dataLossMs).toBeUndefined();
});
