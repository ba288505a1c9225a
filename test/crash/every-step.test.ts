import { afterEach, describe, expect, test } from "@jest/globals";
import { mutationsOf, runOf, startRun } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { isToggle, PLAYS } from "../harness/plays.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";
import { drawn, WALKED } from "../harness/tables.ts";
import { deathsOf, diesAtEveryStep, IN_DOUBT } from "./every-step.ts";
import { driveThroughKills } from "./workers.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

const ORDINARY = PLAYS.filter(({ service }) => service === "inventory");
/** The failover each day, and one of the others. */
const FAILOVER = ORDINARY.filter(({ runbook }) => runbook === "failover");
const OTHERS = ORDINARY.filter((play) => !FAILOVER.includes(play));
const ROWS = [
  ...FAILOVER.map((play) => ({ ...play, everyDays: 1 })),
  ...drawn("ordinary plays", OTHERS).map((play) => ({ ...play, everyDays: OTHERS.length })),
];

describe.each(ROWS)(
  `an executor of $title that dies at every step (J2, G5, X4), ${WALKED}`,
  ({ everyDays, ...play }) => {
    test.each(deathsOf(play, everyDays))(
      "$mode, begun at boundary $offset of six, another one at each step, at every third step from $third: the run is verified, and nothing was done twice",
      async (death) => {
        at = await startFailoverWorld({ ...play, speed: SPEED });
        await diesAtEveryStep(at, { play, ...death, speed: SPEED });
      },
    );
  },
);

const ASKED = PROPOSED.filter(({ service, run }) => service === "inventory" && run.plan.steps.some(isToggle));

test.each(ASKED)(
  `$title, ${IN_DOUBT}: nobody can say whether its call was made, so people are asked and it is not made again`,
  async (play) => {
    at = await startFailoverWorld({ ...play, speed: SPEED });
    const run = await startRun(at, play);
    const point = `${IN_DOUBT} ${run.plan.steps.find(isToggle)?.id}`;

    const killedAt = await driveThroughKills(at, [point], SPEED);

    expect(killedAt).toEqual([point]);
    const ended = await runOf(at);
    expect(ended.state).toBe("stopped");
    expect(ended.why).toContain("Nobody can say");
    expect(mutationsOf(at)).toEqual([]);
  },
);
