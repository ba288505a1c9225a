import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { byHand } from "../../src/commands/by-hand.ts";
import { byHandParts } from "../../src/domain/plan-run/by-hand-parts.ts";
import { type Plan, planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { createRuns } from "../../src/store/runs.ts";
import { byHandCard } from "../../src/views/by-hand.ts";
import { cardText } from "../../src/views/card-text.ts";
import { example } from "../harness/example.ts";
import { clockAt, who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

/** What somebody is shown who asks for this part of the plan, by the text of its card. */
async function asking(
  plan: Plan,
  entries: readonly RunEntry[] = [],
  nowMs = AT,
): Promise<(...part: readonly string[]) => Promise<string>> {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  await runs.create(plan, planDigest(plan), []);
  for (const entry of entries) {
    const run = await runs.read(plan.id);
    if (run) await runs.append(run, { entries: [entry], events: [] });
  }
  return async (...part) => {
    const ask = { verb: "by-hand", args: [plan.id, ...part], text: "", who: who("farid") };
    const answer = await byHand(ask, { runs, inventory: () => inventory, clock: clockAt(() => nowMs) });
    return answer.kind === "whisper" ? answer.card.text : answer.kind;
  };
}

test("the commands of a plan are shown a part at a time, and a part that it does not have is refused with how many it has", async () => {
  const plan = planFor(inventory);
  const { length } = byHandParts(plan);
  const part = await asking(plan);

  expect(length).toBeGreaterThan(1);
  expect(await part()).toContain(`part 1 of ${length}.`);
  for (let number = 1; number <= length; number += 1)
    expect(await part(String(number))).toContain(`part ${number} of ${length}.`);
  for (const none of ["0", "-1", "1.5", "two", String(length + 1)])
    await expect(part(none)).rejects.toMatchObject({
      code: "by-hand-no-such-part",
      message: `The commands of plan ${plan.id} have ${length} parts. Part 1: /dr by-hand ${plan.id}`,
    });
});

test("a plan whose commands fit into one message says so when it is asked for its second part", async () => {
  const whole = planFor(inventory);
  const part = await asking({ ...whole, steps: whole.steps.slice(0, 1) });

  await expect(part("2")).rejects.toMatchObject({ message: expect.stringContaining("have one part.") });
});

test("of a run that is past its end date before the point of no return they give back what it took, and forward is asked for by that word", async () => {
  const plan = planFor(inventory);
  const begun: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w" },
    { kind: "intent", atMs: AT, step: "fence", epoch: 1, attempt: 1 },
  ];
  const part = await asking(plan, begun, plan.authorisesUntilMs);

  expect(await part()).toMatch(/^How to give back by hand what run F-1 took/);
  expect(await part("forward")).toMatch(/^How to do plan F-1 by hand: .* part 1 of/);
  expect(await part("forward", "2")).toContain("part 2 of");
  expect(await part("back")).toMatch(/^How to give back by hand/);
});

test("each part says how the next one is asked for, with its direction: it may lead the other way by then", async () => {
  const plan = planFor(inventory);
  expect(cardText(byHandCard(plan, 1))).toContain("/dr by-hand F-1 forward 2");
  const part = await asking(plan);

  await expect(part("back", "2")).rejects.toMatchObject({ code: "by-hand-nothing-back" });
});

describe("of a run that was rolled back", () => {
  const begun: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w" },
    { kind: "intent", atMs: AT, step: "fence", epoch: 1, attempt: 1 },
    { kind: "aborted", atMs: AT, by: "farid", door: "slack" },
    { kind: "undo-intent", atMs: AT, step: "fence", epoch: 1 },
  ];
  const ended: RunEntry = { kind: "finished", atMs: AT, state: "unwound" };
  const undone: RunEntry[] = [
    ...begun,
    { kind: "undone", atMs: AT, step: "fence", epoch: 1, says: "as before", requestIds: [] },
    ended,
  ];
  const skips = (by: string): RunEntry => ({
    ...{ kind: "vote", atMs: AT, by, door: "slack", decision: "skip", step: "fence", position: 2 },
  });
  const left: RunEntry[] = [
    ...begun,
    { kind: "undo-failed", atMs: AT, step: "fence", epoch: 1, why: "denied" },
    ...[skips("ana"), skips("ben"), ended],
  ];

  test("guard nothing back: no command is shown where all is undone, and that is said", async () => {
    const part = await asking(planFor(inventory), undone);
    const nothing = {
      code: "by-hand-nothing-back",
      message: expect.stringMatching(/^Run F-1 was rolled back: all that it had begun is undone/),
    };

    await expect(part()).rejects.toMatchObject(nothing);
    await expect(part("back")).rejects.toMatchObject(nothing);
    expect(await part("forward")).toMatch(/^How to do plan F-1 by hand/);
  });

  test("guard closed since: what people went on without is opened by no command an hour later, and is named", async () => {
    const plan = planFor(inventory);
    const fence = plan.steps.find(({ id }) => id === "fence")?.title ?? "";

    expect(await (await asking(plan, left))()).toMatch(/^How to give back by hand/);
    await bench.close();
    bench = await StoreBench.start();
    await expect((await asking(plan, left, AT + 3_600_000))()).rejects.toMatchObject({
      code: "by-hand-nothing-back",
      message: expect.stringContaining(
        `without undoing this: ${fence}. By now somebody may have closed it on purpose, so no command that opens it is shown.`,
      ),
    });
  });

  test("guard followed: what a run left is opened by no command once a later run of the service has begun", async () => {
    const part = await asking(planFor(inventory), left);
    const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
    const next = { ...planFor(inventory), id: "F-2" };
    await runs.create(next, planDigest(next), []);
    expect(await part()).toMatch(/^How to give back by hand/);
    const run = await runs.read("F-2");
    if (run) await runs.append(run, { entries: [{ kind: "started", atMs: AT + 1, keys: ["ana", "ben"] }], events: [] });

    await expect(part()).rejects.toMatchObject({ code: "by-hand-nothing-back" });
  });
});
