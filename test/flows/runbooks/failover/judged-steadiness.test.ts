import { afterEach, expect, test } from "@jest/globals";
import { observe } from "../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import type { FaultInput } from "../../../../src/simulators/world/faults.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { standbyOf } from "../../../harness/site.ts";

let at: FailoverWorld;
afterEach(() => at.stop());

/** What key holders agree to of a standby that answers badly; undefined: nothing. */
async function unsteady(): Promise<string | undefined> {
  const { service, inventory, cloud, clock } = at;
  const answer = runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, reason: "a rehearsal", incident: undefined, requester: "farid" },
      ...{ observed: await observe(service, cloud), nowMs: clock.now() },
    },
    { mode: "unplanned", to: standbyOf(service) },
  );
  if (answer.kind === "refused") throw new Error(answer.reasons.join(" "));
  return answer.plan.acceptances.find(({ id }) => /^target-/.test(id))?.words;
}

const troubled = (region: string, effect: FaultInput["effect"], share: number) =>
  at.whole.world.faults.plan({ vendor: "aws", region, effect, share });
const THROTTLED = { kind: "error", status: 400, code: "ThrottlingException" } as const;

test("a target that throttles 30 % of the looks is accepted in words, though each look was repeated and went through", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 20 });
  troubled(standbyOf(at.service), THROTTLED, 0.3);

  expect(await unsteady()).toMatch(
    /^I accept that AWS in \S+ answers badly now: \d+ of the last \d+ calls to it failed, /,
  );
});

test("a target that takes seconds for an answer is accepted in words", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 20 });
  troubled(standbyOf(at.service), { kind: "delay", machineMs: 2_200 }, 1);

  expect(await unsteady()).toMatch(/half of the last \d+ calls to it took \d+ s or more/);
}, 60_000);

test("trouble of the old side says nothing about the new one, and a call that fails now and then is none", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 20 });
  troubled(at.service.home, THROTTLED, 0.3);
  troubled(standbyOf(at.service), THROTTLED, 0.05);

  expect(await unsteady()).toBeUndefined();
});
