import { afterEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { isOver } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import type { SeenView } from "../../src/simulators/slack/people.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { askFor, pressKey, runWhere, SPEED_FOR_KEYS, startTestStage, type WaitingPlan } from "../harness/stage.ts";

const SPEED = 30;
const BY_HAND = "I accept that people change DNS by hand, and that TwoKey only promotes and scales";
/** Whatever came of a call that changes something: it was asked. */
const CALLS = ["aws.mutation", "aws.refused", "aws.unanswered"];
const Input = z.looseObject({
  type: z.literal("input"),
  block_id: z.string(),
  label: z.looseObject({ text: z.string() }),
});

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("a key that does not agree to changing DNS by hand is not turned; with Route 53's own region dark the database moves first, and users follow without a DNS change", async () => {
  stage = await startTestStage({ example: "regami", speed: SPEED });
  const at = stage;
  const { world } = at;
  await at.setSpeed(SPEED_FOR_KEYS);
  const plan = await planInTheDark(at);
  await refusesWithoutDnsByHand(at, plan);
  const kiras = await formOf(at, "U04KIRA", plan);
  await world.people.as("U04KIRA").submits(
    kiras,
    answersTo(kiras, () => true),
  );
  await runWhere(at, { id: plan.id }, ({ startedAtMs }) => startedAtMs !== undefined);
  await at.setSpeed(SPEED);

  const run = await runWhere(at, { id: plan.id, withinMs: 90_000 }, (seen) => isOver(seen) || seen.state === "stopped");
  const throughAgain = await world.expectLog("app.write-acknowledged", inNewRegion, 20_000);

  expect([run.state, run.why, run.keys.map(({ by }) => by)]).toEqual(["verified", "", ["jonas", "kira"]]);
  const log = await world.log();
  const calls = log.filter(({ kind }) => CALLS.includes(kind)).map(({ facts }) => facts["operation"]);
  expect(calls.filter((operation) => operation === "PromoteReadReplica")).toHaveLength(1);
  expect(calls).not.toContain("ChangeResourceRecordSets");
  const promoted = log.findIndex(({ kind }) => kind === "rds.promotion-observable");
  const scaled = log.findIndex((entry) => entry.kind === "ecs.scale-accepted" && inNewRegion(entry));
  expect(promoted).toBeGreaterThan(-1);
  expect(scaled).toBeGreaterThan(promoted);
  const { "check-writable": writable, "scale-out": scaling } = run.steps;
  expect(scaling?.startedAtMs).toBeGreaterThanOrEqual(writable?.endedAtMs ?? Number.POSITIVE_INFINITY);
  expect(throughAgain.seq).toBeGreaterThan(log[scaled]?.seq ?? Number.POSITIVE_INFINITY);
  const { "dns-by-hand": moved, "check-public": verified } = run.steps;
  // A resolver that asked just before may give the old side for one TTL more.
  expect((verified?.startedAtMs ?? 0) - Number(moved?.output["inSyncAtMs"])).toBeGreaterThanOrEqual(60_000);
  const verdict = await world.verdict("regami", throughAgain.worldMs);
  expect(verdict).toMatchObject({ primary: "us-west-2/regami-db-replica", doubledWrites: 0, splitBrain: [] });
}, 180_000);

/** Jonas leaves one sentence out, and his key is not turned; then he agrees to it. */
async function refusesWithoutDnsByHand(at: Stage, plan: WaitingPlan): Promise<void> {
  const jonas = at.world.people.as("U04JONAS");
  const form = await formOf(at, "U04JONAS", plan);

  const refused = await jonas.submits(
    form,
    answersTo(form, (sentence) => sentence !== BY_HAND),
  );

  expect(JSON.stringify(plan.card.blocks)).toContain("People must change DNS by hand.");
  const [byHand = []] = sentencesOf(form).filter(([, sentence]) => sentence === BY_HAND);
  expect(Object.keys(refused.inputErrors ?? {})).toEqual([byHand[0]]);
  expect((await at.world.people.views("U04JONAS")).map(({ id }) => id)).toEqual([form.id]);
  expect((await runWhere(at, { id: plan.id }, () => true)).keys).toEqual([]);

  await jonas.submits(
    form,
    answersTo(form, () => true),
  );
  const run = await runWhere(at, { id: plan.id, withinMs: 20_000 }, ({ keys }) => keys.length > 0);
  expect([run.state, run.keys.map(({ by }) => by)]).toEqual(["waiting-for-keys", ["jonas"]]);
}

/** us-east-1 goes dark, Route 53's control plane with it, and somebody asks for the failover. */
async function planInTheDark(at: Stage): Promise<WaitingPlan> {
  await at.world.setRegion("us-east-1", "dark");
  return askFor(at, { slackId: "U04IRIS", words: "/dr failover regami because us-east-1 is dark" });
}

function inNewRegion({ facts }: LogEntry): boolean {
  return facts["region"] === "us-west-2";
}

async function formOf(at: Stage, slackId: string, plan: WaitingPlan): Promise<SeenView> {
  await pressKey(at, slackId, plan);
  return at.world.people.expectView(slackId, undefined, 20_000);
}

/** Input blocks by id, each with the sentence that it asks agreement to. */
function sentencesOf({ blocks }: SeenView): [string, string][] {
  return blocks
    .filter(({ type }) => type === "input")
    .map((block) => Input.parse(block))
    .map((input) => [input.block_id, input.label.text]);
}

function answersTo(form: SeenView, agrees: (sentence: string) => boolean): Record<string, string> {
  const ticked = sentencesOf(form).filter(([, sentence]) => agrees(sentence));
  return Object.fromEntries(ticked.map(([id]) => [id, "yes"]));
}
