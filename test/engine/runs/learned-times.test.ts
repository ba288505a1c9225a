import { afterEach, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { drive } from "../../harness/drive.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";

const SPEED = 200;

let at: FailoverWorld;
afterEach(() => at.stop());

/** Drives a run of it to its end; the ids of the steps that left a time. */
async function stepsThatTook(runbook: string, steps = STEPS): Promise<{ run: RunState; left: string[] }> {
  await startRun(at, { runbook });
  const left: string[] = [];
  const run = await drive(at, { steps, took: (_run, _step, time) => void left.push(time.step) });
  expect([run.state, run.why]).toEqual(["verified", ""]);
  return { run, left };
}

const idsOf = ({ plan }: RunState) => plan.steps.map(({ id }) => id);

test("each step of a run that was done at the first try leaves its time", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });

  const { run, left } = await stepsThatTook("failover");

  expect(left).toHaveLength(run.plan.steps.length);
  expect(new Set(left)).toEqual(new Set(idsOf(run)));
});

test("a step whose answer was lost leaves none: it was tried again", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation: "CreateDBSnapshot", region: at.service.home },
    ...{ effect: { kind: "drop-after" }, times: 1 },
  });

  const { run, left } = await stepsThatTook("snapshot");

  expect(left).toEqual(idsOf(run).slice(1));
});

test("a step that somebody else had done leaves none, whether it is seen at once or only by the answer to its call", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  const found = (name: string, answer: { readonly requestIds?: readonly string[]; readonly already?: boolean }) => {
    const step = STEPS[name];
    if (!step) throw new Error(`there is no step ${name}`);
    const run: StoredStep["run"] = async (...asked) => ({ ...(await step.run(...asked)), ...answer });
    return { [name]: { ...step, run } };
  };

  const { left } = await stepsThatTook("snapshot", {
    ...STEPS,
    ...found("take-snapshot", { requestIds: [] }),
    ...found("copy-snapshot", { already: true }),
  });

  expect(left).toEqual([]);
});
