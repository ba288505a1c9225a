import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Bot } from "../../src/sandbox/bot-process.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import { eventually } from "../harness/eventually.ts";
import { answerAfter, answerTo, startTestStage } from "../harness/stage.ts";

const SPEED = 20;
const SOON_MS = 30_000;
const GONE = /its file is empty/;

let stage: Stage;
let bot: Bot;
let path: string;
beforeEach(async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const [first] = stage.bots;
  if (!first) throw new Error("a stage has bots");
  bot = first;
  path = join(stage.directory, "ledger", `${bot.name}.jsonl`);
  const { people } = stage.world;
  const { channel } = stage.inventory.file.alerts;
  await people.as("U01FARID").types("/dr freeze so that the ledger gets a line", { in: channel });
  await people.expectMessage(channel, ({ text }) => text.includes("has frozen TwoKey"), SOON_MS);
});
afterEach(() => stage.stop());

/** As an orchestrator does it: the same name, on a machine whose disk is another one. */
async function startsAgain(between: () => Promise<void>): Promise<void> {
  await bot.stop();
  await between();
  bot.start();
  await bot.origin();
  await eventually("the bot hears Slack again", () => said("/dr help").catch(() => undefined));
}

async function said(words: string): Promise<string> {
  const channel = stage.inventory.file.alerts.channel;
  return (await answerTo(stage, { slackId: "U01FARID", words, channel }, /^(?!Working on it)/)).text;
}

/** Once it says so, or says it no more. */
const readiness = (isGone: boolean) =>
  eventually(`a bot that ${isGone ? "misses" : "has"} its ledger`, async () => {
    const answer = await fetch(`${await bot.origin()}/readyz`);
    return answer.status === 200 && GONE.test(await answer.text()) === isGone ? true : undefined;
  });

test("a bot that starts again with an empty disk changes nothing, and goes on when two people have signed", async () => {
  await startsAgain(() => rm(path));
  await readiness(true);
  const refused = await said("/dr failover inventory because of a test");
  const { channel } = stage.inventory.file.alerts;
  const { people } = stage.world;

  await said("/dr accept-store");
  const card = await people.expectMessage(
    channel,
    (message) => buttonOf(message, "accept-store") !== undefined,
    SOON_MS,
  );
  for (const [slackId, fits] of [
    ["U01ANA", /One more person must sign/],
    ["U01BEN", /this store counts again/],
  ] as const) {
    const button = buttonOf(card, "accept-store") ?? "";
    await answerAfter(people, { slackId, fits }, () =>
      people.as(slackId).clicks(button, { in: channel, message: card }),
    );
  }
  await readiness(false);

  expect(refused).toMatch(/its file is empty.*nothing is moved until two people have looked and signed/);
  expect(JSON.stringify(card.blocks)).toContain("Redis and the ledgers disagree");
  expect(await said("/dr help")).not.toContain("State lost");
}, 180_000);

test("a bot whose ledger is put back goes on after its next start, and nobody has to sign", async () => {
  await startsAgain(() => rename(path, `${path}.away`));
  await readiness(true);

  await startsAgain(() => rename(`${path}.away`, path));

  await readiness(false);
  expect(await said("/dr help")).not.toContain("State lost");
}, 180_000);
