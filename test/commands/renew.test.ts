import { afterEach, describe, expect, test } from "@jest/globals";
import { draftSoon, keepDraft } from "../../src/commands/propose.ts";
import { renewPlan } from "../../src/commands/renew.ts";
import type { RunCommandDeps } from "../../src/commands/run-deps.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { runOf } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { who } from "../harness/fakes/index.ts";
import { started } from "../harness/keys.ts";
import { runCommandDeps } from "../harness/run-command-deps.ts";
import { standbyOf } from "../harness/site.ts";

const SPEED = 200;
/** Machine time: longer than somebody waits for a plan, however busy the machine that counts it. */
const TOO_SLOW_MS = 20_000;
/** Machine time: longer than somebody waits for a plan, and soon over where nobody hurries. */
const SLOW_MS = 5_000;
/** Machine time that AWS is given: what is slow answers by itself long before, what is dark never does. */
const PATIENT = { answerWithinMs: 60_000 };

let at: FailoverWorld;
let deps: RunCommandDeps;
afterEach(() => at.stop());

/** The plan that somebody is shown for a home region in that state, or for one of which only these are slow. */
async function planned(home: "dark" | "up" | readonly string[]): Promise<RunState> {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, ...(home === "dark" ? {} : PATIENT) });
  deps = runCommandDeps(at);
  const { regions } = at.whole.world;
  regions.slowMs = TOO_SLOW_MS;
  if (typeof home === "string") regions.set(at.service.home, home);
  else for (const service of home) regions.setPlane({ region: at.service.home, service }, "slow");
  const wanted = {
    ...{ service: at.service, runbook: runbookOf({ runbook: "failover", id: "" }), reason: "eu-west-1 is gone" },
    ...{ wish: { mode: "unplanned", to: standbyOf(at.service) }, channel: undefined },
    requester: { id: "farid", name: "Farid", proof: who("farid").proof },
  };
  const draft = await draftSoon(wanted, deps);
  await keepDraft(draft, wanted, deps);
  return runOf(at, draft.run.plan.id);
}

/** As the sweep does it, right after a look that the observer has stored; so long after the plan was made, however busy this machine. */
async function renewed(run: RunState, afterMs = 10_000): Promise<RunState[]> {
  const seen = await observe(at.service, at.cloud);
  await renewPlan(run, seen, { ...deps, clock: { ...at.clock, now: () => run.plan.madeAtMs + afterMs * SPEED } });
  const open = await at.memory.runs.openIds();
  return Promise.all(open.map((id) => runOf(at, id)));
}

describe("a plan that was made while something gave no answer", () => {
  test("guard late answer: is made again when that answers, with a digest of its own, and says why the first one is closed", async () => {
    const first = await planned(["rds"]);
    expect(first.plan.unanswered).toEqual([`stores.stock in ${at.service.home}`]);
    at.whole.world.regions.slowMs = SLOW_MS;

    const [second, ...more] = await renewed(first);

    expect(more).toEqual([]);
    expect(second?.plan.unanswered).toBeUndefined();
    expect(second?.plan.requester).toBe("farid");
    expect(second?.digest).not.toBe(first.digest);
    const closed = await runOf(at, first.plan.id);
    expect(closed.state).toBe("closed");
    expect(closed.why).toContain(`answers now: stores.stock in ${at.service.home}`);
    expect(closed.why).toContain(`Plan ${second?.plan.id} takes its place`);
  });

  test("is made again when only a part of that answers, and still says what gives no answer", async () => {
    const first = await planned(["rds", "ecs"]);
    const [database, compute] = [`stores.stock in ${at.service.home}`, `compute.api in ${at.service.home}`];
    expect(first.plan.unanswered).toEqual([database, compute]);
    at.whole.world.regions.setPlane({ region: at.service.home, service: "ecs" }, "up");
    at.whole.world.regions.setPlane({ region: at.service.home, service: "rds" }, "refusing");

    const [second, ...more] = await renewed(first);

    expect(more).toEqual([]);
    expect(second?.plan.unanswered).toEqual([database]);
    expect((await runOf(at, first.plan.id)).why).toContain(`answers now: ${compute}. Plan ${second?.plan.id} takes`);
  });

  test("stays while that is silent still", async () => {
    const run = await planned("dark");

    expect((await renewed(run)).map(({ plan }) => plan.id)).toEqual([run.plan.id]);
  });

  test("stays where it needs no key: made again, it would start by itself", async () => {
    const first = await planned(["rds"]);
    at.whole.world.regions.slowMs = SLOW_MS;

    const open = await renewed({ ...first, plan: { ...first.plan, keysRequired: 0 } });

    expect(open.map(({ plan }) => plan.id)).toEqual([first.plan.id]);
  });

  test("stays when it has been there for longer than half a minute: by then people have read it", async () => {
    const run = await planned("dark");
    at.whole.world.regions.set(at.service.home, "up");

    expect((await renewed(run, 31_000)).map(({ plan }) => plan.id)).toEqual([run.plan.id]);
  });

  test("stays when its keys were turned meanwhile", async () => {
    const run = await planned("dark");
    at.whole.world.regions.set(at.service.home, "up");
    const keys = at.inventory.file.approvals.approvers.slice(0, run.plan.keysRequired);
    await at.memory.runs.append(run, { entries: started(run.plan, at.clock.now(), keys), events: [] });

    const [still, ...more] = await renewed(run);

    expect(more).toEqual([]);
    expect([still?.plan.id, still?.state]).toEqual([run.plan.id, "running"]);
  });
});

test("a plan for which everything answered is never made again by itself", async () => {
  const run = await planned("up");

  expect(run.plan.unanswered).toBeUndefined();
  expect((await renewed(run)).map(({ plan }) => plan.id)).toEqual([run.plan.id]);
});
