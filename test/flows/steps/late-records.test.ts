import { describe, expect, test } from "@jest/globals";
import { playDns } from "../../harness/dns-schedule.ts";
import { drawn, WALKED } from "../../harness/tables.ts";

/** 10,000 schedules for each way of writing; each run of the tests draws a part of them. */
const PARTS = 40;
const A_PART = 250;
const parts = Array.from({ length: PARTS }, (_, part) => part);

describe(`executors that never ask whether a run is still theirs (${WALKED})`, () => {
  test.each(["sentinel", "exact"] as const)(
    "write by “%s”: a late executor's DNS batch is refused, in any order of arrival",
    async (way) => {
      const total = { schedules: 0, late: 0, unasked: 0, early: 0, stopped: 0, refused: 0, overwritten: 0 };
      for (const part of drawn(`late-records ${way}`, parts)) {
        for (let seed = part * A_PART; seed < (part + 1) * A_PART; seed += 1) {
          const played = await playDns(seed, way);
          expect({ seed, late: played.late }).toEqual({ seed, late: [] });
          total.schedules += 1;
          for (const what of ["unasked", "early", "stopped", "refused", "overwritten"] as const)
            total[what] += played[what];
        }
      }

      process.stdout.write(`${way}: ${JSON.stringify(total)}\n`);
      // Both kinds of a late arrival are in it: those that come before the newer one's first batch, and those that come after it.
      expect(Math.min(total.early, total.stopped)).toBeGreaterThan(20);
      if (way === "exact") expect(total.overwritten).toBe(0);
    },
  );
});
