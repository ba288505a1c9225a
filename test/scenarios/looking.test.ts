import { afterEach, expect, test } from "@jest/globals";
import type { Stage } from "../../src/sandbox/stage.ts";
import { askFor, startTestStage } from "../harness/stage.ts";

const SOON_MS = 60_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("who asks for a plan while home is dark sees what comes in, in one message that is edited and ends with the plan", async () => {
  stage = await startTestStage({ example: "inventory", speed: 1 });
  const { world, inventory } = stage;
  const { people } = world;
  const channel = inventory.file.alerts.channel;
  await world.setRegion("eu-west-1", "dark");
  const askedMs = Date.now();
  const asking = askFor(stage, {
    slackId: "U01FARID",
    words: "/dr failover inventory because eu-west-1 is dark",
    channel,
  });
  // It still looks: who asked sees this before there is a plan. What is promised is about a second, on a machine that does nothing else.
  const first = await people.expectMessage(
    channel,
    ({ text }) => /^Looking at inventory for a plan that Farid.* asked for\..*Still looking: .*eu-west-1/.test(text),
    SOON_MS,
  );
  const seenMs = Date.now() - askedMs;
  const { id, card } = await asking;
  const last = await people.expectMessage(
    channel,
    ({ ts, text }) => ts === first.ts && text.includes(`Plan ${id} is made`),
    SOON_MS,
  );
  const edits = (await world.log("slack.message-updated")).filter(({ facts }) => facts["ts"] === first.ts);
  process.stdout.write(`seen ${seenMs} ms after the words; ${edits.length} edits\n`);

  expect(last.text).toMatch(/^Looked at inventory .*eu-west-1: .*silent.*eu-central-1: /);
  expect(last.text).not.toContain("Still looking");
  expect(edits.length).toBeGreaterThan(0);
  // It is no part of the card, and stands above it.
  expect(Number(first.ts)).toBeLessThan(Number(card.ts));
  for (const [at, { machineMs }] of edits.slice(1).entries())
    expect(machineMs - (edits[at]?.machineMs ?? 0)).toBeGreaterThanOrEqual(1_000);
}, 180_000);

test("where Slack takes no edit, the card of the plan and the answer come all the same", async () => {
  stage = await startTestStage({ example: "inventory", speed: 1 });
  const { world, inventory } = stage;
  const channel = inventory.file.alerts.channel;
  await world.setRegion("eu-west-1", "dark");
  await world.planFault({ vendor: "slack", operation: "chat.update", effect: { kind: "hang" } });
  const asking = askFor(stage, {
    slackId: "U01FARID",
    words: "/dr failover inventory because eu-west-1 is dark",
    channel,
  });
  const first = await world.people.expectMessage(
    channel,
    ({ text }) => text.startsWith("Looking at inventory"),
    SOON_MS,
  );
  const { id, card } = await asking;

  expect(card.text).toContain(id);
  expect((await world.log("slack.message-updated")).filter(({ facts }) => facts["ts"] === first.ts)).toEqual([]);
}, 180_000);
