import { afterAll, expect, test } from "@jest/globals";
import { createStores } from "../../src/app/stores.ts";
import { fenceOf } from "../../src/domain/plan-run/fence.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { Wait } from "../../src/domain/plan-run/wait.ts";
import { dueInRun } from "../../src/sandbox/soak/due.ts";
import { isBusy, nextDue } from "../../src/sandbox/soak/quiet.ts";
import { example } from "../harness/example.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const MINUTE_MS = 60_000;
const bench = await StoreBench.start();
afterAll(() => bench.close());

const inventory = example("inventory");

/** A failover that has ended well; its old side is looked at until the end date. */
function guarded(): RunState {
  const run = proposed(inventory);
  const fence = fenceOf(run)?.id ?? "";
  const done = { ...run.steps[fence], state: "done", output: { fence: "fenced" } } as RunState["steps"][string];
  return { ...run, state: "verified", pastNoReturn: true, steps: { ...run.steps, [fence]: done } };
}

test("a guard is due when people are asked whether it should go on, and at its end date", () => {
  const run = guarded();
  const { untilMs } = run;
  const askedMs = untilMs - 30 * MINUTE_MS;

  expect([AT, askedMs - 1, askedMs, untilMs - 1, untilMs + 5].map((nowMs) => dueInRun(run, nowMs))).toEqual([
    ...[askedMs, askedMs, untilMs, untilMs, untilMs],
  ]);
  expect(dueInRun({ ...run, watch: { ...run.watch, state: "ended" } }, AT)).toBe(Number.POSITIVE_INFINITY);
});

test("a watch is due at its next try, which is later after each", () => {
  const run = guarded();
  const tried = { ...run.watch, state: "failed", lostAtMs: AT, tries: 2, triedAtMs: AT } as const;

  expect(dueInRun({ ...run, watch: tried }, AT + 1)).toBe(AT + 2 * MINUTE_MS);
  expect(dueInRun({ ...run, watch: tried }, AT + 2 * MINUTE_MS)).toBe(run.untilMs - 30 * MINUTE_MS);
});

test("the end of a wait is due as an incident and a card are, and until it is told the bot is busy", async () => {
  const redis = await bench.connect();
  const clock = { nowMs: AT };
  const now = () => clock.nowMs;
  const at = { stores: createStores(redis, now, JOURNAL), stage: { redis, now } };
  const wait: Wait = {
    ...{ service: "inventory", number: 1, state: "standing", atMs: AT, untilMs: AT + 20 * MINUTE_MS },
    ...{ by: "chloe", door: "slack", reason: "the region may come back", channel: "C01ALERTS", isTold: true },
  };
  expect(await nextDue(at)).toBe(Number.POSITIVE_INFINITY);
  await at.stores.waits.change("inventory", () => ({ value: wait, events: [] }));

  expect([await nextDue(at), await isBusy(at)]).toEqual([wait.untilMs, false]);
  clock.nowMs = wait.untilMs;
  expect(await isBusy(at)).toBe(true);
});
