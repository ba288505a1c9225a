import { afterEach, describe, expect, test } from "@jest/globals";
import { stepsToUndo } from "../../src/domain/plan-run/run.ts";
import { effectsOf } from "../harness/calls.ts";
import { runOf, verdictOf } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { inEachMode } from "../harness/plays.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";
import { standingOf } from "../harness/standing.ts";
import { drawn, THIRDS, thirdOf, WALKED } from "../harness/tables.ts";
import { denialsOf, everyCommit, refusedRun, twoUnwind } from "../harness/way-back.ts";
import { driveThroughKills, stateOfRun } from "./workers.ts";

const SPEED = 150;
const BOUNDARIES = ["before-undo-intent", "before-undo", "after-undo", "before-undone", "after-undone"];

let at: FailoverWorld;
afterEach(() => at.stop());

/** Runbooks that have something to give back. */
const ROWS = PROPOSED.filter(({ run }) => run.plan.steps.some(({ role }) => role === "protects"));

describe(`an executor that dies while it unwinds (G7, X4), ${WALKED}`, () => {
  test.each(
    drawn(
      "unwinding",
      THIRDS.flatMap((third) => inEachMode(ROWS).map((row) => ({ ...row, third }))),
    ),
  )(
    "$title, $mode, at every third boundary from $third: everything is given back, and nothing was promoted",
    async ({ mode, third, ...play }) => {
      at = await startFailoverWorld({ ...play, speed: SPEED });
      const before = await standingOf(at);
      await refusedRun(at, { play, mode });
      await twoUnwind(at);
      const everyPoint = stepsToUndo(await runOf(at)).flatMap(({ id }) =>
        BOUNDARIES.map((boundary) => `${boundary} ${id}`),
      );
      const points = thirdOf(third, everyPoint);

      const killedAt = await driveThroughKills(at, points, SPEED);

      process.stdout.write(`kills while ${play.title} ${mode} unwinds: ${killedAt.length} of ${points.length} tried\n`);
      expect(points).not.toEqual([]);
      expect(new Set(killedAt)).toEqual(new Set(points));
      expect(await stateOfRun(at)).toMatch(/^unwound/);
      expect(await standingOf(at)).toEqual(before);
      const commits = new Set(
        everyCommit(play.run).flatMap((id) => denialsOf(play.run, id).map(({ operation }) => operation)),
      );
      expect(effectsOf(at).filter(({ operation }) => commits.has(operation))).toEqual([]);
      expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
      expect((await verdictOf(at)).splitBrain).toEqual([]);
    },
  );
});
