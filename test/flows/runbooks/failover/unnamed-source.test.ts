import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { drive } from "../../../harness/drive.ts";
import { mutationsOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 150 });
});
afterEach(() => at.stop());

const hideSource = () => {
  const region = standbyOf(at.service);
  return at.client.post("/rds/instance", {
    ...{ region, instance: siteOf(at.service, region).database.instance },
    hidesSource: true,
  });
};
const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));

test("guard unnamed source: a planned move of a replica of which RDS does not say what it follows is refused", async () => {
  await hideSource();

  await expect(startRun(at, { mode: "planned" })).rejects.toThrow(
    /-replica names no source: RDS does not say what it follows/,
  );
});

test("guard source in words: an unplanned one is agreed to in words, and is made", async () => {
  await hideSource();

  const { plan } = await startRun(at);
  const run = await drive(at);

  expect(plan.acceptances.find(({ id }) => id === "source-unnamed")?.words).toMatch(
    /^I accept that RDS does not say what .+-replica in eu-central-1 follows, and that it may lack what was written in eu-west-1$/,
  );
  expect([run.state, run.why]).toEqual(["verified", ""]);
});

test("guard unnamed at the call: a planned move whose source is named no more right before the call promotes nothing", async () => {
  await startRun(at, { mode: "planned" });
  let hidden: Promise<unknown> | undefined;

  const run = await drive(at, {
    onIntent: (step) => {
      if (step !== "promote") return;
      // The look right before the call is answered when that has happened.
      const late = { kind: "delay", machineMs: 1_000 } as const;
      const operation = "DescribeDBInstances";
      at.whole.world.faults.plan({ vendor: "aws", operation, region: standbyOf(at.service), effect: late, times: 3 });
      hidden = hideSource();
    },
  });
  await hidden;

  expect([run.state, run.why]).toEqual(["stopped", expect.stringMatching(/RDS does not say what .+-replica follows/)]);
  expect(promotions()).toEqual([]);
});
