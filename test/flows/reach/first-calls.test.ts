import { describe, expect, test } from "@jest/globals";
import { NOBODY_CALLED } from "../../../src/flows/reach/calls.ts";
import { isToTell, RING, reasonNow } from "../../../src/flows/reach/first-calls.ts";

const MINUTE = 60_000;
const FLAPS = "opened-before";
const OTHER = "cut-off:1";

/** The old side was opened three times, and each of them has called. */
const before = {
  ...NOBODY_CALLED,
  firstCalls: [1, 2, 3].map((minute) => ({ way: RING, part: `${FLAPS}:${minute}`, atMs: minute * MINUTE })),
};
const AGAIN = `${FLAPS}:4`;

describe("what has called three times within a quarter of an hour", () => {
  test("is held back until the first of them is a quarter of an hour old", () => {
    expect(reasonNow(before, AGAIN, 16 * MINUTE - 1)).toBeUndefined();
    expect(reasonNow(before, AGAIN, 16 * MINUTE)).toBe(AGAIN);
  });

  test("holds nothing else back", () => {
    expect(reasonNow(before, OTHER, 4 * MINUTE)).toBe(OTHER);
    const by = { way: RING, before, nowMs: 4 * MINUTE };
    expect([AGAIN, OTHER].map((part) => isToTell([part], false, by))).toEqual([false, true]);
  });
});
