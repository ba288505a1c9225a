import { expect, test } from "@jest/globals";
import { SEED } from "../harness/tables.ts";
import { playShare, type WorldResult } from "./share.ts";

/** `npm run worlds` plays 200 of the same drawing, on all cores, before a change goes in. All at once: most of a world is waiting. */
const WORLDS = 4;
const AT_ONCE = WORLDS;
const DEADLINE_MS = 300_000;

test(
  `in ${WORLDS} random worlds nothing happens that a guarantee forbids (npm run worlds -- --runs ${WORLDS} --seed ${SEED})`,
  async () => {
    const results: WorldResult[] = [];
    const indices = Array.from({ length: WORLDS }, (_, index) => index);

    await playShare({ seed: SEED, indices, atOnce: AT_ONCE, isTraced: true, told: (result) => results.push(result) });

    expect(results).toHaveLength(WORLDS);
    expect(results.filter(({ violations }) => violations.length > 0)).toEqual([]);
  },
  DEADLINE_MS,
);
