import { expect, test } from "@jest/globals";
import { playShare, type WorldResult } from "./share.ts";

/** A drawing of its own each day, as the tables of faults have one. */
const DAY_MS = 86_400_000;
const SEED = Number(process.env["TEST_SEED"] ?? Math.floor(Date.now() / DAY_MS));
/** The whole: `npm run worlds`. */
const WORLDS = 20;
const AT_ONCE = 5;
const DEADLINE_MS = 300_000;

test(
  `in ${WORLDS} random worlds nothing happens that a guarantee forbids (npm run worlds -- --runs ${WORLDS} --seed ${SEED})`,
  async () => {
    const results: WorldResult[] = [];
    const indices = Array.from({ length: WORLDS }, (_, index) => index);

    await playShare({ seed: SEED, indices, atOnce: AT_ONCE, told: (result) => results.push(result) });

    expect(results).toHaveLength(WORLDS);
    expect(results.filter(({ violations }) => violations.length > 0)).toEqual([]);
  },
  DEADLINE_MS,
);
