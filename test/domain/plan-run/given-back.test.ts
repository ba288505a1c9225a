import { expect, test } from "@jest/globals";
import { inputOf } from "../../../src/domain/plan-run/fence.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const GROUPS = { "sg-1": [{ protocol: "tcp" }], "sg-2": [{ protocol: "tcp" }] };
const TASKS = { desired: 4 };

/** A run whose plan saw these, and whose first intent wrote down what stood there then. */
function runThatTook(planned: Record<string, object>, seen?: Record<string, Record<string, unknown>>): RunState {
  const run = proposed(inventory);
  const steps = run.plan.steps.map((step) =>
    step.role === "protects" ? { ...step, input: { ...step.input, captured: planned } } : step,
  );
  const entries: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    { kind: "intent", atMs: AT, epoch: 1, step: "fence", attempt: 1, ...(seen && { captured: seen }) },
  ];
  return entries.reduce(transition, { ...run, plan: { ...run.plan, steps } });
}

function givenBackBy(run: RunState): unknown {
  const fence = run.plan.steps.find(({ role }) => role === "protects");
  if (!fence) throw new Error("this plan has no fence");
  return inputOf(run, fence)["captured"];
}

test("guard per part: of each part is given back what it carried right before it was touched, and no group that only the plan saw", () => {
  const run = runThatTook(
    { "stores.stock": GROUPS, "compute.api": TASKS },
    { "stores.stock": { "sg-2": GROUPS["sg-2"] } },
  );

  expect(givenBackBy(run)).toEqual({ "stores.stock": { "sg-2": GROUPS["sg-2"] }, "compute.api": TASKS });
});

test("what nobody wrote down since is given back as the plan saw it", () => {
  expect(givenBackBy(runThatTook({ "stores.stock": GROUPS }))).toEqual({ "stores.stock": GROUPS });
});
