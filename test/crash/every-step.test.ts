import { afterEach, describe, expect, test } from "@jest/globals";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";
import {
  type FailoverWorld,
  mutationsOf,
  runOf,
  startFailoverWorld,
  startRun,
  verdictOf,
} from "../harness/failover-world.ts";
import { driveThroughKills } from "./workers.ts";

const SPEED = 150;
/** Where a power cut hurts: around the intent, around the call, around the two records of its outcome. */
const BOUNDARIES = ["before-intent", "before-call", "after-call", "after-asked", "before-done", "after-done"];

/** A call that leads back when it is made twice: who cannot see whether it was made asks people. */
const TOGGLES: Readonly<Record<string, string>> = { "reboot-failover": "before-call" };

let at: FailoverWorld;
afterEach(() => at.stop());

function nothingTwice(): void {
  const mutations = mutationsOf(at);
  expect(mutations.filter((call, index) => mutations.indexOf(call) !== index)).toEqual([]);
}

const NAMES = RUNBOOKS.map(({ name }) => name);

describe.each(NAMES)("an executor of %s that dies at every step (J2, G5, X4)", (runbook) => {
  test.each(BOUNDARIES.filter((boundary) => TOGGLES[runbook] !== boundary))(
    "%s: the run is verified, and nothing was done twice",
    async (boundary) => {
      at = await startFailoverWorld({ example: "inventory", speed: SPEED });
      const run = await startRun(at, { runbook });
      const points = run.plan.steps.map(({ id }) => `${boundary} ${id}`);

      const killedAt = await driveThroughKills(at, points, SPEED);

      process.stdout.write(`kills ${runbook} ${boundary}: ${killedAt.length} of ${points.length} tried\n`);
      expect(new Set(killedAt)).toEqual(new Set(points));
      const ended = await runOf(at);
      expect([ended.state, ended.why]).toEqual(["verified", ""]);
      nothingTwice();
      const verdict = await verdictOf(at);
      expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
      expect(verdict.primary).toContain(
        run.plan.steps.some(({ role }) => role === "protects") ? run.plan.to : run.plan.from,
      );
    },
  );

  const ASKED = BOUNDARIES.filter((boundary) => TOGGLES[runbook] === boundary);
  if (ASKED.length > 0)
    test.each(ASKED)(
      "%s: nobody can say whether its call was made, so people are asked and it is not made again",
      async (boundary) => {
        at = await startFailoverWorld({ example: "inventory", speed: SPEED });
        const run = await startRun(at, { runbook });
        const [toggle] = run.plan.steps;

        const killedAt = await driveThroughKills(at, [`${boundary} ${toggle?.id}`], SPEED);

        expect(killedAt).toEqual([`${boundary} ${toggle?.id}`]);
        const ended = await runOf(at);
        expect(ended.state).toBe("stopped");
        expect(ended.why).toContain("Nobody can say");
        expect(mutationsOf(at)).toEqual([]);
      },
    );
});
