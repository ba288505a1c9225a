import { afterEach, describe, expect, test } from "@jest/globals";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { modesOf, PLAYS } from "../harness/plays.ts";
import { inThirds, THIRDS, WALKED } from "../harness/tables.ts";
import { BOUNDARIES, deathsOf, diesAtEveryStep } from "./every-step.ts";

const SPEED = 150;

/** Machine time: a plan of seventeen steps takes as many workers. */
const LONGEST_MS = 180_000;
const OTHERS = PLAYS.filter(({ service }) => service !== "inventory");
describe.each(inThirds("crash plays", OTHERS))(
  `an executor of $title that dies at every step (J2, G5, X4), ${WALKED}`,
  (play) => {
    let at: FailoverWorld;
    afterEach(() => at.stop());

    test.each(deathsOf(play, THIRDS.length))(
      "$mode, begun at boundary $offset of six, at every third step from $third: the run is verified, and nothing was done twice",
      async (death) => {
        at = await startFailoverWorld({ ...play, speed: SPEED });
        await diesAtEveryStep(at, { play, ...death, speed: SPEED });
      },
      LONGEST_MS,
    );
  },
);

const [PLAY] = PLAYS;

test.each([1, THIRDS.length])(
  "a row that has its turn every %d days dies at every boundary in every mode, one way after another",
  (everyDays) => {
    if (!PLAY) throw new Error("there is a play");
    const ways = THIRDS.length * modesOf(PLAY).length * BOUNDARIES.length;
    const turns = Array.from({ length: ways }, (_, turn) => deathsOf(PLAY, everyDays, 20_000 + turn * everyDays));

    expect(new Set(turns.flat().map((death) => JSON.stringify(death))).size).toBe(ways);
  },
);
