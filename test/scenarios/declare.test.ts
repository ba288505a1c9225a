import { afterEach, expect, test } from "@jest/globals";
import type { Stage } from "../../src/sandbox/stage.ts";
import { answerTo, startTestStage } from "../harness/stage.ts";

const FARID = "U01FARID";

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("an incident that a person declares gets its channel, and the declarer is in it", async () => {
  stage = await startTestStage({ example: "inventory", speed: 40 });
  const { world, inventory } = stage;
  const said = await answerTo(
    stage,
    FARID,
    "/dr declare sev1 inventory answers with errors",
    inventory.file.alerts.channel,
    /declared/,
  );
  const [, id = ""] = /\((I-\w+)\)/.exec(said.text) ?? [];

  const channel = await world.people.expectChannel(
    ({ name = "", members }) => name.endsWith(id.toLowerCase()) && members.includes(FARID),
    20_000,
  );

  expect(channel.name).toMatch(/^inc-\d{8}-inventory-i-[a-z0-9]{6}$/);
}, 90_000);
