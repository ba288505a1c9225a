import { afterEach, expect, test } from "@jest/globals";
import { z } from "zod";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import { standbyOf } from "../harness/site.ts";
import {
  answerTo,
  askFor,
  openIncident,
  runWhere,
  SPEED_FOR_KEYS,
  serviceInWorld,
  startTestStage,
  turnKey,
} from "../harness/stage.ts";

const [FARID, ANA, BEN] = ["U01FARID", "U01ANA", "U01BEN"];
const SPEED = 40;
const SOON_MS = 60_000;
const Reads = z.array(z.looseObject({ service: z.string(), region: z.string() }));

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("with IAM and every STS dark but that of the file a page is acknowledged, the board answers, two keys count and the run ends verified", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const here = stage;
  const { world, inventory } = here;
  const service = serviceInWorld(here);
  const { sts } = inventory.file.aws;
  for (const region of ["us-east-1", service.home, standbyOf(service)].filter((each) => each !== sts))
    await world.post("/regions", { region, service: "sts", mode: "dark" });
  await world.post("/regions", { region: "us-east-1", service: "iam", mode: "dark" });
  await world.setRegion(service.home, "dark");

  const channel = await openIncident(here, [FARID, ANA, BEN]);
  const card = await world.people.expectMessage(channel, (each) => buttonOf(each, "ack") !== undefined, SOON_MS);
  await world.people.as(FARID).clicks(buttonOf(card, "ack") ?? "", { in: channel, message: card });
  await world.expectLog("pagerduty.acknowledged", () => true, SOON_MS);
  await answerTo(here, { slackId: FARID, words: "/dr status", channel }, new RegExp(service.name));
  const words = `/dr failover ${service.name} because ${service.home} is dark`;
  await here.setSpeed(SPEED_FOR_KEYS);
  const plan = await askFor(here, { slackId: FARID, words, channel });
  for (const holder of [ANA, BEN]) await turnKey(here, holder, { plan });
  await here.setSpeed(SPEED);

  const run = await runWhere(here, { id: plan.id, withinMs: 120_000 }, ({ state }) => state !== "running");
  expect([run.state, run.why]).toEqual(["verified", ""]);
  const asked = Reads.parse(await world.get("/aws/reads")).filter(({ service: name }) => ["iam", "sts"].includes(name));
  const where = new Set(asked.map(({ service: name, region }) => `${name} ${region}`));
  // The new side's own is the second way; nothing is asked of the endpoint for all regions, which is in us-east-1.
  expect(where).toContain(`sts ${sts}`);
  expect([...where].filter((each) => /iam|us-east-1/.test(each))).toEqual([]);
}, 180_000);
