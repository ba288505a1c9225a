import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { likenessOf } from "../../src/domain/plan-run/learned-times.ts";
import { stepOf } from "../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { createDocuments } from "../../src/store/documents.ts";
import { createLearnedTimes, STEP_TIMES } from "../../src/store/learned-times.ts";
import { eventually } from "../harness/eventually.ts";
import { answerTo, runWhere, startTestStage } from "../harness/stage.ts";

const FARID = "U01FARID";
/** Machine time. */
const SOON_MS = 60_000;

let stage: Stage;
let alerts: string;
beforeAll(async () => {
  stage = await startTestStage({ example: "inventory", speed: 200 });
  alerts = stage.inventory.file.alerts.channel;
}, 120_000);
afterAll(() => stage?.stop());

/** A run that one responder starts, driven to its end. */
async function finishedRun(): Promise<RunState> {
  const said = await answerTo(
    stage,
    { slackId: FARID, words: "/dr snapshot inventory because of a release", channel: alerts },
    / is started\./,
  );
  const [, id = ""] = /Plan (\S+) is started/.exec(said.text) ?? [];
  return runWhere(stage, { id, withinMs: SOON_MS }, ({ state }) => state === "verified");
}

/** Its times are in the store, as those of a rehearsal. */
const kept = ({ plan }: RunState) =>
  eventually("times of each step", SOON_MS, async () => {
    const times = createLearnedTimes(createDocuments(stage.redis, STEP_TIMES), "rehearsal");
    const found = await Promise.all(plan.steps.map((step) => times.of(likenessOf(step, plan))));
    return found.every(({ length }) => length === 1) || undefined;
  });

const shownOf = ({ plan: { id } }: RunState, says: string) =>
  stage.world.people.expectMessage(
    alerts,
    ({ blocks }) => JSON.stringify(blocks).includes(id) && JSON.stringify(blocks).includes(says),
    SOON_MS,
  );

test("a run leaves its times, and the card of the next plan tells them with the number of runs", async () => {
  const first = await finishedRun();
  expect(first.plan.steps.filter(({ learned }) => learned)).toEqual([]);
  await shownOf(first, "no run has left one yet");
  await kept(first);

  const second = await finishedRun();

  await shownOf(second, "(1\u00a0run)");
  for (const { id, learned, deadlineMs } of second.plan.steps) {
    const { startedAtMs = 0, endedAtMs = 0 } = stateOf(first, id);
    const tookMs = Math.round(endedAtMs - startedAtMs);
    expect(learned).toEqual({ runs: 1, span: "smallest-to-largest", fromMs: tookMs, toMs: tookMs });
    expect(deadlineMs).toBeGreaterThanOrEqual(stepOf(first.plan, id).deadlineMs);
  }
}, 180_000);
