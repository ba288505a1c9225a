import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Ask } from "../../src/commands/intent.ts";
import { decideOnRun } from "../../src/commands/run-decisions.ts";
import { UserError } from "../../src/domain/errors.ts";
import type { JournalDecision } from "../../src/domain/plan-run/decision.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { type Inventory, inventoryFrom } from "../../src/domain/service/inventory.ts";
import type { Ledger } from "../../src/ports/runs.ts";
import { createRuns } from "../../src/store/runs.ts";
import { planCard } from "../../src/views/plan.ts";
import { example } from "../harness/example.ts";
import { clockAt, quietLedger, who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const nothing = async () => undefined;
const at = { atMs: AT };

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

/** A run whose first step failed, and what each person is told who says what is to be done about it. */
async function stoppedRun(
  file: () => Inventory = () => inventory,
  now: () => number = () => AT,
  { confirm = nothing, ledger = quietLedger() }: { confirm?: () => Promise<undefined>; ledger?: Ledger } = {},
) {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  const plan = planFor(inventory);
  await runs.create(plan, planDigest(plan), []);
  const step = plan.steps[0]?.id ?? "";
  const entries: RunEntry[] = [
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...at, step, epoch: 1, attempt: 1 },
    { kind: "failed", ...at, step, epoch: 1, code: "x", why: "it broke", mustAsk: true },
  ];
  for (const entry of entries) {
    const run = await runs.read(plan.id);
    if (run) await runs.append(run, { entries: [entry], events: [], over: false });
  }
  const deps = {
    runs,
    ledger,
    clock: clockAt(now),
    wake: {
      ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
      card: nothing,
    },
    inventory: file,
  };
  const take = (person: string, more: Partial<Ask> = {}) =>
    decideOnRun(
      "take-over",
      { verb: "take-over", args: [plan.id], text: plan.id, who: who(person, confirm), ...more },
      deps,
    );
  const say = async (person: string, decision: JournalDecision, button?: string) => {
    const ask = { verb: decision, args: [plan.id], text: plan.id, who: who(person, confirm) };
    const pressed = button === undefined ? ask : { ...ask, value: `${plan.id}:${button}` };
    const answer = await decideOnRun(decision, pressed, deps);
    return answer.kind === "say" ? answer.card.text : answer.kind;
  };
  return Object.assign(say, { take });
}

test("one person who votes twice is one of two, and the second person decides", async () => {
  const says = await stoppedRun();
  expect(await says("ana", "skip")).toContain("1 of 2 people want to skip");
  expect(await says("ana", "skip")).toContain("1 of 2 people want to skip");
  expect(await says("ben", "unwind")).toContain("1 of 2 people want to unwind");
  const decided = await says("ben", "skip");
  expect(decided).toContain("is running");
  expect(decided).not.toContain("people want to");
});

test("a button whose card showed another failed step, or an earlier failure of it, decides nothing", async () => {
  const says = await stoppedRun();

  await expect(says("ana", "skip", "scale-out:1")).rejects.toMatchObject({ code: "decision-outdated" });
  await expect(says("ana", "skip", "fence:0")).rejects.toMatchObject({ code: "decision-outdated" });
  expect(await says("ana", "skip", "fence:1")).toContain("1 of 2 people want to skip");
});

/** Ana says it, and is no approver after that: Ben's word is the first that counts, and Dmitri's the second. */
async function saidByOneWhoLostTheRight(decision: "skip" | "extend", decided: string): Promise<void> {
  const approvers = inventory.file.approvals.approvers.filter((id) => id !== "ana");
  const narrowed = inventoryFrom({ ...inventory.file, approvals: { ...inventory.file.approvals, approvers } });
  let file = inventory;
  const says = await stoppedRun(() => file);
  expect(await says("ana", decision)).toContain(`1 of 2 people want to ${decision}`);
  file = narrowed;

  expect(await says("ben", decision)).toContain(`1 of 2 people want to ${decision}`);
  expect(await says("dmitri", decision)).toContain(decided);
}

test("the vote of somebody who is no approver any more does not count", () =>
  saidByOneWhoLostTheRight("skip", "is running"));

test("nor does what somebody said for an extension who is no approver any more", () =>
  saidByOneWhoLostTheRight("extend", "TwoKey acts on its plan until"));

test("guard team acts on: a run goes on by a word of the service's team or of its approvers, and stops by anybody's", async () => {
  const services = inventory.services.map((service) => ({ ...service, access: { ask: ["elena"] } }));
  const says = await stoppedRun(() => ({ ...inventory, services }));

  await expect(says("farid", "retry")).rejects.toThrow(/for the people whom twokey\.yaml names for it/);
  expect(await says("ana", "retry")).toContain("is running");
  expect(await says("farid", "pause")).toContain("is paused");
  await expect(says("farid", "resume")).rejects.toThrow(/access\.ask/);
  expect(await says("farid", "abort")).toContain("is rolling back");
});

