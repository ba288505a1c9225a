import { afterEach, expect, test } from "@jest/globals";
import { isOver } from "../../src/domain/plan-run/run.ts";
import type { RecordSet } from "../../src/ports/traffic.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { eventually } from "../harness/eventually.ts";
import { trafficOf } from "../harness/site.ts";
import {
  answerAfter,
  answerTo,
  askFor,
  press,
  pressKey,
  runWhere,
  serviceInWorld,
  somebodyElsesAws,
  startTestStage,
  turnKey,
  type WaitingPlan,
} from "../harness/stage.ts";

/** A plan is to be started within 15 minutes: three for the machine, more than the whole test has. */
const SPEED = 5;
const [ANA, BEN, DMITRI, FARID] = ["U01ANA", "U01BEN", "U01DMITRI", "U01FARID"];
/** Machine time by which the look before the first step is late: the records change in it. */
const LOOK_LATE_MS = 4_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("records that somebody else changes before the last key, or right after it, void the keys: nothing is touched, and the card says why", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const at = stage;
  const { world, inventory } = at;
  const { zone, name } = trafficOf(serviceInWorld(at));
  const { channel } = inventory.file.alerts;
  const aws = await somebodyElsesAws(at);
  const found = await aws.traffic.records(zone, name);
  if (!found.known) throw new Error(found.why);
  const change = async (records: readonly RecordSet[]) => {
    const { changeId } = await aws.traffic.upsert({ zone, records, comment: "somebody else" });
    await eventually("change on all name servers", async () =>
      (await aws.traffic.changeState(changeId)) === "pending" ? undefined : true,
    );
  };
  const setWeight = (weight: number) => change(found.value.map((record) => ({ ...record, weight })));
  const mutations = async () => (await world.log("aws.mutation")).length;

  const isVoid = async (plan: WaitingPlan) => {
    const run = await runWhere(at, { id: plan.id }, ({ state }) => state !== "running" && state !== "waiting-for-keys");
    expect([run.state, run.voided, run.pastNoReturn]).toEqual(["paused", true, false]);
    const why = `facts changed: the records of ${name} changed`;
    const card = await world.people.expectMessage(
      channel,
      ({ text, blocks }) =>
        text.includes("steps done") && text.includes(why) && JSON.stringify(blocks).includes(plan.id),
      20_000,
    );
    expect(card.text).toMatch(/paused – the keys are void, 0 of 11 steps done.* A new plan: \/dr replan F-\S+\./);
    expect(JSON.stringify(card.blocks)).not.toContain("intent:resume");
    for (const label of ["Plan the remaining steps", "Abort"]) expect(JSON.stringify(card.blocks)).toContain(label);
    // An edited card notifies nobody.
    const news = await world.people.expectMessage(
      channel,
      ({ text }) => text.includes(`${plan.id} (`) && text.includes("is paused"),
      20_000,
    );
    expect(news.text).toContain(`${why}. The keys are void: /dr replan ${plan.id}.`);
    await answerTo(
      at,
      { slackId: FARID, words: `/dr resume ${plan.id}`, channel },
      /The keys of this plan are void: facts changed: .* A new plan: \/dr replan F-/,
    );
    await answerAfter(world.people, { slackId: DMITRI, fits: /^This plan is paused: facts changed/ }, () =>
      pressKey(at, DMITRI, plan),
    );
    await press(at, FARID, { intent: "abort", run: plan.id, channel });
    expect((await runWhere(at, { id: plan.id }, isOver)).state).toBe("unwound");
  };

  const early = await askFor(at, { slackId: FARID, words: "/dr failover inventory planned" });
  await turnKey(at, ANA, { plan: early });
  await setWeight(50);
  await turnKey(at, BEN, { plan: early });
  await isVoid(early);
  expect(await mutations()).toBe(1);

  await change(found.value);
  const late = await askFor(at, { slackId: FARID, words: "/dr failover inventory planned" });
  await turnKey(at, ANA, { plan: late });
  await world.planFault({
    // Each of them until it is cleared: the board looks at these names meanwhile as well.
    ...{ vendor: "aws", operation: "ListResourceRecordSets", effect: { kind: "delay", machineMs: LOOK_LATE_MS } },
  });
  await turnKey(at, BEN, { plan: late });
  await runWhere(at, { id: late.id }, ({ state }) => state === "running");
  await setWeight(60);
  await world.post("/faults/clear", {});
  await isVoid(late);
  expect(await mutations()).toBe(3);
  aws.close();
}, 120_000);
