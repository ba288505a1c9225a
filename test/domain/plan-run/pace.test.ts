import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LEAST_A_CALL_MS, nextLookMs } from "../../../src/domain/plan-run/pace.ts";

const learned = (fromMs: number, toMs: number) => ({ runs: 20, span: "p50-to-p90", fromMs, toMs }) as const;

/** Looks until a step that ends then is seen there: how many, and how late the last one comes. */
function looksAt(endsAtMs: number, step: Parameters<typeof nextLookMs>[0], chance = 0.5) {
  for (let ageMs = 0, looks = 1; ; looks += 1) {
    if (ageMs >= endsAtMs) return { looks, lateMs: ageMs - endsAtMs };
    ageMs += nextLookMs(step, { ageMs, callsALook: 1, chance });
  }
}

describe("the pace of looks at what a step has asked for", () => {
  const anyMs = fc.integer({ min: 0, max: 7_200_000 });
  const anyLook = fc.record({
    ageMs: anyMs,
    callsALook: fc.integer({ min: 1, max: 4 }),
    chance: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const anyStep = fc.record({
    expectedMs: anyMs,
    learned: fc.option(
      fc.tuple(anyMs, anyMs).map(([one, other]) => learned(Math.min(one, other), Math.max(one, other))),
      {
        nil: undefined,
      },
    ),
  });

  test("no step asks one API more than twice a second of world time, nor more rarely than every six seconds", () => {
    fc.assert(
      fc.property(anyStep, anyLook, (known, looks) => {
        const { learned: times, ...step } = known;
        const nextMs = nextLookMs({ ...step, ...(times && { learned: times }) }, looks);
        expect(looks.callsALook / nextMs).toBeLessThanOrEqual(2 / 1_000);
        expect(nextMs).toBeLessThanOrEqual(6_000);
      }),
    );
  });

  test.each([
    { what: "a change of records that takes as long as documented", step: { expectedMs: 35_000 }, endsAtMs: 37_300 },
    { what: "a promotion that takes as long as documented", step: { expectedMs: 300_000 }, endsAtMs: 311_700 },
    {
      what: "a promotion that takes as long as the last ones",
      step: { expectedMs: 300_000, learned: learned(190_000, 220_000) },
      endsAtMs: 201_300,
    },
  ])("$what is seen within a quarter of a percent of its time, or within the shortest wait", ({ step, endsAtMs }) => {
    const { lateMs } = looksAt(endsAtMs, step);
    expect(lateMs).toBeLessThanOrEqual(Math.max(1.2 * LEAST_A_CALL_MS, endsAtMs / 400));
  });

  test("what has learned its end sees it within the shortest wait, and does not ask twice as often for it", () => {
    const step = { expectedMs: 300_000 };
    const unlearned = looksAt(205_000, step);
    const known = looksAt(205_000, { ...step, learned: learned(195_000, 215_000) });
    expect(known.looks).toBeLessThan(2 * unlearned.looks);
    expect(known.lateMs).toBeLessThanOrEqual(1.2 * LEAST_A_CALL_MS);
  });

  test("what takes longer than anybody has seen is looked at ever more rarely", () => {
    const step = { expectedMs: 35_000, learned: learned(20_000, 40_000) };
    const [soon, late, later] = [30_000, 250_000, 3_600_000].map((ageMs) =>
      nextLookMs(step, { ageMs, callsALook: 1, chance: 0 }),
    );
    expect([soon, late, later]).toEqual([LEAST_A_CALL_MS, 2_500, 5_000]);
  });
});