test("guard proven vote: of an account that cannot be confirmed no vote counts", async () => {
  let isInOrder = false;
  const confirm = async () => {
    if (!isInOrder) throw new UserError("not-eligible", "the account is a guest's");
    return undefined;
  };
  const says = await stoppedRun(undefined, undefined, { confirm });
  await expect(says("ana", "skip")).rejects.toMatchObject({ code: "not-eligible" });

  isInOrder = true;
  expect(await says("ben", "skip")).toContain("1 of 2 people want to skip");
});

test("two approvers extend a run before its end date; nobody does after it, and not who asked for the plan", async () => {
  const plan = planFor(inventory);
  let nowMs = plan.authorisesUntilMs - 60_000;
  const says = await stoppedRun(
    () => inventory,
    () => nowMs,
  );
  await expect(says("farid", "extend")).rejects.toMatchObject({ code: "decision-refused" });
  expect(await says("ana", "extend")).toContain("1 of 2 people want to extend");
  expect(await says("ben", "extend")).toContain("TwoKey acts on its plan until");

  nowMs = plan.authorisesUntilMs + 1;
  expect(await says("ana", "extend")).toContain("1 of 2 people want to extend");
  nowMs = 2 * plan.authorisesUntilMs - plan.madeAtMs;
  await expect(says("ben", "extend")).rejects.toMatchObject({
    code: "run-ended",
    message: expect.stringContaining("/dr replan F-1"),
  });
});

test("where the ledger takes no line a decision counts all the same, and the answer says both", async () => {
  const full = quietLedger({ append: () => Promise.reject(new Error("no space left")) });
  const say = await stoppedRun(undefined, undefined, { ledger: full });

  expect(await say("ana", "skip")).toMatch(
    /1 of 2 people want to skip\. The ledger does not have it: no space left\.$/,
  );
  expect(await say("ben", "skip")).toMatch(/The ledger does not have it/);
});

test("a plan is closed for everybody only by who names it, or confirms which it is", async () => {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  const plan = planFor(inventory);
  await runs.create(plan, planDigest(plan), []);
  const deps = {
    ...{ runs, ledger: quietLedger(), clock: clockAt(() => AT), inventory: () => inventory },
    wake: {
      ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
      card: nothing,
    },
  };
  const reject = (args: string[], more: Partial<Ask> = {}) =>
    decideOnRun("reject", { verb: "reject", args, text: args.join(" "), who: who("ana", nothing), ...more }, deps);
  const stateNow = async () => (await runs.read(plan.id))?.state;

  const asked = await reject([]);
  expect(asked).toMatchObject({
    kind: "form",
    form: { context: plan.id, fields: [{ id: "words", kind: "paragraph" }] },
  });
  expect(JSON.stringify(asked)).toContain(plan.title);
  expect(await reject([], { value: plan.id, fields: {} })).toMatchObject({ kind: "field-errors" });
  expect(await stateNow()).toBe("waiting-for-keys");
  // The button of the card asks for it too: nobody refuses by one wrong press.
  expect(await reject([], { value: `${plan.id}:${planDigest(plan)}` })).toMatchObject({ kind: "form" });
  expect(await stateNow()).toBe("waiting-for-keys");
  await reject([], { value: plan.id, fields: { words: "eu-west-1 is coming back" } });
  const run = await runs.read(plan.id);
  if (!run) throw new Error("the plan is kept");
  const { text, parts } = planCard(run, inventory, { nowMs: AT });

  expect(run).toMatchObject({ state: "closed", refusal: { by: "ana", why: "eu-west-1 is coming back" } });
  expect(text).toMatch(
    /\. Refused by Ana Keller\. Nothing was changed\. To ask again: \S+ .* Why: “eu-west-1 is coming back”$/,
  );
  expect(parts.flatMap((part) => (part.kind === "text" ? [part.text] : []))).toContain(
    "Why: “eu-west-1 is coming back”",
  );
});

test("what was done by hand is asked for in a form about the failure that was shown, and of those alone who may say it", async () => {
  const say = await stoppedRun();
  const form = await say.take("ana");
  if (form.kind !== "form") throw new Error(`it answers with ${form.kind}`);
  expect(form.form.fields.map(({ id }) => id)).toEqual(["words"]);
  expect(await say.take("ana", { value: form.form.context, fields: {} })).toMatchObject({ kind: "field-errors" });
  const fields = { words: "the group was closed in the console" };
  // A form that stood open while something happened is about another failure.
  const stale = form.form.context.replace(/\d+$/, "99");
  await expect(say.take("ana", { value: stale, fields })).rejects.toBeInstanceOf(UserError);
  await expect(say.take("ana", { value: stale })).rejects.toMatchObject({ code: "decision-outdated" });
  await expect(say.take("eve")).rejects.toThrow("Nothing was changed.");
  expect(await say.take("ana", { value: form.form.context, fields })).toMatchObject({ kind: "say" });
});
