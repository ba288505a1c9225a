import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { RateWindow } from "../../../../src/integrations/pagers/pagerduty/rate-window.ts";

test("no rolling minute ever holds more than the budget, nor more than 80 % of ordinary calls alone", () => {
  const steps = fc.array(fc.record({ gapMs: fc.nat({ max: 5_000 }), isUrgent: fc.boolean() }), { maxLength: 200 });
  const property = fc.property(steps, fc.integer({ min: 5, max: 40 }), (calls, perMinute) => {
    let nowMs = 0;
    const window = new RateWindow(perMinute, () => nowMs);
    const taken: number[] = [];
    for (const { gapMs, isUrgent } of calls) {
      nowMs += gapMs;
      const recent = taken.filter((atMs) => atMs > nowMs - 60_000).length;
      const isFree = recent < (isUrgent ? perMinute : Math.floor(perMinute * 0.8));
      const waitMs = window.take(isUrgent);
      expect(waitMs === 0).toBe(isFree);
      if (waitMs === 0) taken.push(nowMs);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test("the wait it names is enough, and not a millisecond too long", () => {
  let nowMs = 0;
  const window = new RateWindow(10, () => nowMs);
  for (let call = 0; call < 8; call += 1) {
    expect(window.take(false)).toBe(0);
    nowMs += 1_000;
  }
  const waitMs = window.take(false);
  nowMs += waitMs - 1;
  expect(window.take(false)).toBe(1);
  nowMs += 1;
  expect(window.take(false)).toBe(0);
});
