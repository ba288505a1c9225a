import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Plan, stepOf } from "../../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../../src/domain/plan-run/run.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { cardText } from "../../../../src/views/card-text.ts";
import { planDetailsCard } from "../../../../src/views/plan.ts";
import { drive } from "../../../harness/drive.ts";
import { mutationsOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { siteOf } from "../../../harness/site.ts";

let at: FailoverWorld;
let run: RunState;

const OLD = { backupRetentionDays: 35, instanceClass: "db.r6g.4xlarge" };

/** The old database has more than the standby, the observer looks at it, its region goes dark, and the observer looks on. */
beforeAll(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 100, answerWithinMs: 1_000 });
  const { home } = at.service;
  const { instance } = siteOf(at.service, home).database;
  await at.client.post("/rds/instance", { region: home, instance, ...OLD });
  const seen = await observe(at.service, at.cloud);
  at.whole.world.regions.set(home, "dark");
  const lastLook = await observe(at.service, at.cloud, { lastLook: seen });
  run = await startRun(at, { lastLook });
}, 60_000);
afterAll(() => at.stop());

const ofOldDatabase = ({ unchecked }: Plan) =>
  unchecked.flatMap((line) => (typeof line !== "string" && line.says.startsWith("database of") ? [line] : []));

test("a class below the one that the old database was seen with is agreed to, with when that was", () => {
  expect(run.plan.acceptances.find(({ id }) => id === "smaller-class")?.words).toMatch(
    /smaller than \S+ with db\.r6g\.4xlarge \(at \d\d:\d\d:\d\dZ, when it answered last\), and may be too slow/,
  );
});

test("the card says what the old database is taken to be, and how old that is", () => {
  const [line, ...more] = ofOldDatabase(run.plan);

  expect(more).toEqual([]);
  expect(line?.says).toMatch(
    /^database of eu-west-1, as it answered last: \S+: standalone, available, db\.r6g\.4xlarge, backups 35 d$/,
  );
  expect(line?.saidAtMs).toBeLessThan(run.plan.madeAtMs);
  expect(cardText(planDetailsCard(run, at.inventory))).toMatch(/as it answered last: .*backups 35 d/);
  expect(run.plan.leftForPeople?.join(" ")).toMatch(/is compared with \S+ as it was at .*, when it answered last\./);
});

test("guard remembered: with the old region dark the new primary keeps backups as long as the old one was seen to", async () => {
  const ended = await drive(at);

  expect(stepOf(run.plan, "promote")).toMatchObject({
    input: { backupRetentionDays: 35 },
    title: expect.stringMatching(/ in eu-central-1, backups 35 d$/),
  });
  expect(ended.state).toBe("verified");
  expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toEqual([
    expect.stringMatching(/"BackupRetentionPeriod":"?35/),
  ]);
});
