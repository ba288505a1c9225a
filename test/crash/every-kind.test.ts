import { afterEach, describe, test } from "@jest/globals";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { PLAYS } from "../harness/plays.ts";
import { inThirds, WALKED } from "../harness/tables.ts";
import { deathsOf, diesAtEveryStep } from "./every-step.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

/** Machine time: a plan of seventeen steps takes as many workers. */
const LONGEST_MS = 180_000;
const OTHERS = PLAYS.filter(({ service }) => service !== "inventory");
describe.each(inThirds("crash plays", OTHERS))(
  `an executor of $title that dies at every step (J2, G5, X4), ${WALKED}`,
  (play) => {
    test.each(deathsOf(play))(
      "$mode, begun at boundary $offset of six, at every third step from $third: the run is verified, and nothing was done twice",
      async (death) => {
        at = await startFailoverWorld({ ...play, speed: SPEED });
        await diesAtEveryStep(at, { play, ...death, speed: SPEED });
      },
      LONGEST_MS,
    );
  },
);
