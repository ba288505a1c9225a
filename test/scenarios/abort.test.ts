import { afterEach, expect, test } from "@jest/globals";
import { isOver, stateOf } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { siteOf, standbyOf } from "../harness/site.ts";
import {
  answerAfter,
  answerTo,
  askFor,
  openIncident,
  press,
  pressKey,
  runWhere,
  SPEED_FOR_KEYS,
  serviceInWorld,
  somebodyElsesAws,
  startTestStage,
  timesOf,
  turnKey,
} from "../harness/stage.ts";
import { standingOf } from "../harness/standing.ts";

const SPEED = 40;
const FARID = "U01FARID";
const GRACE = "U01GRACE";
const APPROVERS = ["U01ANA", "U01BEN"];
const ASK = "/dr failover inventory planned because its answers are wrong";

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("a second failover is refused while the first one runs, and a run that a responder aborts gives users back what they lost, keeps the standby's tasks, and a new plan can be made", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const at = stage;
  const { world } = at;
  const aws = await somebodyElsesAws(stage);
  const service = serviceInWorld(stage);
  const { home } = service;
  const standby = standbyOf(service);
  const before = await standingOf({ cloud: aws, service });
  const channel = await openIncident(stage, [FARID, ...APPROVERS]);
  await stage.setSpeed(SPEED_FOR_KEYS);
  const plan = await askFor(stage, { slackId: FARID, words: ASK, channel });
  // The standby never has every commit: the run stays where it can still be aborted.
  const replica = { region: standby, instance: siteOf(service, standby).database.instance };
  await world.post("/rds/lag", { ...replica, seconds: 20 });
  for (const approver of APPROVERS) await turnKey(stage, approver, { plan });
  await stage.setSpeed(SPEED);
  await runWhere(stage, { id: plan.id }, (run) =>
    ["fence", "scale-out"].every((id) => stateOf(run, id).state === "done"),
  );

  const again = await answerTo(at, { slackId: FARID, words: ASK, channel }, /cannot (run|go on) at once/);
  expect(again.text).toContain(plan.id);

  // Nobody has asked for her, so nobody has invited her.
  await world.people.as(GRACE).joins(channel);
  const progress = await press(stage, GRACE, { intent: "abort", run: plan.id, channel });
  const run = await runWhere(stage, { id: plan.id }, isOver);
  const givenBackMs = await world.now();

  expect([progress.ack.ok, run.state, run.why, run.pastNoReturn]).toEqual([true, "unwound", "aborted by grace", false]);
  expect(await standingOf({ cloud: aws, service })).toEqual(before);
  const kept = await aws.compute.describe(standby, siteOf(service, standby).compute);
  expect(kept.known && kept.value.desired).toBe(siteOf(service, standby).compute.tasks);
  expect(await timesOf(stage, "PromoteReadReplica")).toBe(0);
  const isServedAgain = ({ worldMs, facts }: { worldMs: number; facts: Readonly<Record<string, unknown>> }) =>
    facts["region"] === home && worldMs > givenBackMs;
  await world.expectLog("app.write-acknowledged", isServedAgain, 20_000);

  const told = await world.people.expectMessage(channel, ({ text }) => text.includes(": rolled back,"), 20_000);
  expect(told.text).toMatch(/Why: aborted by Grace Lindqvist\. Rolled back\. eu-west-1 is as before\./);
  expect(JSON.stringify(told.blocks)).not.toMatch(/under way|abort gives back|intent:/);

  // On a screen that lags the buttons are still there.
  const late = { in: channel, message: told, stale: true };
  const abortAgain = () => world.people.as(GRACE).clicks("intent:abort:1", late);
  await answerAfter(
    world.people,
    { slackId: GRACE, fits: /^The run is rolled back \(aborted by Grace Lindqvist\)/ },
    abortAgain,
  );
  const key = await answerAfter(world.people, { slackId: "U01ELENA", fits: /^This plan is/ }, () =>
    pressKey(at, "U01ELENA", plan),
  );
  expect(key.text).toBe("This plan is unwound: aborted by Grace Lindqvist. Nothing was changed by your click.");

  await world.post("/rds/lag", { ...replica, seconds: 1 });
  const next = await askFor(stage, { slackId: FARID, words: ASK, channel });
  const events = await answerTo(stage, { slackId: FARID, words: "/dr timeline", channel }, /^Timeline of/);
  expect(next.id).not.toBe(plan.id);
  expect(JSON.stringify(events.blocks)).toMatch(/Grace Lindqvist: abort.*is as before/);
  aws.close();
}, 120_000);
