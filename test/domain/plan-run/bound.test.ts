import { describe, expect, test } from "@jest/globals";
import { atLeast, atMost, isWorse, notBefore, upTo } from "../../../src/domain/plan-run/bound.ts";

describe("a bound that people agreed to", () => {
  test("is passed by less than at least, by more than at most, and by an earlier time", () => {
    expect([
      isWorse(atLeast(1), atLeast(4)),
      isWorse(atMost(5), atMost(4)),
      isWorse(notBefore(1), notBefore(2)),
    ]).toEqual([...[true, true, true]]);
  });

  test("is kept by what is the same, and by what is better", () => {
    expect([isWorse(atLeast(4), atLeast(4)), isWorse(atLeast(5), atLeast(4))]).toEqual([false, false]);
    expect([isWorse(atMost(4), atMost(4)), isWorse(atMost(3), atMost(4))]).toEqual([false, false]);
    expect([isWorse(notBefore(2), notBefore(2)), isWorse(notBefore(3), notBefore(2))]).toEqual([false, false]);
  });

  test("that leaves room is passed only by a measure beyond its limit", () => {
    const signed = upTo(4_200, 2_100);
    expect([2_101, 4_200, 4_201].map((ms) => isWorse(upTo(2 * ms, ms), signed))).toEqual([false, false, true]);
  });

  test("is passed by what has no measure, or another one; what was signed without one is passed by nothing", () => {
    expect([isWorse(undefined, atLeast(1)), isWorse(atMost(1), atLeast(1))]).toEqual([true, true]);
    expect([isWorse(undefined, undefined), isWorse(atLeast(0), undefined)]).toEqual([false, false]);
  });
});
