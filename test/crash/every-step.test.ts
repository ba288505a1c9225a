import { afterEach, describe, expect, test } from "@jest/globals";
import { type FailoverWorld, mutationsOf, runOf, startFailoverWorld, startRun } from "../harness/failover-world.ts";
import { PLAYS } from "../harness/plays.ts";
import { WALKED } from "../harness/tables.ts";
import { diesAtEveryStep, offsetsOf, TOGGLES } from "./every-step.ts";
import { driveThroughKills } from "./workers.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

const ORDINARY = PLAYS.filter(({ service }) => service === "inventory");

describe.each(ORDINARY)(`an executor of $title that dies at every step (J2, G5, X4), ${WALKED}`, (play) => {
  test.each(offsetsOf(play))(
    "begun at boundary %i of six, another one at each step: the run is verified, and nothing was done twice",
    async (offset) => {
      at = await startFailoverWorld({ ...play, speed: SPEED });
      await diesAtEveryStep(at, { play, offset, speed: SPEED });
    },
  );
});

const ASKED = ORDINARY.flatMap((play) => {
  const boundary = TOGGLES[play.runbook];
  return boundary === undefined ? [] : [{ ...play, boundary }];
});

test.each(ASKED)(
  "$title, $boundary: nobody can say whether its call was made, so people are asked and it is not made again",
  async ({ boundary, ...play }) => {
    at = await startFailoverWorld({ ...play, speed: SPEED });
    const run = await startRun(at, play);
    const [toggle] = run.plan.steps;

    const killedAt = await driveThroughKills(at, [`${boundary} ${toggle?.id}`], SPEED);

    expect(killedAt).toEqual([`${boundary} ${toggle?.id}`]);
    const ended = await runOf(at);
    expect(ended.state).toBe("stopped");
    expect(ended.why).toContain("Nobody can say");
    expect(mutationsOf(at)).toEqual([]);
  },
);
