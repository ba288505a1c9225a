import { afterEach, expect, test } from "@jest/globals";
import { isOver, type RunState } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import type { FaultInput } from "../../src/simulators/world/faults.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import {
  answerAfter,
  answerTo,
  askFor,
  openIncident,
  press,
  runWhere,
  serviceInWorld,
  somebodyElsesAws,
  startTestStage,
  timesOf,
  turnKey,
} from "../harness/stage.ts";
import { standingOf } from "../harness/standing.ts";

const SPEED = 20;
const HOME = "eu-west-1";
const [ANA, BEN, DMITRI, ELENA, FARID] = ["U01ANA", "U01BEN", "U01DMITRI", "U01ELENA", "U01FARID"];
/** Dmitri's other account. */
const DMITRI_TOO = "U02DMITRI";
/** The role may not read the old side's security group: a failure, not a silence. */
const DENIED: FaultInput = {
  ...{ vendor: "aws", operation: "DescribeSecurityGroups", region: HOME },
  effect: { kind: "error", status: 403, code: "UnauthorizedOperation" },
};

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("a fence that fails and was not accepted stops the run before the promotion, the commander is called, and two others decide", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const at = stage;
  const { world, inventory } = at;
  const aws = await somebodyElsesAws(at);
  const standing = { cloud: aws, service: serviceInWorld(at) };
  const before = await standingOf(standing);
  const channel = await openIncident(at, [ANA, BEN, DMITRI, ELENA, FARID]);
  const said = (words: string) =>
    world.people.expectMessage(channel, ({ text }) => text.includes(words), 20_000).then(() => undefined);

  /** A message of its own, which notifies those whom it names. */
  const news = (fits: RegExp, people: readonly string[]) =>
    world.people.expectMessage(
      channel,
      ({ text, blocks }) => fits.test(text) && people.every((person) => JSON.stringify(blocks).includes(person)),
      20_000,
    );

  const first = await stopAtFence(at, { requester: ANA, channel }, () => world.planFault(DENIED));
  const { id } = first.plan;
  await news(new RegExp(`^Key 1 of 2: .* agreed to ${id} `), [BEN]);
  await news(new RegExp(`agreed: ${id} .* has started\\.`), [BEN, DMITRI]);
  await news(new RegExp(`^${id} .* is stopped: `), [BEN, DMITRI]);
  const asksToDecide = ({ facts }: LogEntry) =>
    String(facts["message"]).includes(`${id} (Move inventory to eu-central-1) is stopped`);
  const call = await world.expectLog("pagerduty.responders-requested", asksToDecide, 20_000);
  expect(call.facts["targets"]).toContain("PUCHLOE1");
  const isWrittenTo = ({ facts }: LogEntry) => facts["key"] === `call:${id}:stopped:${first.stateAt}:fence:0:chloe`;
  await world.expectLog("slack.message-posted", isWrittenTo, 20_000);
  const resolving = await answerTo(
    at,
    { slackId: FARID, words: "/dr resolve", channel },
    /Resolve the incident when it has ended/,
  );
  expect(resolving.text).toContain(`Run ${id} (Move inventory to eu-central-1) is stopped – people decide`);

  // Abort does the same with one person, so there is no button for it.
  const unwindBy = (slackId: string) => world.people.as(slackId).types(`/dr unwind ${id}`, { in: channel });
  await answerAfter(world.people, { slackId: ANA, fits: /^You asked for this plan/ }, () => unwindBy(ANA));
  for (const _twice of [1, 2]) await unwindBy(BEN);
  const alone = await runWhere(at, { id, withinMs: 20_000 }, ({ votes }) => votes.length === 2);
  expect([alone.state, alone.votes.map(({ by }) => by)]).toEqual(["stopped", ["ben", "ben"]]);
  await said("1 of 2 people want to unwind");
  await world.post("/faults/clear", {});
  await unwindBy(DMITRI);
  const unwound = await runWhere(at, { id }, isOver);
  expect([unwound.state, unwound.why]).toEqual(["unwound", "unwound by ben and dmitri"]);
  await news(new RegExp(`^${id} .* was rolled back: `), [ANA]);
  expect(await standingOf(standing)).toEqual(before);
  expect(await timesOf(at, "PromoteReadReplica")).toBe(0);

  const second = await stopAtFence(at, { requester: FARID, channel }, () => world.setRegion(HOME, "refusing"));
  await press(at, DMITRI, { intent: "skip", run: second.plan.id, channel });
  await said("1 of 2 people want to skip");
  // The other account is in another channel, and it is the same person.
  const elsewhere = { in: inventory.file.alerts.channel };
  await world.people.as(DMITRI_TOO).types(`/dr skip ${second.plan.id}`, elsewhere);
  const same = await runWhere(at, { id: second.plan.id, withinMs: 20_000 }, ({ votes }) => votes.length === 2);
  expect([same.state, same.votes.map(({ by }) => by)]).toEqual(["stopped", ["dmitri", "dmitri"]]);
  await press(at, ELENA, { intent: "skip", run: second.plan.id, channel });
  // Until the click has come through, the run still stands stopped for the old reason.
  const done = await runWhere(
    at,
    { id: second.plan.id },
    (run) => isOver(run) || (run.state === "stopped" && run.why !== same.why),
  );
  expect([done.state, done.why, done.steps["fence"]?.says]).toEqual(["verified", "", "skipped by dmitri and elena"]);
  await news(new RegExp(`^${second.plan.id} .* has passed the point of no return\\.`), [FARID, BEN, DMITRI]);
  await news(new RegExp(`^${second.plan.id} .* has ended, and not every step was measured\\.`), [FARID]);
  expect(await timesOf(at, "PromoteReadReplica")).toBe(1);
  expect((await world.verdict("inventory", 0)).splitBrain).toEqual([]);

  const cooling = await answerTo(at, { slackId: FARID, words: "/dr failover inventory", channel }, /may start at/);
  const mayStart = new Date((done.endedAtMs ?? 0) + done.plan.coolDownMs).toISOString().slice(11, 19);
  // With its day where that is another one.
  expect(cooling.text).toMatch(new RegExp(String.raw`The next run may start at (?:[\d-]+ )?${mayStart}Z`));
  const timeline = await answerTo(at, { slackId: FARID, words: "/dr timeline", channel }, /^Timeline of/);
  // Nobody proved the fence, so the end is not called verified without saying so.
  const end = "ended, and nobody measured: Fence eu-west-1";
  const told = ["the keys are complete", "is not fenced", "Ben Osei: unwind", "Elena Rossi: skip", end];
  expect(told.filter((words) => !JSON.stringify(timeline.blocks).includes(words))).toEqual([]);
  aws.close();
}, 240_000);

/** The old side answers while the plan is made, so nobody is asked to accept it unfenced; between the keys it gets worse. */
async function stopAtFence(
  at: Stage,
  { requester, channel }: { readonly requester: string; readonly channel: string },
  worsen: () => Promise<void>,
): Promise<RunState> {
  const plan = await askFor(at, {
    slackId: requester,
    words: "/dr failover inventory because its answers are wrong",
    channel,
  });
  await turnKey(at, BEN, { plan });
  await worsen();
  await turnKey(at, DMITRI, { plan });
  const run = await runWhere(at, { id: plan.id }, ({ state }) => state !== "running" && state !== "waiting-for-keys");
  expect([run.state, run.pastNoReturn, run.why]).toEqual([
    "stopped",
    false,
    expect.stringContaining(`${HOME} is not fenced`),
  ]);
  return run;
}
