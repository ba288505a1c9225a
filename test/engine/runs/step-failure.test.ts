import { expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, type StepState, withStep } from "../../../src/domain/plan-run/run.ts";
import { recordFailure } from "../../../src/engine/runs/step-failure.ts";
import { example } from "../../harness/example.ts";
import { clockAt, silent } from "../../harness/fakes/index.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const STEP = "shift-traffic";
const { plan, ...waiting } = proposed(example("inventory"));

/** How the step stands by then where the journal takes it that this has failed. */
async function writtenWhere(isByHand: boolean): Promise<StepState["state"][]> {
  const written: StepState["state"][] = [];
  for (const state of ["asked", "by-hand", "skipped"] as const) {
    const run: RunState = withStep({ ...waiting, plan, state: "running" }, STEP, { state });
    const append = async (make: (run: RunState) => unknown) => make(run) !== undefined && written.push(state);
    const hold = { run, epoch: 1, append, note: async () => undefined };
    const deps = { clock: clockAt(() => AT), logger: silent };
    const failing = { hold, deps, step: stepOf(plan, STEP), isByHand, left: undefined } as never;
    await recordFailure(failing, new StepFailed("step-deadline", "it did not get there in time"));
  }
  return written;
}

test("guard in flight: a try of TwoKey's own fails no step that people took over or went on without meanwhile", async () => {
  expect(await writtenWhere(false)).toEqual(["asked"]);
});

test("guard in flight: a look that does not find what people did fails the step, but not where they went on without it meanwhile", async () => {
  expect(await writtenWhere(true)).toEqual(["asked", "by-hand"]);
});
