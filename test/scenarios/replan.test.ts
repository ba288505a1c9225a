import { afterEach, expect, test } from "@jest/globals";
import { isOver } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import type { SeenMessage } from "../../src/simulators/slack/people.ts";
import { askFor, runWhere, SPEED_FOR_KEYS, startTestStage, timesOf, turnKey } from "../harness/stage.ts";

const SPEED = 40;
const SOON_MS = 30_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("a run that stopped after the promotion ends in users being served, by a plan for its rest with two new keys", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const { world, inventory } = stage;
  const { channel } = inventory.file.alerts;
  await world.planFault({
    ...{ vendor: "aws", operation: "ChangeResourceRecordSets", times: 1 },
    effect: { kind: "error", status: 400, code: "AccessDenied" },
  });
  await stage.setSpeed(SPEED_FOR_KEYS);
  const first = await askFor(stage, {
    slackId: "U01FARID",
    words: "/dr failover inventory planned because maintenance",
  });
  for (const approver of ["U01ANA", "U01BEN"]) await turnKey(stage, approver, { plan: first });
  await stage.setSpeed(SPEED);
  await runWhere(stage, { id: first.id, withinMs: 90_000 }, ({ state }) => state === "stopped");

  const progress = await world.people.expectMessage(channel, (message) => !!buttonOf(message, "replan"), SOON_MS);
  await stage.setSpeed(SPEED_FOR_KEYS);
  await world.people.as("U01FARID").clicks(buttonOf(progress, "replan") ?? "", { in: channel, message: progress });
  // The card of the first plan may still show what it asked for.
  const isNew = (message: SeenMessage) => message.ts !== first.card.ts && buttonOf(message, "approve") !== undefined;
  const card = await world.people.expectMessage(channel, isNew, SOON_MS);
  expect(card.text).toContain("The point of no return is passed already");
  const id = /Plan (\S+?):/.exec(card.text)?.[1] ?? "";
  for (const approver of ["U01BEN", "U01DMITRI"]) await turnKey(stage, approver, { plan: { id, card } });
  await stage.setSpeed(SPEED);
  const run = await runWhere(stage, { id, withinMs: 90_000 }, (seen) => isOver(seen) || seen.state === "stopped");

  expect([run.state, run.why, run.pastNoReturn]).toEqual(["verified", "", true]);
  await runWhere(stage, { id: first.id, withinMs: 1_000 }, ({ state }) => state === "superseded");
  expect(await timesOf(stage, "PromoteReadReplica")).toBe(1);
  expect(await world.verdict("inventory", run.endedAtMs ?? 0)).toMatchObject({ lostWrites: 0, splitBrain: [] });

  // The old message is a picture of the past: its buttons do nothing any more, and say why.
  await world.people
    .as("U01ANA")
    .clicks(buttonOf(progress, "retry") ?? "", { in: channel, message: progress, stale: true });
  const said = await world.people.expectEphemeral("U01ANA", ({ text }) => text.includes(`goes on as ${id}`), SOON_MS);
  expect(said.text).toContain("continued by another plan");
}, 180_000);
