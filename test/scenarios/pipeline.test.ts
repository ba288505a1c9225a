import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { likenessOf } from "../../src/domain/plan-run/learned-times.ts";
import { stepOf } from "../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { createDocuments } from "../../src/store/documents.ts";
import { createLearnedTimes, STEP_TIMES } from "../../src/store/learned-times.ts";
import { eventually } from "../harness/eventually.ts";
import { standbyOf } from "../harness/site.ts";
import { answerTo, runWhere, serviceInWorld, somebodyElsesAws, startTestStage, timesOf } from "../harness/stage.ts";

const ASK = { id: "deploy-4711", runbook: "snapshot", service: "inventory", reason: "release 4.2.0" };
const FARID = "U01FARID";
/** Machine time. */
const SOON_MS = 60_000;

let stage: Stage;
beforeAll(async () => {
  stage = await startTestStage({ example: "inventory", speed: 20 });
}, 120_000);
afterAll(() => stage?.stop());

const Answer = z.looseObject({ plan: z.string().optional(), state: z.string().optional(), run: z.string().optional() });

/** As a pipeline sends it. `key`: what it signs with. */
async function post(ask: object, key = stage.pipelineKeys["PIPELINE_RELEASE_KEYS"] ?? "") {
  const body = JSON.stringify(ask);
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const mac = createHmac("sha256", key).update(`v1:${timestamp}:release:${body}`).digest("hex");
  const headers = { "x-twokey-timestamp": timestamp, "x-twokey-signature": `v1=${mac}` };
  const origin = await stage.bots[0]?.origin();
  const response = await fetch(`${origin}/webhooks/pipelines/release`, { method: "POST", headers, body });
  return { status: response.status, ...Answer.parse(await response.json()) };
}

const alerts = () => stage.inventory.file.alerts.channel;

/** A run that one responder starts, driven to its end. */
async function finishedRun(): Promise<RunState> {
  const said = await answerTo(
    stage,
    { slackId: FARID, words: "/dr snapshot inventory because of a release", channel: alerts() },
    / is started\./,
  );
  const [, id = ""] = /Plan (\S+) is started/.exec(said.text) ?? [];
  return runWhere(stage, { id, withinMs: SOON_MS }, ({ state }) => state === "verified");
}

/** Its times are in the store, as those of a rehearsal. */
const kept = ({ plan }: RunState) =>
  eventually("times of each step", async () => {
    const times = createLearnedTimes(createDocuments(stage.redis, STEP_TIMES), "rehearsal");
    const found = await Promise.all(plan.steps.map((step) => times.of(likenessOf(step, plan))));
    return found.every(({ length }) => length === 1) || undefined;
  });

const shownOf = ({ plan: { id } }: RunState, says: string) =>
  stage.world.people.expectMessage(
    alerts(),
    ({ blocks }) => JSON.stringify(blocks).includes(id) && JSON.stringify(blocks).includes(says),
    SOON_MS,
  );

test("a pipeline asks, and the snapshot is there in both regions; asking again is the same run; the card of the next plan tells the times that it took", async () => {
  const { home } = serviceInWorld(stage);
  const standby = standbyOf(serviceInWorld(stage));
  expect(await post(ASK, "k".repeat(40))).toMatchObject({ status: 401 });

  const begun = await post(ASK);
  expect(begun).toMatchObject({ status: 202, state: "running" });
  expect(await post({ ...ASK, id: "deploy-4712" })).toMatchObject({ status: 409, run: begun.plan });
  await stage.setSpeed(300);
  const first = await runWhere(stage, { id: begun.plan ?? "", withinMs: SOON_MS }, ({ state }) => state === "verified");
  const { plan } = first;

  expect(await post(ASK)).toMatchObject({ status: 202, plan: plan.id, state: "verified" });
  expect(await timesOf(stage, "CreateDBSnapshot")).toBe(1);
  expect(await timesOf(stage, "CopyDBSnapshot")).toBe(1);
  const id = String(plan.steps[0]?.input["id"]);
  expect(id).toContain("release-4-2-0");
  const aws = await somebodyElsesAws(stage);
  try {
    const copyId = String(plan.steps.find(({ does }) => does === "copy-snapshot")?.input["copyId"]);
    for (const [region, name] of [
      [home, id],
      [standby, copyId],
    ] as const) {
      const found = await aws.snapshots.find(region, { of: "instance", id: name }, AbortSignal.timeout(SOON_MS));
      expect(found).toMatchObject({ known: true, value: { status: "available" } });
    }
  } finally {
    aws.close();
  }

  expect(plan.steps.filter(({ learned }) => learned)).toEqual([]);
  await shownOf(first, "no run has left one yet");
  await kept(first);
  const second = await finishedRun();
  await shownOf(second, "(1\u00a0run)");
  for (const { id: step, learned, deadlineMs } of second.plan.steps) {
    const { startedAtMs = 0, endedAtMs = 0 } = stateOf(first, step);
    const tookMs = Math.round(endedAtMs - startedAtMs);
    expect(learned).toEqual({ runs: 1, span: "smallest-to-largest", fromMs: tookMs, toMs: tookMs });
    expect(deadlineMs).toBeGreaterThanOrEqual(stepOf(plan, step).deadlineMs);
  }
}, 240_000);

test("its card stands in the alerts channel, with which pipeline asked and why", async () => {
  const said = await stage.world.people.expectMessage(
    alerts(),
    ({ blocks }) => JSON.stringify(blocks).includes("pipeline release"),
    SOON_MS,
  );

  expect(JSON.stringify(said.blocks)).toContain("release 4.2.0");
}, 90_000);
